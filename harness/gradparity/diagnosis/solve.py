"""Solve for the constant of a bug: the number with which it gives what came."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..arithmetic.precision import Array

STEPS = 12
ENOUGH = 1e-13  # relatively

Gives = Callable[[float], Sequence[Array]]


def solved(gives: Gives, came: Sequence[Array], neutral: float, starts: Sequence[float]) -> float | None:
    """The constant with which ``gives`` is nearest to what came, all arrays weighed alike; None where there is none.

    Gauss and Newton's steps, with slopes from the last two points. Elements that are no numbers say nothing.
    """
    nearest: tuple[float, float] | None = None
    for start in starts:
        for found in _path(gives, came, neutral, start):
            nearest = found if nearest is None or found[0] < nearest[0] else nearest
    return None if nearest is None else nearest[1]


def _path(gives: Gives, came: Sequence[Array], neutral: float, start: float) -> list[tuple[float, float]]:
    """Points on the way from one start, each with how far what it gives is from what came."""
    with np.errstate(all="ignore"):
        sizes = [float(np.sqrt(np.mean(np.square(np.nan_to_num(one, posinf=0.0, neginf=0.0))))) or 1.0 for one in came]

        def left(c: float) -> Array:
            parts = [
                ((np.asarray(one, np.float64) - b.astype(np.float64)) / size).ravel()
                for one, b, size in zip(gives(c), came, sizes, strict=True)
            ]
            return np.nan_to_num(np.concatenate(parts), nan=0.0, posinf=0.0, neginf=0.0)

        old, new = neutral, start
        r_old, r_new = left(old), left(new)
        found = [(float(np.linalg.norm(r_new)), new)]
        for _ in range(STEPS):
            slope = (r_new - r_old) / (new - old)
            steep = float(slope @ slope)
            if not np.isfinite(steep) or steep == 0:
                break
            step = -float(slope @ r_new) / steep
            if not np.isfinite(step) or abs(step) <= ENOUGH * abs(new):
                break
            old, r_old, new = new, r_new, new + step
            r_new = left(new)
            found.append((float(np.linalg.norm(r_new)), new))
    return [one for one in found if np.isfinite(one[0]) and one[1] != neutral]
