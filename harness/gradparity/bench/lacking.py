"""What a port lacks for timing something: it is then left out, and that is no failure."""

from __future__ import annotations

from ..cases import CaseSpec
from ..check.question import Spec, checkable
from ..ports.session import Hello
from .operation import Operation

UNLISTED = ("products", "train_step")  # words of `time` alone, which hello does not list


def why_not_timed(hello: Hello, operation: Operation, spec: Spec) -> str:
    """Why a port that says this of itself cannot time this operation on this case, or nothing."""
    if spec.dtype not in hello.dtypes:
        return f"the port has no {spec.dtype}"
    if operation.word == "layer" and operation.fields["kind"] not in hello.layers:
        return f"the port does not list {operation.fields['kind']}"
    if what := _lacks(hello, spec):
        return what
    words = [word for word in ("time", operation.word) if word not in hello.operations and word not in UNLISTED]
    return f"the port has no operation {words[0]}" if words else ""


def _lacks(hello: Hello, spec: Spec) -> str:
    """What it lacks for the case. A check asks for a network's layers alone, too; here it must take the network."""
    if isinstance(spec, CaseSpec):
        return hello.lacks(spec.described.kinds, spec.is_dense)
    return checkable(spec).lacks(hello)
