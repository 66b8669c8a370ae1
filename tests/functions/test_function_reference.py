"""What the reference gives, and what rounding explains in it."""

from typing import Any

import numpy as np
import pytest
from gradparity import floats, function, integers
from gradparity.functions.cases import FunctionSpec
from gradparity.functions.expected import FunctionReference, Undecidable
from gradparity.functions.function import BadReference, Function
from gradparity.functions.inputs import Quirk


def at(one: Function, dtype: str = "float64", quirk: Quirk | None = None) -> FunctionReference:
    return FunctionReference(FunctionSpec(one, one.first_sizes(), dtype, quirk), 0)


@function(x="n d")
def center(x: Any) -> Any:
    return {"mean": x.mean(axis=0), "out": x - x.mean(axis=0)}


@function(x="n d", W="d k")
def composed(x: Any, W: Any) -> Any:
    return {"product": center(x)["out"] @ W, "norm": np.linalg.norm(x)}


def test_the_functions_that_it_calls_are_its_parts_with_what_they_were_given() -> None:
    [part] = at(composed).parts
    assert part.function is center
    assert np.array_equal(part.inputs["x"], at(composed).inputs["x"])
    assert list(part.results) == ["mean", "out"]


def test_results_are_of_the_case_s_dtype_and_so_is_rounding() -> None:
    double, single = at(composed).whole, at(composed, "float32").whole
    assert single.results["norm"].dtype == np.float32
    a, b = (one.allowance("product").spread or 0.0 for one in (double, single))
    assert 1e8 < b / a < 1e10


def test_a_declared_accuracy_is_allowed_and_no_more() -> None:
    @function(x="n", accuracy={"result": 1e-6})
    def f(x: Any) -> Any:
        return np.exp(x)

    whole = at(f).whole
    right = whole.results["result"]
    assert whole.allowance("result").ratio(right * 1e-7) < 0.5
    assert whole.allowance("result").ratio(right * 1e-5) > 2


def test_unusual_numbers_that_the_reference_cannot_take_decide_nothing() -> None:
    @function(x="n n")
    def inverse(x: Any) -> Any:
        return np.linalg.inv(x)

    with pytest.raises(Undecidable, match="LinAlgError"):
        at(inverse, quirk=Quirk.ZERO_ROWS).compute()

    @function(x="n")
    def e(x: Any) -> Any:
        return np.exp(abs(x))

    with pytest.raises(Undecidable, match="the reference's result is not finite there"):
        at(e, quirk=Quirk.LARGE).compute()


def test_usual_numbers_that_it_cannot_take_are_its_fault() -> None:
    @function(x="n n")
    def inverse(x: Any) -> Any:
        return np.linalg.inv(x * 0)

    with pytest.raises(BadReference, match=r"test_function_reference.py:\d+: inverse: LinAlgError"):
        at(inverse).compute()


def test_a_reference_that_writes_into_its_arguments_is_refused() -> None:
    @function(x="n")
    def f(x: Any) -> Any:
        x += 1
        return x

    with pytest.raises(BadReference, match="read-only"):
        at(f).compute()


def test_integers_must_fit_what_travels() -> None:
    @function(x="n")
    def f(x: Any) -> Any:
        return {"count": np.int64(2) ** 40 + 0 * len(x)}

    with pytest.raises(BadReference, match="the result count is beyond int32"):
        at(f).compute()


HOLES: dict[str, Any] = {
    "float()": lambda x, W: {"out": float(np.sum(x)) * W},
    "asarray of a list": lambda x, W: {"out": np.asarray([[float(v) for v in row] for row in x]) @ W},
    "zeros": lambda x, W: {"out": _filled(np.zeros((len(x), W.shape[1])), x @ W)},
    "control flow": lambda x, W: {"out": x @ W if np.sum(x) > 0 else x @ W * 2},
    "linalg": lambda x, W: {"out": np.linalg.svd(x @ W)[1]},
    "loop over scalars": lambda x, W: {"out": sum(float(a) * W for row in x for a in row)},
}


def _filled(out: Any, value: Any) -> Any:
    for i in range(len(out)):
        out[i] = value[i]
    return out


@pytest.mark.parametrize("hole", HOLES)
def test_whatever_numbers_leave_the_noise_by_no_right_port_is_wrong_and_no_wrong_one_right(hole: str) -> None:
    one = function(x="n d", W="d k")(HOLES[hole])
    whole = at(one).whole
    wide = {name: array.astype(np.longdouble) for name, array in whole.inputs.items()}
    right = whole.results["out"].astype(np.float64)
    allowance = whole.allowance("out")
    try:
        other = np.asarray(one.results(wide)["out"]).astype(np.float64)
    except TypeError:  # LAPACK has no long double
        other = right
    assert allowance.ratio(other - right) < 0.6
    assert allowance.ratio(right * 1e-6) > 1e3


def test_whole_numbers_that_say_how_leave_nothing_and_are_not_disturbed() -> None:
    @function(x="7", degree=integers("", 1, 3), window=integers("", 7, 8))
    def smooth(x: Any, degree: Any, window: Any) -> Any:
        t = np.arange(window)
        return {
            "out": np.polyval(np.polyfit(t, x, degree), t[: int(degree)]),
            "power": np.linalg.matrix_power(np.outer(x, x), degree),
        }

    whole = at(smooth).whole
    assert not whole.explained.lost
    assert all(whole.allowance(name).ratio(right * 1e-9) > 1e3 for name, right in whole.results.items())


def test_what_overflows_at_large_sizes_alone_says_nothing() -> None:
    @function(c="k", x=floats("n", 2.0, 3.0))
    def polynomial(c: Any, x: Any) -> Any:
        return x[:, None] ** np.arange(len(c)) @ c

    assert isinstance(polynomial, Function)
    FunctionReference(FunctionSpec(polynomial, {"k": 300, "n": 4}), 0).compute()
    with pytest.raises(Undecidable, match="result is not finite"):
        FunctionReference(FunctionSpec(polynomial, {"k": 1100, "n": 4}), 0).compute()
