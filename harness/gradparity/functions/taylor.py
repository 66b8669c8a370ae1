"""Is one result the gradient of another? Without choosing a step.

Along a direction v, the remainder f(x + h v) - f(x) - h g.v is of order h^2 where g is the gradient, and of order h
where it is not: so the order over several steps tells a wrong gradient from a noisy difference. Where f can be computed
with complex numbers, Im f(x + i h v) / h says the same to all digits, as nothing is subtracted.

Sources: the Taylor test as in dolfin-adjoint; W. Squire and G. Trapp, "Using Complex Variables to Estimate Derivatives
of Real Functions" (1998).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ..arithmetic.precision import Array

STEPS = [2.0**-k for k in range(3, 30)]
CLEAR = 8.0  # times the rounding of f: a remainder that is less says nothing
ENOUGH = 3  # steps in a row, to see an order
COMPLEX_STEP = 1e-100
AGREES = 1e-9  # relatively: whoever has a complex step that is right agrees with the remainders' order


class Slope(StrEnum):
    """What the remainders say of a gradient."""

    RIGHT = "right"
    WRONG = "wrong"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Remainders:
    """Of one direction: what they say, their order where it could be seen, and the relative error that would show."""

    slope: Slope
    order: float | None
    sees: float


def remainders(f: Callable[[Array], float], x: Array, v: Array, slope: float, rounding: float) -> Remainders:
    """Those of f at x along v, beside ``slope``, which is said to be g.v; ``rounding`` is f's own."""
    here = f(x)
    left = [(h, abs(f(x + h * v) - here - h * slope)) for h in STEPS]
    clear = [(h, r) for h, r in left if math.isfinite(r) and r > CLEAR * rounding]
    size = max(abs(slope), math.sqrt(rounding) if rounding else 1e-300)
    if not clear:  # f is linear there
        return Remainders(Slope.RIGHT, None, CLEAR * rounding / STEPS[0] / size)
    smallest = clear[-ENOUGH - 1 :]
    if len(smallest) <= ENOUGH or smallest[0][0] != smallest[-1][0] * 2.0**ENOUGH:
        return Remainders(Slope.UNSURE, None, math.inf)
    order = math.log2(smallest[0][1] / smallest[-1][1]) / ENOUGH
    h, r = smallest[-1]
    what = Slope.RIGHT if order > 1.7 else Slope.WRONG if 0.7 < order < 1.3 else Slope.UNSURE
    return Remainders(what, order, r / h / size)


def complex_slope(f: Callable[[Array], complex], x: Array, v: Array) -> float | None:
    """The slope of f at x along v by a complex step; None where f does not take complex numbers."""
    try:
        with np.errstate(all="ignore"):
            found = complex(f(x + COMPLEX_STEP * 1j * v))
    except Exception:  # whatever it is, it is not made for them
        return None
    return found.imag / COMPLEX_STEP if math.isfinite(found.imag) and found.imag else None


def directions(shape: tuple[int, ...], count: int, seed: int) -> Iterator[Array]:
    """Random ones, of a usual size of 1 in each element."""
    rng = np.random.default_rng([seed, 8])
    for _ in range(count):
        yield rng.normal(size=shape)
