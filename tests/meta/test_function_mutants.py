"""Mutants of a reference: what the suite finds, what it cannot, and that none of them goes on for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Gradparity
from gradparity.errors import UsageError
from gradparity.functions.cases import select_function_cases
from gradparity.functions.loading import read_reference
from gradparity.meta.function_mutants import Fate, FunctionMutants, run_function_mutants

HEAD = "import numpy as np\nfrom gradparity import drawn, function, positive\n"


def run(folder: Path, text: str, *cases: str) -> FunctionMutants:
    """The mutants of a reference with this text."""
    path = folder / "reference.py"
    path.write_text(HEAD + text, encoding="utf-8")
    reference = read_reference(path)
    return run_function_mutants(reference, select_function_cases(reference.functions, cases))


def fates(result: FunctionMutants) -> dict[str, Fate]:
    return {f"{one.line}: {one.old} -> {one.new}": one.fate for one in result.mutants}


SMALL = """
def half(x):
    return x * 0.5

@function(x="n d")
def f(x):
    return half(x) - x.mean(axis=0)
"""


def test_a_sound_suite_kills_all_of_them_in_helpers_too(tmp_path: Path) -> None:
    result = run(tmp_path, SMALL)
    assert set(fates(result).values()) == {Fate.KILLED} and result.exit_code == 0
    assert {one.owner for one in result.mutants} == {"half", "f"}
    [sign] = [one for one in result.mutants if one.new == "half(x) + x.mean(axis=0)"]
    assert (sign.line, sign.case) == (9, "f-n1-d1-float64") and "but should be" in sign.what
    assert any(one.bug for one in result.mutants)


ROUNDING = """
@function(x=positive("n"))
def f(x):
    return np.log(x + 1e-17) + 0 * x
"""


def test_a_survivor_is_told_apart_from_one_that_does_the_same(tmp_path: Path) -> None:
    result = run(tmp_path, ROUNDING, "f-n5-*64")
    found = fates(result)
    assert found["6: x + 1e-17 -> x"] is Fate.EQUIVALENT
    assert found["6: 0 * x -> 0"] is Fate.EQUIVALENT
    assert found["6: x + 1e-17 -> 1e-17"] is Fate.KILLED
    assert result.exit_code == 0
    result = run(tmp_path, ROUNDING.replace("1e-17", "1e-16"), "f-n5-*64")
    [survivor] = [one for one in result.mutants if one.new == "x - 1e-16"]
    assert survivor.fate is Fate.SURVIVED and 0 < survivor.ratio <= 1 and survivor.case == "f-n5-float64"
    assert result.exit_code == 1


ENDLESS = """
@function(x=positive("n"))
def f(x):
    i, out = 0, x
    while i < 3:
        try:
            out = out * x
            i += 1
        except Exception:
            pass
    return out
"""


def test_an_endless_mutant_is_stopped_and_killed(tmp_path: Path) -> None:
    result = run(tmp_path, ENDLESS, "f-n5-float64")
    [deleted] = [one for one in result.mutants if one.new == "pass"]
    assert deleted.fate is Fate.KILLED and "it runs on and on" in deleted.what


LOADING = """
def table(k):
    i = 0
    while i < k:
        i += 1
    return np.ones(i - 2)

TABLE = table(3)[0]

@function(x="n")
def f(x):
    return x * table(3) * TABLE
"""


def test_a_file_that_does_not_load_any_more_is_killed(tmp_path: Path) -> None:
    result = run(tmp_path, LOADING, "f-n5-float64")
    assert next(one.what for one in result.mutants if one.new == "pass").startswith("the file does not load")


def test_whatever_two_functions_share_is_asked_in_both(tmp_path: Path) -> None:
    text = SMALL + '\n\n@function(y="n")\ndef g(y):\n    return half(np.zeros_like(y)) + 1\n'
    found = run(tmp_path, text, "g-n5-float64")
    assert fates(found)["5: x * 0.5 -> x"] is Fate.EQUIVALENT  # of zeros
    both = fates(run(tmp_path, text, "g-n5-float64", "f-n5-d4-float64"))
    assert both["5: x * 0.5 -> x"] is Fate.KILLED


WIDENED = """
def covariance(rng, shape):
    return rng.normal(size=shape) * 2

@function(x=drawn("n n", covariance))
def f(x):
    return x + np.eye(len(x))
"""


def test_what_draws_is_no_part_and_a_result_in_float64_is_no_change(tmp_path: Path) -> None:
    """In the float32 case the reference itself gives float64."""
    result = run(tmp_path, WIDENED, "f-n5-*")
    assert {one.owner for one in result.mutants} == {"f"} and result.left_out == []
    assert {one.case for one in result.mutants} == {"f-n5-float64"} and result.exit_code == 0


RANDOM = """
@function(x="n")
def f(x, state=[0]):
    state[0] += 1
    return x * state[0]
"""


def test_a_reference_that_is_not_right_itself_tells_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the reference itself is not passed there"):
        run(tmp_path, RANDOM, "f-n5-float64")


def test_the_command_lists_the_blind_spots(tmp_path: Path, gradparity: Gradparity) -> None:
    path = tmp_path / "reference.py"
    path.write_text(HEAD + ROUNDING.replace("1e-17", "1e-16"), encoding="utf-8")
    done = gradparity("mutants", "--reference", path, "--case", "f-n5-float64")
    assert done.returncode == 1
    assert (
        "the blind spots of this suite:" in done.stdout
        and "reference.py:6: x + 1e-16 -> x - 1e-16" in done.stdout.replace("\n", "")
    )
    done = gradparity("mutants", "--reference", path, "--case", "f-n5-float64", "--function", "f", "--json")
    assert {one["owner"] for one in json.loads(done.stdout)["mutants"]} == {"f"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--function", "g"), "there are f"),
        (("--port", "python"), "leave out --port"),
        (("--mutant", "x"), "leave out --mutant"),
        (("--case", "g-*"), "no such case"),
    ],
)
def test_options_that_say_nothing_here(
    tmp_path: Path, gradparity: Gradparity, arguments: tuple[str, ...], words: str
) -> None:
    path = tmp_path / "reference.py"
    path.write_text(HEAD + SMALL, encoding="utf-8")
    done = gradparity("mutants", "--reference", path, *arguments)
    assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1


def test_without_a_reference_there_is_no_function(gradparity: Gradparity) -> None:
    assert gradparity("mutants", "--function", "f").returncode == 2
