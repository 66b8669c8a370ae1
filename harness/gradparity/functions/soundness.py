"""The reference itself is checked first: does it repeat, how exact is it, and are its gradients gradients?"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from ..arithmetic.envelope import LIMIT
from ..arithmetic.precision import Array, root_mean_square
from ..arithmetic.verdicts import identical, judge
from .cases import FunctionSpec
from .expected import Called
from .function import BadReference, Function, Gradient, as_arguments
from .taylor import AGREES, Remainders, Slope, complex_slope, directions, remainders

DIRECTIONS = 3
SEED = 0


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings", allow_inf_nan=True)


class GradientSeen(_Record):
    """A result that is the gradient of another; ``sees`` is the smallest relative error that would have shown."""

    result: str
    of: str
    by: str
    order: float | None
    sees: float
    complex_step: bool


class Soundness(_Record):
    """What is known of a reference. ``own_error`` is its result's relative error beside one in long double, and
    ``own_ratio`` that over what rounding explains; none where it does not run in that. ``lost`` are the places where
    numbers leave the noise, so that the envelope comes of disturbed inputs, too.
    """

    function: str
    own_error: float | None = None
    own_ratio: float | None = None
    lost: list[str] = []
    gradients: list[GradientSeen] = []


def soundness(function: Function) -> Soundness:
    """By a run at small sizes. Raises BadReference where it does not repeat, or a gradient is none."""
    spec = FunctionSpec(function, function.first_sizes())
    called = Called(function, spec.drawn(SEED), spec.dtype, SEED)
    again = Called(function, called.inputs, spec.dtype, SEED)
    for name, value in called.results.items():
        if value.dtype.kind == "f" and not identical(again.results[name], value):
            raise BadReference(
                f"{function.place}: {function.name}: {name} is another when it is called again: draw what is random "
                "as an input"
            )
    error, ratio = _beside_long_double(called)
    return Soundness(
        function=function.name,
        own_error=error,
        own_ratio=ratio,
        lost=list(called.explained.lost),
        gradients=[_gradient(called, name, one) for name, one in function.gradients.items()],
    )


def _beside_long_double(called: Called) -> tuple[float | None, float | None]:
    """The largest relative error of a result, and the largest ratio to what rounding explains."""
    if np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps:
        return None, None  # as on arm64
    wide = {name: one.astype(np.longdouble) if one.dtype.kind == "f" else one for name, one in called.inputs.items()}
    try:
        with np.errstate(all="ignore"):
            found = called.function.results(wide)
    except Exception:  # LAPACK, for one, has none
        return None, None
    errors, ratios = [0.0], [0.0]
    for name, value in called.results.items():
        if value.dtype.kind == "f":
            figures = judge(value, np.asarray(found[name]).astype(np.float64), called.allowance(name))
            errors.append(figures.relative)
            ratios.append(figures.ratio)
    return max(errors), max(ratios)


def _gradient(called: Called, name: str, gradient: Gradient) -> GradientSeen:
    function, results = called.function, called.results
    about = f"{function.place}: {function.name}: gradients: {name}"
    for key, known in ((name, results), (gradient.of, results), (gradient.by, called.inputs)):
        if key not in known:
            raise BadReference(f"{about}: there is no {key}; there are {', '.join(known)}")
    x, g = called.inputs[gradient.by], results[name].astype(np.float64)
    if results[gradient.of].ndim or x.dtype.kind != "f" or g.shape != x.shape:
        raise BadReference(
            f"{about}: expected a gradient of the shape of {gradient.by}, {x.shape}, of one number, came "
            f"{g.shape}, of {gradient.of} with shape {results[gradient.of].shape}"
        )

    def value(at: Array) -> Any:
        given = {**called.inputs, gradient.by: at}
        return function.results(as_arguments(given))[gradient.of]

    def real(at: Array) -> float:
        with np.errstate(all="ignore"):
            return float(value(at))

    rounding = LIMIT * called.explained.envelopes[gradient.of].whole
    seen, steps = [], []
    for v in directions(x.shape, DIRECTIONS, SEED):
        slope = float(np.sum(g * v))
        found = remainders(real, x, v, slope, rounding)
        by_complex = complex_slope(value, x, v)
        agrees = by_complex is not None and abs(by_complex - slope) <= AGREES * max(
            abs(slope), float(root_mean_square(g))
        )
        wrong = (
            f"{about} is not the gradient of {gradient.of} by {gradient.by}: along a random direction it says {slope}, "
        )
        if found.slope is Slope.WRONG:
            why = f"and the remainder is of order {found.order:.2f} in the step, for 2"
            raise BadReference(wrong + why + _worst_element(real, x, g))
        if by_complex is not None and not agrees and _is_slope(remainders(real, x, v, by_complex, rounding)):
            raise BadReference(wrong + f"and a complex step {by_complex}" + _worst_element(real, x, g))
        seen.append(found)
        steps.append(agrees)
    orders = [one.order for one in seen if one.order is not None]
    exact = all(steps)
    sees = AGREES if exact else max(one.sees for one in seen)
    order = min(orders) if orders else None
    return GradientSeen(result=name, of=gradient.of, by=gradient.by, order=order, sees=sees, complex_step=exact)


def _is_slope(found: Remainders) -> bool:
    """Whether the remainders show that a complex step is right: that the function is one of complex numbers, too."""
    return found.slope is Slope.RIGHT and found.order is not None


def _worst_element(f: Any, x: Array, g: Array) -> str:
    """Where a central difference is furthest from it, where that can be looked at."""
    if not 1 < x.size <= 200:
        return ""
    h = float(np.cbrt(np.finfo(np.float64).eps)) * max(1.0, float(root_mean_square(x)))
    away = {}
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        away[place] = (f(x + step) - f(x - step)) / (2 * h)
    worst = max(away, key=lambda place: abs(away[place] - g[place]))
    return f"; furthest off at {list(worst)}: {g[worst]:.9g}, and a central difference gives {away[worst]:.9g}"
