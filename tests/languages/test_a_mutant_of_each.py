"""A mutant is killed and named through each of these runners. `gradparity mutants` has all of them."""

from __future__ import annotations

import pytest
from conftest import RUNNERS, Sessions
from gradparity.meta.mutants import read_gallery
from small_mutants import check, run


@pytest.mark.parametrize("label", ["cpp", "julia:embedded", "r:embedded"])
def test_its_first_mutant_is_killed_and_named(label: str, sessions: Sessions) -> None:
    sessions.get(label)
    gallery = read_gallery(RUNNERS[label].port)
    assert gallery
    check(run(label, gallery.mutant[0].name))
