"""The galleries of mutants: what they hold, and what a check of them says. Python's are checked in tests/whole."""

from __future__ import annotations

from pathlib import Path

import gradparity_reference
import pytest
from conftest import PATIENCE, RUNNERS
from gradparity.check.options import Options
from gradparity.diagnosis.bugs import KNOWN
from gradparity.errors import UsageError
from gradparity.functions.evidence import Subject
from gradparity.meta.mutants import Mutant, MutantResult, read_gallery, run_mutants
from gradparity.ports.manifest import own_ports, read_port
from gradparity.suite import select_cases

REFERENCE = Path(gradparity_reference.__file__).parent
GALLERIES = {port.manifest.name: gallery for port in own_ports() if (gallery := read_gallery(port))}


def test_each_finds_the_text_that_it_changes() -> None:
    for port in own_ports():
        for mutant in GALLERIES[port.manifest.name].mutant:
            home = REFERENCE if mutant.file.startswith(REFERENCE.name) else port.folder
            path = home.parent / mutant.file if home is REFERENCE else home / mutant.file
            assert path.read_text(encoding="utf-8").count(mutant.old) == 1, f"{port.manifest.name}: {mutant.name}"
            assert not mutant.cases or select_cases(mutant.cases)


def test_there_are_enough_of_them() -> None:
    real = {name: [m for m in gallery.mutant if m.bug] for name, gallery in GALLERIES.items()}
    assert len(real["python"]) >= 30
    assert all(len(real[name]) >= 6 for name in ("cpp", "javascript", "julia", "r", "rust"))


def test_every_hypothesis_has_a_mutant() -> None:
    """But those of a user's own functions, what only objects can share, as a process sends copies, and of an accuracy
    what shows in two cases alone: they are no evidence for a name.
    """
    met = {mutant.bug for gallery in GALLERIES.values() for mutant in gallery.mutant}
    of_the_network = {one.name for one in KNOWN if Subject.FUNCTION not in one.kinds}
    assert of_the_network - met == {"result shared", "last of a tie", "NaN left out"}


def test_an_equivalent_mutant_that_is_killed_and_a_real_one_that_survives_are_failures() -> None:
    real = Mutant(name="x", file="f", old="a", new="b", bug="sign")
    odd = Mutant(name="x", file="f", old="a", new="b", bug="unnamed")
    same = Mutant(name="x", file="f", old="a", new="b", equivalent="no change")
    for mutant, killed, named, right in (
        (real, True, ["sign"], True), (real, True, ["zero"], False), (real, False, [], False),
        (real, True, ["sign", "zero"], True), (real, True, ["zero", "sign"], False),
        (odd, True, ["unnamed"], True), (odd, True, ["sign"], False), (real, True, ["unnamed"], False),
        (same, False, [], True), (same, True, ["sign"], False),
    ):  # fmt: skip
        assert MutantResult(port="p", mutant=mutant, killed=killed, named=named).right is right
    assert not MutantResult(port="p", mutant=same, killed=False, trouble="no such text").right


def test_a_mutant_whose_text_is_not_there_is_no_success() -> None:
    [outcome] = run_mutants([RUNNERS["python"]], "relu: mask inverted", {}, Options(), lambda outcome: None)
    assert not outcome.right


def test_one_whose_numbers_fit_no_bug_is_given_no_name_and_shows_in_the_cases_that_it_says() -> None:
    """Chosen are cases that it is right in."""
    right = select_cases(("random-5-4-3-relu-n2-float64-numerical",))
    name = "affine: db of the first 20 units only"
    [outcome] = run_mutants([RUNNERS["python"]], name, right, Options(seconds=PATIENCE), lambda outcome: None)
    assert outcome.right
    assert outcome.named == ["unnamed"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "mutant: field required"),
        ('[[mutant]]\nname = "x"', "mutant.0.file: field required"),
        ('[[mutant]]\nname = "x"\nfile = "f"\nold = "a"\nnew = "b"\nbug = "magic"', "expected a bug of"),
        ('[[mutant]]\nname = "x"\nfile = "f"\nold = "a"\nnew = "b"', "or the reason why it is equivalent"),
    ],
)
def test_a_malformed_gallery_is_one_clear_line(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "port.toml").write_text(
        'name = "x"\nlanguage = "x"\nhint = "x"\n[[runner]]\nname = "native"\ncommand = ["true"]\n'
    )
    (tmp_path / "mutants.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        read_gallery(read_port(tmp_path))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
