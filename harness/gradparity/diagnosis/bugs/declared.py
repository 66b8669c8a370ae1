"""A declaration that is not kept. Whoever compares knows it; nothing is tried for it."""

from __future__ import annotations

from ...functions.evidence import Bugs, Candidates, Evidence

NOT_AS_DECLARED = "not as declared"

bug = Bugs()


@bug(NOT_AS_DECLARED)
def _not_as_declared(e: Evidence) -> Candidates:
    """None: the reference without what is declared is compared beside the other."""
    yield from ()
