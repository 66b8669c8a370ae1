"""Cases: a network, its parameters and a batch, drawn once from a seed and sent to every port as the same bytes."""

from __future__ import annotations

from .case import Array, Case
from .drawing import draw, draw_held, following, nearby, second_batch, terms_of
from .spec import IMAGE_SIZES, Activation, CaseSpec, Dtype, read_case_file

__all__ = [
    "IMAGE_SIZES",
    "Activation",
    "Array",
    "Case",
    "CaseSpec",
    "Dtype",
    "draw",
    "draw_held",
    "following",
    "nearby",
    "read_case_file",
    "second_batch",
    "terms_of",
]
