"""The result of a comparison, which is a check's: to print, to ask whether all agrees, and to assert it."""

from __future__ import annotations

from collections import Counter

from ..arithmetic.verdicts import Verdict
from ..check.messages import message
from ..check.records import CheckResult, Quantity, Reason
from ..check.show import check_report, sum_line
from ..consoles import to_text
from ..texts import plain


class Comparison(CheckResult):
    """The record of `gradparity check`, of an object. True where all that was compared agrees; printed, its report."""

    def __bool__(self) -> bool:
        return self.exit_code == 0

    def report(self) -> str:
        """What `gradparity check` prints, but for how far a process has come."""
        console = to_text()
        with console.capture() as captured:
            console.print(check_report(self, growing=False))
            if nothing := self._nothing():
                console.print(nothing)
        return "\n".join(line.rstrip() for line in captured.get().splitlines())

    def _nothing(self) -> str:
        """Why nothing was compared, empty where something was."""
        if any(case.verdict is not Verdict.NOT_IMPLEMENTED for case in self.cases):
            return ""
        compared = (Quantity.GRADIENT, Quantity.RESULTS, Quantity.UPDATE)
        asked = [cell for case in self.cases for cell in case.cells if cell.quantity in compared]
        counts, of_a_kind = Counter(cell.reason for cell in asked), (Reason.REFUSED, Reason.NOT_LISTED)
        # What it answered itself comes first, then what most cases lack.
        shown = max(asked, key=lambda cell: (cell.reason not in of_a_kind, counts[cell.reason]))
        return f"nothing was compared: {plain(shown.detail)}"

    def _message(self) -> str:
        """The worst finding, or why there is none."""
        return self._nothing() or message(self)

    def __str__(self) -> str:
        return self.report()

    def __repr__(self) -> str:
        first = "" if self else f"; {self._message().splitlines()[0]}"
        return f"<{sum_line(self).plain}{first}>"  # one line, as pytest shows it: assert <...>

    def assert_agrees(self) -> None:
        """Raise AssertionError with the worst finding: actual, expected, call, diagnosis, and how to see it again."""
        __tracebackhide__ = True
        if not self:
            raise AssertionError(self._message())
