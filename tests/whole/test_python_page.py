"""docs/python-and-pytest.md: its Python is run, its console sessions are played, its files are written and read."""

from __future__ import annotations

import doctest
import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from conftest import MakePort

PAGE = Path(__file__).parents[2] / "docs" / "python-and-pytest.md"
BLOCKS = re.findall(r"^```(\w+)( torch)?\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(kind: str) -> list[str]:
    return [text for found, _, text in BLOCKS if found == kind]


def plugged(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """pytest with the plugin and no other."""
    quiet = ("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning")
    return pytester.runpytest_inprocess("-p", "gradparity.pytest_plugin", *quiet, *arguments)


@pytest.fixture
def my_port(make_port: MakePort, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's port: it forgets to divide by the batch size."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    port = make_port("wrong.py", "batch-size", name="my_port")
    return port.folder.rename(pytester.path / "my_port")


def test_the_python_of_the_page_does_what_it_says() -> None:
    shared: dict[str, Any] = {}
    checked = 0
    for kind, needs, text in BLOCKS:
        if kind != "python" or (needs and importlib.util.find_spec(needs.strip()) is None):
            continue
        if not text.startswith(">>>"):
            exec(text, shared)
            continue
        test = doctest.DocTestParser().get_doctest(text, shared, "page", str(PAGE), 0)
        said: list[str] = []
        result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append, clear_globs=False)
        assert not result.failed, "".join(said)
        shared |= test.globs
        checked += result.attempted
    assert checked >= 10


def test_the_console_shows_what_pytest_prints(my_port: Path, pytester: pytest.Pytester) -> None:
    [session] = blocks("console")
    command, *lines = session.splitlines()
    came = plugged(pytester, *command.removeprefix("$ pytest ").split()).outlines
    for said, line in zip(lines, came, strict=False):
        said, line = (re.sub(r"^([=_])\1+ | ([=_])\2+$", "", text) for text in (said, line))
        assert re.fullmatch(re.escape(said).replace(re.escape("..."), ".*"), line), f"{said!r} but {line!r}"
    assert len(lines) < len(came)


def test_the_settings_and_the_expected_failures_are_read(my_port: Path, pytester: pytest.Pytester) -> None:
    [settings], [expected] = blocks("toml"), blocks("text")
    (pytester.path / "pyproject.toml").write_text(settings)
    (my_port / "expected-failures.txt").write_text(expected)
    assert tomllib.loads(settings)["tool"]["pytest"]["ini_options"]["gradparity_seeds"] == "0-2"
    result = plugged(pytester, "-q", "-rxX", "-k", "x30 or saturated or zero-rows or expected")
    result.assert_outcomes(xfailed=6, failed=3, passed=1)
    assert "XFAIL gradparity::my_port::random-9-6-4-relu-n7-float64-x30[2] - exp overflows" in result.outlines
