"""The failures that a port's owner expects: `expected-failures.txt` in the port's folder.

# pattern of cases: why
*-float32: the products are still in double precision
random-9-6-4-relu-n7-float64-saturated: the loss overflows, issue 12
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ..errors import UsageError

FILE = "expected-failures.txt"


@dataclass(frozen=True)
class Expected:
    """One line: the name of a test, or a pattern of cases, and why they fail. ``place`` is the file and the line."""

    pattern: str
    reason: str
    place: str

    def covers(self, test: str, case: str) -> bool:
        """Whether this test of this case is expected to fail: a test's name has its seed in brackets."""
        return self.pattern == test or fnmatchcase(case, self.pattern)

    @property
    def line(self) -> str:
        """As it stands in the file."""
        return f"{self.place}: {self.pattern}: {self.reason}"


def read_expected(folder: Path) -> list[Expected]:
    """The lines of the port's file, none where there is no file. Raises UsageError that names the line."""
    path = folder / FILE
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    found: dict[str, Expected] = {}
    for number, line in enumerate(lines, start=1):
        place, text = f"{path}:{number}", line.strip()
        if not text or text.startswith("#"):
            continue
        pattern, _, reason = (part.strip() for part in text.partition(":"))
        if not pattern or not reason or " " in pattern:
            raise UsageError(f"{place}: expected `pattern: why it fails`, came {text!r:.80}")
        if pattern in found:
            raise UsageError(f"{place}: {pattern} is there already, at {found[pattern].place}")
        found[pattern] = Expected(pattern, reason, place)
    return list(found.values())


def stale(expected: Iterable[Expected], tests: Iterable[tuple[str, str]]) -> list[Expected]:
    """The lines that cover none of these tests, each given by its name and its case."""
    tests = list(tests)
    return [one for one in expected if not any(one.covers(test, case) for test, case in tests)]
