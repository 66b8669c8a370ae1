"""The result of a comparison, which is a check's: to print, to ask whether all agrees, and to assert it."""

from __future__ import annotations

from ..check.messages import message
from ..check.records import CheckResult
from ..check.show import check_report, sum_line
from ..consoles import to_text


class Comparison(CheckResult):
    """The record of `gradparity check`, of an object. True where all that was compared agrees; printed, its report."""

    def __bool__(self) -> bool:
        return self.exit_code == 0

    def report(self) -> str:
        """What `gradparity check` prints."""
        console = to_text()
        with console.capture() as captured:
            console.print(check_report(self))
        return "\n".join(line.rstrip() for line in captured.get().splitlines())

    def __str__(self) -> str:
        return self.report()

    def __repr__(self) -> str:
        return f"<{sum_line(self).plain}>"

    def assert_agrees(self) -> None:
        """Raise AssertionError with the worst finding: actual, expected, call, diagnosis, and how to see it again."""
        __tracebackhide__ = True
        if not self:
            raise AssertionError(message(self))
