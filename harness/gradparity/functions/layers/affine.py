"""x @ W + b. Its bounds are gamma_n times the product of absolute values (Higham, section 3.5)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...arithmetic.precision import Array
from ..evidence import Bugs, Candidates, Evidence
from .images import from_channels_last
from .layer import Fitted, Layer, Shape
from .reduced import NARROWER, SINGLE, reduced_operands

bug = Bugs("affine")


def _rows(x: Array) -> Array:
    """Each input as a row."""
    return x.reshape(len(x), -1)


def _fit(options: Mapping[str, str], shape: Shape) -> Fitted:
    inputs, outputs = int(np.prod(shape)), int(options["outputs"])
    return Fitted((outputs,), {}, {"W": (inputs, outputs), "b": (outputs,)})


AFFINE = Layer(
    "affine",
    forward={"out": lambda p, a: p.product(_rows(a["x"]), a["W"], extra=a["b"], roundings=1)},
    backward={
        "dx": lambda p, a: p.product(a["dout"], a["W"].T).reshape(a["x"].shape),
        "dW": lambda p, a: p.product(_rows(a["x"]).T, a["dout"]),
        "db": lambda p, a: p.column_sum(a["dout"]),
    },
    bugs=bug,
    notation=r"(?P<outputs>\d+)",
    fit=_fit,
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
    yield "the bias is not added", _rows(e.inputs["x"]) @ e.inputs["W"]


@bug("bias recycled", results=("out",))
def _bias_recycled(e: Evidence) -> Candidates:
    product, b = _rows(e.inputs["x"]) @ e.inputs["W"], e.inputs["b"]
    down = np.resize(b, product.size).reshape(product.shape, order="F")
    yield "the bias is recycled down the columns, where each belongs to a column", product + down


@bug("wrong axis", results=("out",))
def _bias_along_rows(e: Evidence) -> Candidates:
    product, b = _rows(e.inputs["x"]) @ e.inputs["W"], e.inputs["b"]
    first = np.zeros(len(product), b.dtype)  # zip and its like end with the shorter
    first[: len(b)] = b[: len(product)]
    for along in (first, np.resize(b, len(product))):
        yield "the bias is added along the wrong axis: one to each row", product + along[:, None]


@bug("wrong axis", results=("db",))
def _summed_along_rows(e: Evidence) -> Candidates:
    if "dout" in e.inputs:
        yield "summed over the wrong axis", e.inputs["dout"].sum(axis=1)


@bug("term left out")
def _term_left_out(e: Evidence) -> Candidates:
    x, W, dout = _rows(e.inputs["x"]), e.inputs["W"], e.inputs.get("dout")
    what = {"out": "inputs", "dx": "outputs", "dW": "rows", "db": "rows"}[e.result]
    for which, kept in (("last", slice(None, -1)), ("first", slice(1, None))):
        sentence = f"the {which} of the {what} is left out of the sum"
        if e.result == "out":
            yield sentence, x[:, kept] @ W[kept] + e.inputs["b"]
        elif dout is not None and e.result == "dx":
            yield sentence, (dout[:, kept] @ W[:, kept].T).reshape(e.inputs["x"].shape)
        elif dout is not None:
            yield sentence, x[kept].T @ dout[kept] if e.result == "dW" else dout[kept].sum(axis=0)


BLOCKS = (4, 8, 16, 32, 64, 128, 256)


@bug("block's tail dropped")
def _tail_dropped(e: Evidence) -> Candidates:
    x, W, dout = _rows(e.inputs["x"]), e.inputs["W"], e.inputs.get("dout")
    terms = {"out": x.shape[1], "dx": W.shape[1], "dW": len(x), "db": len(x)}[e.result]
    for n in sorted({terms // block * block for block in BLOCKS} - {0, terms}):
        of = ", ".join(str(block) for block in BLOCKS if terms // block * block == n)
        sentence = f"only the first {n} of {terms} terms are summed: the tail of a loop over blocks is dropped ({of})"
        if e.result == "out":
            yield sentence, x[:, :n] @ W[:n] + e.inputs["b"]
        elif dout is not None and e.result == "dx":
            yield sentence, (dout[:, :n] @ W[:, :n].T).reshape(e.inputs["x"].shape)
        elif dout is not None:
            yield sentence, x[:n].T @ dout[:n] if e.result == "dW" else dout[:n].sum(axis=0)


@bug.solved("weight decay added", "weight decay that nobody asked for: {c} W is added", results=("dW",), starts=(1e-2,))
def _decay_added(e: Evidence, c: float) -> Array:
    decayed: Array = e.expected + e.expected.dtype.type(c) * e.inputs["W"]
    return decayed


@bug("channels last")
def _channels_last(e: Evidence) -> Candidates:
    x = e.inputs["x"]
    if x.ndim == 4:
        sentence = "the images become rows with their channels last, where they come first"
        last = x.transpose(0, 2, 3, 1).reshape(len(x), -1)
        value = AFFINE.value(e.result, {**e.inputs, "x": last})
        yield sentence, from_channels_last(value.reshape(x.shape)) if e.result == "dx" else value


@bug("single precision inside", results=("out", "dx", "dW", "db"))
def _single_operands(e: Evidence) -> Candidates:
    yield from reduced_operands(e, AFFINE, SINGLE)


@bug("reduced precision inside", results=("out", "dx", "dW", "db"))
def _reduced_operands(e: Evidence) -> Candidates:
    yield from reduced_operands(e, AFFINE, NARROWER)
