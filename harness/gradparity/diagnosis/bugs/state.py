"""What a port did to its arguments, or kept from call to call."""

from __future__ import annotations

import numpy as np

from ...arithmetic.precision import Array
from ...functions.evidence import Bugs, Candidates, Evidence, Inputs, Subject
from ...functions.layers import LAYERS

bug = Bugs()


@bug("argument mutated", kinds=(Subject.MUTATED,))
def _mutated(e: Evidence) -> Candidates:
    changed = e.came != e.expected
    what = "zeros were written into it" if not e.came[changed].any() else "it was changed"
    yield f"an argument is changed in place: {what} ({int(changed.sum())} of {changed.size} elements)", e.came


@bug("result shared", kinds=(Subject.SHARED,), results=("called", "written"))
def _shared(e: Evidence) -> Candidates:
    """Of objects alone: what a process sends is a copy."""
    what = {"called": "its next call changes it", "written": "what is written into it changes its next answer"}
    yield f"the result is a view of the port's own array: {what[e.result]}", e.came


@bug("accumulates", kinds=(Subject.REPEAT,))
def _accumulates(e: Evidence) -> Candidates:
    if np.array_equal(e.inputs.get("later", e.came), e.expected):  # what is added stays added
        return
    for added in (e.expected, 2 * e.expected, e.inputs["right"]):
        yield "the result is added to that of the call before, where it should replace it", e.expected + added


@bug("stale state")
def _stale(e: Evidence) -> Candidates:
    if not e.previous:
        return
    yield "this is the result of the call before: something kept from it was not renewed", e.previous["result"]
    for name in [name for name in e.inputs if name in e.previous and name not in ("W", "b", "t", "epsilon")]:
        yield f"computed with the {name} of the call before", _with(e, {name: e.previous[name]})


@bug("stale weights")
def _stale_weights(e: Evidence) -> Candidates:
    """Prepared: the gradients of this batch with the weights of the case before."""
    for names in (("W",), ("b",), ("W", "b")):
        if e.previous and all(name in e.inputs and name in e.previous for name in names):
            yield "computed with the weights of the case before", _with(e, {n: e.previous[n] for n in names})


def _with(e: Evidence, changed: Inputs) -> Array:
    return LAYERS[e.kind].value(e.result, {**e.inputs, **changed})
