"""The soak of a reference: other arithmetics of the same functions are right; what is judged wrong is shown again."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Gradparity
from gradparity.check.function_check import judged
from gradparity.functions.cases import FunctionSpec, named_case
from gradparity.functions.expected import FunctionReference
from gradparity.functions.loading import read_reference
from gradparity.meta.correct import ARITHMETICS, Correct
from gradparity.meta.function_soak import computed, run_function_soak, soak_function_cases
from gradparity.meta.random_functions import random_function_spec

TEXT = """import numpy as np
from gradparity import function, integers, positive

@function(x="n d", W="d k", s=positive(), order=integers("n", 0, "n"), sizes={"k": (2, 70)})
def f(x, W, s, order):
    a = np.exp(x @ W / s)
    b = np.einsum("ij,ik->jk", x, a)
    r = np.zeros((len(x), 3))
    r[:] = x.mean(axis=1, keepdims=True)
    loss = x[:, 0] @ x[:, 0] + x.dot(W).sum() + np.sum(a, axis=(0, 1))
    return {"a": a[order], "b": b, "r": r @ r.T, "loss": loss, "first": order[:1]}

@function(x="n n", y="n")
def g(x, y):
    return np.linalg.solve(x @ x.T + np.eye(len(y)), y)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The reference."""
    (tmp_path / "reference.py").write_text(TEXT, encoding="utf-8")
    return tmp_path / "reference.py"


@pytest.mark.parametrize("arithmetic", ARITHMETICS, ids=lambda one: one.name)
def test_each_arithmetic_differs_from_the_reference_in_bits(path: Path, arithmetic: Correct) -> None:
    spec = named_case(read_reference(path).functions, "f-n40-d30-k70-float32")
    assert spec
    reference = FunctionReference(spec, 0)
    came, expected = computed(arithmetic, reference), reference.whole.results
    assert {name: (one.shape, one.dtype) for name, one in came.items()} == {
        name: (one.shape, one.dtype) for name, one in expected.items()
    }
    assert any(came[name].tobytes() != one.tobytes() for name, one in expected.items())
    whole = reference.whole
    assert all(judged(came[name], one, whole.allowance(name)).ratio <= 1 for name, one in expected.items())


def test_the_same_seed_draws_the_same_cases_of_every_kind(path: Path) -> None:
    functions = read_reference(path).functions
    drawn = [random_function_spec(functions, 7, i)[:2] for i in range(200)]
    assert [one.name for one, _ in drawn] == [random_function_spec(functions, 7, i)[0].name for i in range(200)]
    specs: list[FunctionSpec] = [one for one, _ in drawn]
    assert {one.function.name for one in specs} == {"f", "g"} and {one.dtype for one in specs} == {"float64", "float32"}
    assert {one.sizes["k"] for one in specs if "k" in one.sizes} == {2, 70}
    assert len({one.quirk for one in specs}) > 4 and len({one.sizes["n"] for one in specs}) > 15


def test_a_small_soak_finds_no_alarm(path: Path) -> None:
    told: list[int] = []
    result = run_function_soak(path, 50, 0, told.append, workers=0)
    assert (result.alarms, sum(told), result.exit_code) == ([], 50, 0)
    assert all(0 <= one.ratio <= 1 for one in result.tallies)
    assert {one.result for one in result.tallies if one.function == "f"} == {"a", "b", "r", "loss", "first"}
    assert any(one.startswith("g wide throughout: ") for one in result.skipped), "LAPACK has no long double"


UNSTABLE = """from gradparity import function

@function(x="n d")
def f(x):
    return {"digit": (x.sum() * 2.0**50).astype(int) % 97}
"""


def test_an_alarm_is_shrunk_and_shown_again_by_its_command(tmp_path: Path) -> None:
    """A whole number that rounding decides: nothing is allowed in it, so it is an alarm."""
    path = tmp_path / "reference.py"
    path.write_text(UNSTABLE, encoding="utf-8")
    result = soak_function_cases(path, ("f-n5-d4-float64",), [0], workers=0)
    [alarm] = result.alarms
    assert alarm.result == "digit" and not alarm.ratio <= 1 and alarm.found == "f-n5-d4-float64, seed 0"
    assert alarm.command.endswith(f"--case {alarm.case} --seeds 0") and alarm.case != "f-n5-d4-float64"
    assert soak_function_cases(path, (alarm.case,), [0], workers=0).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--case", "f-*", "--checks", "3"), "--checks"),
        (("--case", "f-*", "--seed", "3"), "--seed"),
        (("--seeds", "3"), "--seeds"),
        (("--case", "nothing"), "no such case"),
    ],
)
def test_options_that_say_nothing_here(
    path: Path, gradparity: Gradparity, arguments: tuple[str, ...], words: str
) -> None:
    done = gradparity("soak", "--reference", path, *arguments)
    assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1
