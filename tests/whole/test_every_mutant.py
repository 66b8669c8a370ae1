"""No mutant of the Python port survives, and each is named. `gradparity mutants` checks those of other ports, too."""

from __future__ import annotations

from small_mutants import check, run


def test_every_mutant_of_the_python_port_is_killed_and_named() -> None:
    check(run("python"))
