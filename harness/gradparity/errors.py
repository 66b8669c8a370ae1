"""What can go wrong, by whose doing: each kind has its exit code."""

from __future__ import annotations


class UsageError(Exception):
    """The command line, a port.toml, a case file or a folder for data or the cache is not as it should be.

    One line; exit code 2.
    """


class DataMissing(Exception):
    """A data set is not here and could not be fetched. Says how to get it."""
