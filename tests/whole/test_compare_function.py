"""`gradparity.compare(f, reference=g)`: a function that Python can call, beside a declared one."""

from pathlib import Path
from typing import Any

import gradparity
import numpy as np
import pytest
from gradparity import function
from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.records import Quantity
from gradparity.functions.cases import suite_of
from gradparity.functions.loading import read_reference

FUNCTIONS = read_reference(Path(__file__).parents[1] / "user_functions.py").functions
RIDGE, PICK, OUTER = (FUNCTIONS[name] for name in ("ridge", "pick", "outer3"))


def by_cholesky(X: Any, y: Any, penalty: Any) -> Any:
    low = np.linalg.cholesky(X.T @ X + penalty * np.eye(X.shape[1], dtype=X.dtype))
    w = np.linalg.solve(low.T, np.linalg.solve(low, X.T @ y))
    r = y - X @ w
    return {"w": w, "loss": np.sum(r * r) + penalty * np.sum(w * w)}


def row_by_row(x: Any, keep: Any, order: Any) -> Any:
    out = np.zeros_like(x)
    for i, row in enumerate(order):
        if keep[i]:
            out[i] = x[row]
    return {"out": out, "count": int(keep.sum()), "kept": keep}


def products(a: Any, b: Any, c: Any) -> Any:
    out = np.einsum("i,j,k->ijk", a, b, c)
    return out, np.sum(a) * np.sum(b) * np.sum(c)


@pytest.mark.parametrize(
    ("port", "reference"), [(by_cholesky, RIDGE), (row_by_row, PICK), (RIDGE, RIDGE)], ids=["ridge", "pick", "itself"]
)
def test_another_way_to_compute_the_same_agrees(port: Any, reference: Any) -> None:
    small = [spec.name for spec in suite_of(reference) if max(spec.sizes.values()) < 100]
    found = gradparity.compare(port, reference=reference, name="mine", cases=small)
    found.assert_agrees()
    assert max(cell.ratio or 0 for case in found.cases for cell in case.cells) < 0.6
    assert {cell.quantity for case in found.cases for cell in case.cells} == {Quantity.RESULTS, Quantity.STATE}


def test_a_tuple_has_the_reference_s_names_in_order() -> None:
    assert gradparity.compare(lambda a, b, c: (products(a, b, c)[0], products(a, b, c)[0].sum()), reference=OUTER)


def test_what_cancels_in_another_way_is_told_as_that() -> None:
    """A product of sums is no sum of products where the sums cancel; no tolerance hides that."""
    found = gradparity.compare(products, reference=OUTER)
    assert {cell.array for case in found.cases for cell in case.cells if not cell.verdict.passes} <= {"outer3.total"}


def with_another_penalty(X: Any, y: Any, penalty: Any) -> Any:
    found = by_cholesky(X, y, penalty)
    return {**found, "loss": found["loss"] - penalty * np.sum(found["w"] ** 2)}


def test_one_change_in_the_reference_that_gives_these_numbers_is_told_with_its_line() -> None:
    found = gradparity.compare(with_another_penalty, reference=RIDGE, cases="ridge-n5-d4-float64")
    assert not found
    lines = Path(RIDGE.reference.__code__.co_filename).read_text().splitlines()
    line = next(i for i, text in enumerate(lines, start=1) if '"loss"' in text)
    told = [fit for one in found.cases if one.diagnosis for fit in one.diagnosis.explanations]
    assert f"with r @ r for r @ r + penalty * (w @ w) in line {line}" in told[0].sentence
    assert told[0].name == "one change"


