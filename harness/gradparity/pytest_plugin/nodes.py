"""The tests of a port, as pytest knows tests: `gradparity::rust::random-9-6-4-relu-n7-float64`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..arithmetic.verdicts import Verdict
from ..check.messages import message
from ..check.question import Spec
from ..check.records import CheckResult
from ..errors import DataMissing, UsageError
from ..ports.manifest import Runner
from . import CHECKS
from .expected import FILE, Expected, stale
from .settings import Settings


@dataclass(frozen=True)
class SeededCase:
    """One case of one seed."""

    option: str  # what --case calls it
    spec: Spec
    seed: int

    @property
    def name(self) -> str:
        """The case's, with its seed in brackets where that is not 0."""
        return f"{self.spec.name}[{self.seed}]" if self.seed else self.spec.name


class PortTest(pytest.Item):
    """What the tests of a port have in common."""

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The port's folder, and the test's id."""
        space = " " if "." in self.name else ""  # without it, pytest takes it for a class and prints x0::001
        return self.path, None, self.nodeid + space


class RunnerTests(pytest.Collector):
    """A runner's tests: one for each case and seed, and one of the expected failures where it has such a file."""

    runner: Runner
    settings: Settings
    expected: list[Expected]
    checks_lines: bool  # one of a port's runners tests the lines of the file that they share

    def collect(self) -> Iterator[PortTest]:
        """Its tests, none of which has started anything."""
        questions = [SeededCase(*case, seed) for case in self.settings.specs.items() for seed in self.settings.seeds]
        for one in questions:
            # The id as text, of which pytest makes what it makes of it when --lf reads it: the brackets are parameters.
            test: CaseTest = CaseTest.from_parent(self, name=one.name, nodeid=f"{self.nodeid}::{one.name}")
            test.runner, test.question = self.runner, one
            test.expected = next((line for line in self.expected if line.covers(one.name, one.spec.name)), None)
            yield test
        if self.expected and self.checks_lines:
            lines: LinesTest = LinesTest.from_parent(self, name=FILE)
            known = [(one.name, one.spec.name) for one in questions] + [(name, name) for name in self.settings.suite]
            lines.stale = stale(self.expected, known)
            yield lines


class CaseTest(PortTest):
    """The equality test of one case."""

    runner: Runner
    question: SeededCase
    expected: Expected | None

    def runtest(self) -> None:
        """Ask the port. A failure is a message without a traceback, as all of that would be ours."""
        checks = self.config.stash[CHECKS]
        reason, failed = checks.absent(self.runner)
        if failed:
            pytest.fail(reason, pytrace=False)
        if reason:
            pytest.skip(reason)
        try:
            result = checks.result(self.runner, self.question.option, self.question.spec, self.question.seed)
        except (DataMissing, UsageError) as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        self._judge(result)

    def _judge(self, result: CheckResult) -> None:
        [case] = result.cases
        if case.verdict is Verdict.NOT_IMPLEMENTED:
            pytest.skip(f"{self.runner.label}: {case.refused or case.cells[0].detail}")
        if not case.verdict.passes or any(result.fails(cell.verdict) for cell in case.cells):
            if self.expected:
                pytest.xfail(self.expected.reason)
            pytest.fail(message(result), pytrace=False)  # with --runxfail, an expected failure too
        if self.expected:
            what = f"{self.runner.label} passes, though it is expected to fail"
            pytest.fail(f"{what}: remove or narrow this line\n{self.expected.line}\n{case.command}", pytrace=False)


class LinesTest(PortTest):
    """Whether each line of the expected failures is about a case that there is."""

    stale: list[Expected]

    def runtest(self) -> None:
        """Name the lines that are not."""
        if self.stale:
            lines = [line.line for line in self.stale]
            pytest.fail("\n".join(["no case matches: remove or mend", *lines]), pytrace=False)
