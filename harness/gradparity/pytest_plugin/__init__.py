"""The pytest plugin: `pytest --gradparity-port=DIR` runs a port's equality tests. docs/python-and-pytest.md.

pytest loads this in every run, so nothing here imports what a run without ports does not need.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .checks import Checks
    from .collecting import AllPorts


@dataclass(frozen=True)
class Selection:
    """The ports of the command line, those of the settings, and the ids of tests."""

    given: list[str]
    set: list[str]
    only: list[str]


SELECTION: pytest.StashKey[Selection] = pytest.StashKey()
PORTS: pytest.StashKey[AllPorts] = pytest.StashKey()
CHECKS: pytest.StashKey[Checks] = pytest.StashKey()
ROOT = "gradparity"
"""What the ids of all tests of ports begin with."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, and the settings of the same names."""
    group = parser.getgroup("gradparity", "equality of ports")
    help_port = "Test this port: its folder, or a name such as rust or julia:native. May be repeated."
    # pytest looks for its settings before it knows this option, and takes a folder after a space for one of tests.
    with_sign = f"{help_port} Write --gradparity-port=PORT."
    group.addoption("--gradparity-port", action="append", default=[], metavar="PORT", help=with_sign)
    help_reference = "The ports are of the functions of this Python file, in place of the network."
    group.addoption("--gradparity-reference", metavar="FILE", help=f"{help_reference} Write it with the =.")
    parser.addini("gradparity_reference", f"{help_reference} Relative to this file.", default="")
    parser.addini("gradparity_ports", f"{help_port} Folders are relative to this file.", "linelist", [])
    help_strict = "A port that changes its arguments, or is accurate by norm alone, fails."
    group.addoption("--gradparity-strict", action="store_true", help=help_strict)
    parser.addini("gradparity_strict", help_strict, "bool", False)
    parser.addini("gradparity_cases", "Names of cases, patterns with *, or .toml files.", "linelist", [])
    parser.addini("gradparity_dtypes", "float64, float32 or both.", "linelist", [])
    parser.addini("gradparity_seeds", "Such as 3, or 1,5,9, or 0-4.", default="0")


def pytest_configure(config: pytest.Config) -> None:
    """Which ports are asked for, and which of their tests by id: pytest itself looks for a file of each argument."""
    only = [argument for argument in config.args if _is_id(argument)]
    config.args = [argument for argument in config.args if argument not in only]
    files = config.args_source is pytest.Config.ArgsSource.ARGS and not only  # whoever names files wants these alone
    config.stash[SELECTION] = Selection(
        given=config.option.gradparity_port,
        set=[] if files else config.getini("gradparity_ports"),
        only=only,
    )
    if config.option.gradparity_reference and not (config.option.gradparity_port or config.getini("gradparity_ports")):
        raise pytest.UsageError("--gradparity-reference: of which port? Name it with --gradparity-port=PORT")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Read the settings and the ports' files: here, where xdist's controller stops at what is wrong, too."""
    asked = session.config.stash[SELECTION]
    if asked.given or asked.set or asked.only:
        from .collecting import all_ports  # the checker, and with it NumPy and all the rest

        session.config.stash[PORTS] = all_ports(session, asked)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the ports' tests, before -k and its like choose among all. No port is started."""
    if PORTS in config.stash:
        items += config.stash[PORTS].items(config.stash[SELECTION].only)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Build the ports whose tests are going to run."""
    if CHECKS in session.config.stash and not session.config.option.collectonly and not session.testsfailed:
        from .checks import build

        build(session)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test of a port is skipped where the port is, and not where our code says so."""
    report = yield
    if isinstance(report.longrepr, tuple) and CHECKS in item.config.stash:
        from .nodes import PortTest

        if isinstance(item, PortTest):
            report.longrepr = (str(item.path), 1, report.longrepr[2])
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the ports' processes."""
    if CHECKS in session.config.stash:
        session.config.stash[CHECKS].close()


def _is_id(argument: str) -> bool:
    """Whether it is an id such as pytest prints for a port's test: in a subfolder, with the way to the root."""
    head, colons, _ = argument.partition("::")
    return bool(colons) and PurePath(head).name == ROOT
