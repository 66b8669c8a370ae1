"""What can go wrong, by whose doing: each kind has its exit code."""

from __future__ import annotations

from pydantic import ValidationError


class UsageError(Exception):
    """The command line, a port.toml, a case file or a folder for data or the cache is not as it should be.

    One line; exit code 2.
    """


class OptionError(UsageError):
    """The value of an option is not as it should be: ``what`` says why. Elsewhere the option has another name."""

    def __init__(self, option: str, value: object, what: str) -> None:
        super().__init__(f"{option} {value}: {what}")
        self.value, self.what = value, what


class DataMissing(Exception):
    """A data set is not here and could not be fetched. Says how to get it."""


def first_problem(error: ValidationError) -> str:
    """A validation error as one line: where, what was expected, what came."""
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"]) or "the table"
    came = "" if problem["type"] in ("missing", "extra_forbidden") else f", came {problem['input']!r:.60}"
    said = str(problem["ctx"]["error"]) if problem["type"] == "value_error" else problem["msg"]
    return f"{where}: {said[0].lower()}{said[1:]}{came}"
