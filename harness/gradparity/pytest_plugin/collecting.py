"""The tests of all ports that are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..errors import UsageError
from . import CHECKS, ROOT, Selection
from .checks import Checks
from .expected import Expected, read_expected
from .nodes import RunnerTests
from .settings import Settings, read_settings


class AllPorts(pytest.Collector):
    """The runners, in the order in which they are asked for."""

    settings: Settings
    expected: dict[Path, list[Expected]]  # by the port's folder

    def collect(self) -> Iterator[RunnerTests]:
        """Each runner's tests."""
        with_lines = {runner.port.folder: runner.label for runner in reversed(self.settings.runners)}
        for runner in self.settings.runners:
            path = runner.port.folder / "port.toml"
            tests: RunnerTests = RunnerTests.from_parent(self, name=runner.label, path=path)
            tests.runner, tests.settings = runner, self.settings
            tests.expected = self.expected[runner.port.folder]
            tests.checks_lines = with_lines[runner.port.folder] == runner.label
            yield tests

    def items(self, ids: list[str]) -> list[pytest.Item]:
        """All tests, or those with these ids and under them. Raises pytest.UsageError where there is none."""
        return _only(ids, [item for item in self.session.genitems(self) if isinstance(item, pytest.Item)])


def all_ports(session: pytest.Session, asked: Selection) -> AllPorts:
    """The ports that were asked for. Raises pytest.UsageError for an option, a setting or a file that is wrong."""
    config = session.config
    try:
        settings = read_settings(config, asked)
        expected = {runner.port.folder: read_expected(runner.port.folder) for runner in settings.runners}
    except UsageError as error:
        raise pytest.UsageError(" ".join(str(error).split())) from None
    config.stash[CHECKS] = Checks(settings)
    root: AllPorts = AllPorts.from_parent(session, name=ROOT, nodeid=ROOT, path=config.rootpath)
    root.settings, root.expected = settings, expected
    return root


def _only(ids: list[str], items: list[pytest.Item]) -> list[pytest.Item]:
    """The items with these ids, or under them; all where there are none."""
    if not ids:
        return items
    wanted = [one[one.index(f"{ROOT}::") :] for one in ids]
    kept = []
    for one in wanted:
        matching = [item for item in items if item.nodeid == one or item.nodeid.startswith((f"{one}::", f"{one}["))]
        if not matching:
            raise pytest.UsageError(f"{one}: no such test of the ports that are asked for with --gradparity-port")
        kept += [item for item in matching if item not in kept]
    return kept
