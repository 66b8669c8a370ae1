"""The tiers: a test's folder says what it needs, and a test that starts anything else fails.

tests/languages needs the other languages' runtimes and compilers, tests/browser a browser; tests/whole has whole
commands, and whatever else needs Python alone and more time. Each of these folders is a marker of its own. Everything
else is quick: it starts no port except Python's, and fakes.
"""

from __future__ import annotations

import os
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from gradparity.ports.manifest import own_ports
from gradparity.ports.new import find_template, templates

TESTS = Path(__file__).parent
SLOW = ("browser", "languages", "whole")
FREE = ("languages", "browser")  # these may start what they like
current: pytest.Item | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its folder. The slow tiers come first, so that no worker is left with one at the end."""
    order = [*SLOW, ""]
    for item in items:
        if tier := tier_of(item.path):
            item.add_marker(tier)
    items.sort(key=lambda item: order.index(tier_of(item.path)))


@cache
def tier_of(path: Path) -> str:
    """The tier of a test file; empty for a quick one."""
    return next((tier for tier in SLOW if TESTS / tier in path.parents), "")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """From here on this test is the one that starts something."""
    global current
    current = item


def demand_free(what: str) -> None:
    """Fail the test that starts this, unless its tier may."""
    if current and not any(current.get_closest_marker(tier) for tier in FREE):
        pytest.fail(f"{current.nodeid} starts {what}: what needs more than Python belongs in tests/languages")


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen":
        _, command, folder, _ = arguments
        if what := foreign(command, folder):
            demand_free(what)


sys.addaudithook(_audit)


def foreign(command: Any, folder: Any) -> str:
    """Which other language's program, or which port of another language, the command starts; empty for none."""
    words = [os.fsdecode(word) for word in ([command] if isinstance(command, str | bytes) else command)]
    if os.path.basename(words[0]) == "sh":
        words = " ".join(words).split()
    ports, programs = _foreign()
    found = [word for word in words[:1] if os.path.basename(word) in programs]
    found += [word for word in words[1:] if word in programs and os.path.basename(words[0]) == "sh"]
    return next(iter(found), ports.get(Path(os.fsdecode(folder)).resolve(), "") if folder else "")


@cache
def _foreign() -> tuple[dict[Path, str], frozenset[str]]:
    """The folders of our ports in other languages, and the programs that any port requires."""
    ports = {port.folder: port.manifest.name for port in own_ports() if port.manifest.language != "Python"}
    made = [tomllib.loads(find_template(name).files("it")["port.toml"]) for name in templates()]
    required = [program for one in made for runner in one["runner"] for program in runner.get("requires", [])]
    required += [program for port in own_ports() for runner in port.manifest.runner for program in runner.requires]
    return ports, frozenset(required)
