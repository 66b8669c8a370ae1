"""Mutants checked on the smaller cases: `gradparity mutants` has the whole suite."""

from __future__ import annotations

from conftest import PATIENCE, RUNNERS
from gradparity.check.options import Options
from gradparity.meta.mutants import MutantResult, run_mutants
from gradparity.suite import select_cases

SMALLER = (
    *("random-9-6-4-*64*", "random-11-8-5-3-*64", "random-6-5-*64*", "random-5-4-3-*64-*", "random-*-tanh-n*64*"),
    *("random-3x8*64", "random-1x4x5-*64*", "random-6-affine4-*64*", "random-*64-ties"),  # networks of any layers
)


def run(label: str, pattern: str = "*") -> list[MutantResult]:
    """Each mutant's outcome on some small cases."""
    patient = Options(seconds=PATIENCE, hello_seconds=PATIENCE)
    return run_mutants([RUNNERS[label]], pattern, select_cases(SMALLER), patient, lambda outcome: None)


def check(outcomes: list[MutantResult]) -> None:
    """Each is killed, and named as its gallery says."""
    assert outcomes
    wrong = [
        f"{o.port} {o.mutant.name}: expected {o.mutant.bug or 'survival'}, came {o.named}: {o.trouble}{o.where}"
        for o in outcomes
        if not o.right
    ]
    assert not wrong, "\n".join(wrong)
