"""x @ W + b. Its bounds are gamma_n times the product of absolute values (Higham, section 3.5)."""

from __future__ import annotations

import numpy as np

from ..evidence import Bugs, Candidates, Evidence
from .layer import Layer

bug = Bugs("affine")

AFFINE = Layer(
    "affine",
    forward={"out": lambda p, a: p.product(a["x"], a["W"], extra=a["b"], roundings=1)},
    backward={
        "dx": lambda p, a: p.product(a["dout"], a["W"].T),
        "dW": lambda p, a: p.product(a["x"].T, a["dout"]),
        "db": lambda p, a: p.column_sum(a["dout"]),
    },
    bugs=bug,
)


@bug("memory order")
def _memory_order(e: Evidence) -> Candidates:
    matrices = {name: e.inputs[name] for name in ("x", "W", "dout") if name in e.inputs}
    as_rows = {name: a.ravel("C").reshape(a.shape, order="F") for name, a in matrices.items()}
    as_columns = {name: a.ravel("F").reshape(a.shape, order="C") for name, a in matrices.items()}
    for name in matrices:
        for turned in (as_rows, as_columns):
            yield f"{name} is read in the other memory order", AFFINE.value(e.result, {**e.inputs, name: turned[name]})
    for turned in (as_rows, as_columns):
        yield "every matrix is read in the other memory order", AFFINE.value(e.result, {**e.inputs, **turned})


@bug("missing bias", results=("out",))
def _missing_bias(e: Evidence) -> Candidates:
    yield "the bias is not added", e.inputs["x"] @ e.inputs["W"]


@bug("bias recycled", results=("out",))
def _bias_recycled(e: Evidence) -> Candidates:
    product, b = e.inputs["x"] @ e.inputs["W"], e.inputs["b"]
    down = np.resize(b, product.size).reshape(product.shape, order="F")
    yield "the bias is recycled down the columns, where each belongs to a column", product + down


@bug("wrong axis", results=("out",))
def _bias_along_rows(e: Evidence) -> Candidates:
    product, b = e.inputs["x"] @ e.inputs["W"], e.inputs["b"]
    first = np.zeros(len(product), b.dtype)  # zip and its like end with the shorter
    first[: len(b)] = b[: len(product)]
    for along in (first, np.resize(b, len(product))):
        yield "the bias is added along the wrong axis: one to each row", product + along[:, None]


@bug("wrong axis", results=("db",))
def _summed_along_rows(e: Evidence) -> Candidates:
    if "dout" in e.inputs:
        yield "summed over the wrong axis", e.inputs["dout"].sum(axis=1)
