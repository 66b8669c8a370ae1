"""A mutant of every runner is killed and named: the gallery, the build and the check of a mutated copy work for it."""

from __future__ import annotations

import pytest
from conftest import RUNNERS, Sessions
from gradparity.meta.mutants import read_gallery
from small_mutants import check, run


@pytest.mark.parametrize("label", [label for label in RUNNERS if label != "python"])
def test_a_mutant_of_every_runner_is_killed_and_named(label: str, sessions: Sessions) -> None:
    sessions.get(label)
    gallery = read_gallery(RUNNERS[label].port)
    assert gallery
    check(run(label, gallery.mutant[0].name))