PLANTED: dict[str, tuple[Any, Any, str]] = {
    "argument left out": (lambda X, y, p: {**by_cholesky(X, y, p), "w": by_cholesky(X, y, 0 * p)["w"]}, RIDGE, "w"),
    "number of terms": (lambda X, y, p: {**by_cholesky(X, y, p), "w": by_cholesky(X, y, p)["w"] / len(X)}, RIDGE, "w"),
    "single precision inside": (
        lambda X, y, p: {k: np.float64(v) for k, v in by_cholesky(X.astype("f4").astype("f8"), y, p).items()},
        RIDGE,
        "w",
    ),
    "reversed": (lambda *a: {**row_by_row(*a), "out": row_by_row(*a)["out"][:, :, ::-1]}, PICK, "out"),
    "axes exchanged": (lambda *a: {**row_by_row(*a), "out": row_by_row(*a)["out"].swapaxes(2, 3)}, PICK, "out"),
    "shifted": (lambda *a: {**row_by_row(*a), "out": np.roll(row_by_row(*a)["out"], 1, axis=3)}, PICK, "out"),
    "zero": (lambda *a: {**row_by_row(*a), "out": 0 * a[0]}, PICK, "out"),
    "sign": (lambda X, y, p: {**by_cholesky(X, y, p), "w": -by_cholesky(X, y, p)["w"]}, RIDGE, "w"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_known_bug_is_named_with_the_first_result_that_it_spoils(name: str) -> None:
    port, reference, first = PLANTED[name]
    cases = {"ridge": ("ridge-n5-d4-float64", "ridge-n5-d67-float64"), "pick": "pick-n5-*-float64"}[reference.name]
    found = gradparity.compare(port, reference=reference, cases=cases)
    assert not found
    diagnoses = [one.diagnosis for one in found.cases if one.diagnosis]
    assert {one.where.array for one in diagnoses} == {first}
    names = [fit.name for one in diagnoses for fit in one.explanations]
    assert name in names, names


def test_a_failure_is_shrunk_to_a_few_whole_numbers() -> None:
    def wrong(X: Any, y: Any, penalty: Any) -> Any:
        return {**by_cholesky(X, y, penalty), "loss": np.sum((y - X @ by_cholesky(X, y, penalty)["w"]) ** 2)}

    found = gradparity.compare(wrong, reference=RIDGE, cases="ridge-n67-*")
    [smallest] = [one.smallest for one in found.cases if one.smallest]
    assert smallest.case == "ridge-n1-d1-float64-whole"
    assert set(smallest.inputs) == {"X", "y", "penalty"}
    again = gradparity.compare(wrong, reference=RIDGE, cases=smallest.case)
    assert not again
    assert smallest.case in str(found)


def test_what_is_kept_from_call_to_call_is_found() -> None:
    kept: list[Any] = []

    def stale(X: Any, y: Any, penalty: Any) -> Any:
        kept.append(y)
        first = next(one for one in kept if one.shape == y.shape)
        return by_cholesky(X, first, penalty)

    found = gradparity.compare(stale, reference=RIDGE, cases="ridge-n5-d4-float64")
    [case] = found.cases
    assert case.diagnosis
    assert case.diagnosis.where.asked == "in the next case"
    assert case.diagnosis.explanations[0].name == "stale argument"


def test_an_argument_that_is_changed_is_found() -> None:
    def writes(X: Any, y: Any, penalty: Any) -> Any:
        found = by_cholesky(X, y, penalty)
        y -= X @ found["w"]
        return found

    found = gradparity.compare(writes, reference=RIDGE, cases="ridge-n5-d4-float64")
    assert found.cases[0].verdict is Verdict.MUTATES and "ridge" in str(found)


def test_one_wrong_row_is_told_as_that() -> None:
    def last_row(x: Any, keep: Any, order: Any) -> Any:
        found = row_by_row(x, np.ones_like(keep), order)
        found["out"][-1] += 1e-9
        return {**found, "out": np.where(keep[:, None, None, None], found["out"], 0), "count": keep.sum(), "kept": keep}

    found = gradparity.compare(last_row, reference=PICK, cases="pick-n5-c4-h6-w3-float64", seeds=1)
    told = found.cases[0].diagnosis
    assert told
    assert told.extent
    assert (told.extent.axis, told.extent.places, told.extent.length) == (0, [4], 5)


def test_which_part_is_wrong() -> None:
    @function(x="n d")
    def center(x: Any) -> Any:
        return {"out": x - x.mean(axis=0)}

    @function(x="n d")
    def spread(x: Any) -> Any:
        return {"spread": np.sum(center(x)["out"] ** 2, axis=0)}

    found = gradparity.compare(lambda x: {"spread": np.sum(x**2, axis=0)}, reference=spread)
    assert "spread spread" in str(found)


@pytest.mark.parametrize(
    ("port", "said"),
    [
        (lambda X, y, p: by_cholesky(X, y, p)["w"], "expected the arrays w, loss, came result"),
        (lambda X, y, p: {**by_cholesky(X, y, p), "w": None}, "expected float64"),
        (lambda X, y: None, "takes 2 positional arguments but 3 were given"),
        (lambda X, y, p: {**by_cholesky(X, y, p), "w": by_cholesky(X, y, p)["w"][:, None]}, "came float64 (4, 1)"),
    ],
)
def test_what_is_no_such_result_is_told(port: Any, said: str) -> None:
    found = gradparity.compare(port, reference=RIDGE, cases="ridge-n5-d4-float64")
    assert not found
    assert said in str(found)


def test_a_function_that_is_not_written_yet_is_not_implemented() -> None:
    def later(X: Any, y: Any, penalty: Any) -> Any:
        raise NotImplementedError("tomorrow")

    found = gradparity.compare(later, reference=RIDGE, cases="ridge-n5-d4-float64")
    assert found.cases[0].verdict is Verdict.NOT_IMPLEMENTED
    assert "nothing was compared: ridge: tomorrow" in str(found)


def test_a_reference_that_is_not_declared_is_refused() -> None:
    with pytest.raises(
        TypeError, match=r"declared with @gradparity.function.*came by_cholesky; gradparity.assert_same"
    ):
        gradparity.compare(by_cholesky, reference=by_cholesky)
    with pytest.raises(TypeError, match="expected a function to compare with ridge, came int"):
        gradparity.compare(3, reference=RIDGE)


class Listed:
    """As rpy2 shows R's list."""

    names = ("w", "loss")

    def __init__(self, found: Any) -> None:
        self.found = found

    def rx2(self, name: str) -> Any:
        return np.atleast_1d(self.found[name])


class Named:
    """As juliacall shows a named tuple."""

    def __init__(self, found: Any) -> None:
        self.w, self.loss = found["w"], found["loss"]


@pytest.mark.parametrize("wrapped", [Listed, Named])
def test_results_as_other_runtimes_show_them(wrapped: Any) -> None:
    assert gradparity.compare(lambda *a: wrapped(by_cholesky(*a)), reference=RIDGE, cases="ridge-n5-d4-float64")
