"""A reference, another right way to compute it, and a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Pair:
    """``drawn`` gives the inputs of all three. ``hidden`` says that a tolerance of 1e-6 does not see the fault."""

    reference: Callable[..., Any]
    other: Callable[..., Any]
    fault: Callable[..., Any]
    drawn: Callable[[np.random.Generator], tuple[Any, ...]]
    hidden: bool = False
