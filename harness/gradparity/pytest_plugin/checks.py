"""The runners of a pytest run: each is started when its first test is, and stays until the end."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from ..check.messages import message
from ..check.options import Options
from ..check.question import Spec
from ..check.records import CheckResult
from ..check.run import RunnerCheck
from ..ports.building import Lines, build_ports
from ..ports.info import RunnerInfo, State, missing
from ..ports.manifest import Runner
from .nodes import CaseTest
from .settings import Settings


def build(session: pytest.Session) -> None:
    """Build the ports whose tests are going to run, and say so among pytest's own lines.

    A worker of pytest-xdist has no such lines, and does not know which tests it gets: there each port is built when the
    first of its tests runs.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter:
        build_ports((item.runner for item in session.items if isinstance(item, CaseTest)), Lines(reporter.write_line))


class Checks:
    """A check of each runner."""

    def __init__(self, settings: Settings) -> None:
        self.required = settings.required
        options = Options(reference=settings.reference)
        self.checks = {runner.label: RunnerCheck(runner, options) for runner in settings.runners}

    def absent(self, runner: Runner) -> tuple[str, bool]:
        """Why this runner cannot be asked, empty where it can; and whether that is a failure.

        It is none where another runner of the port is there in its place.
        """
        info = self._info(runner.label)
        if info.state is State.READY:
            return "", False
        port = runner.port.manifest.name
        infos = [self._info(label) for label, one in self.checks.items() if one.runner.port.manifest.name == port]
        failed = info in missing(infos, self.required)
        return message(CheckResult(runners=[info], required=[info.runner])), failed

    def result(self, runner: Runner, option: str, spec: Spec, seed: int) -> CheckResult:
        """The check of one case. Raises DataMissing, and UsageError where the reference cannot do it."""
        check = self.checks[runner.label]
        with threadpool_limits(check.options.threads), np.errstate(all="ignore"):
            found = check.case(spec, seed, check.options.command(runner, option, seed), option)
        return CheckResult(runners=[self._info(runner.label)], cases=[found])

    def _info(self, label: str) -> RunnerInfo:
        check = self.checks[label]
        return check.info or check.start()

    def close(self) -> None:
        """End the processes."""
        for check in self.checks.values():
            check.close()
