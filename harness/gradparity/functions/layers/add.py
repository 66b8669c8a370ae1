"""x + y, element by element."""

from __future__ import annotations

import numpy as np

from ..evidence import Bugs, Candidates, Evidence
from .layer import Layer

bug = Bugs("add")

ADD = Layer(
    "add",
    forward={"out": lambda p, a: p.u * abs(a["x"] + a["y"])},
    backward={"dx": lambda p, a: np.zeros_like(a["dout"]), "dy": lambda p, a: np.zeros_like(a["dout"])},
    bugs=bug,
)


@bug("sum for difference", results=("out",))
def _difference(e: Evidence) -> Candidates:
    yield "x - y, for x + y", e.inputs["x"] - e.inputs["y"]
