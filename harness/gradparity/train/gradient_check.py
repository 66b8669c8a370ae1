"""The gradient check of the Julia post: backpropagation beside the numerical gradient, on three images.

Source: "Deep Learning from Scratch", section 5.7.3.
"""

from __future__ import annotations

import numpy as np

from ..ports.session import Session
from .first_case import case_of
from .images import ImageSets
from .recipes import Recipe
from .records import GradientCheck

IMAGES = 3
STEP = 1e-4
PRINTED = {"W1": 4e-10, "b1": 2e-9, "W2": 5e-9, "b2": 1.4e-7}  # the post's mean differences


def check_gradient(session: Session, recipe: Recipe, sets: ImageSets) -> GradientCheck:
    """The mean of |backpropagation - numerical| of each parameter. Raises PortFailure."""
    parameters = recipe.parameters(0)
    case = case_of(recipe, 0, sets, np.arange(IMAGES), parameters)
    session.request("load", case.fields, case.arrays)
    expect = {f"d{name}": (p.shape, recipe.dtype) for name, p in parameters.items()}
    backward = session.request("gradient", expect={"loss": ((), recipe.dtype), **expect}).arrays
    numerical = session.request("numerical_gradient", {"step": repr(STEP)}, {}, expect).arrays
    return GradientCheck(
        runner=session.label,
        differences={name: float(np.mean(abs(backward[f"d{name}"] - numerical[f"d{name}"]))) for name in parameters},
    )
