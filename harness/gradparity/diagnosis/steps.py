"""A pass in single steps: each result of each layer, as it follows from the arrays that the layer was given.

The trace of a port is taken apart this way: a step that does not follow from the port's own arrays is wrong by itself;
one that does, and still differs from the reference's, has inherited what came before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..arithmetic.precision import Precision
from ..arithmetic.verdicts import Allowance
from ..cases import Case
from ..functions.evidence import Evidence, Inputs
from ..functions.layers import Phase
from ..functions.network import Call, calls, key_of


@dataclass(frozen=True)
class Step:
    """One result of one layer of a pass."""

    layer: str
    phase: Phase
    evidence: Evidence

    @property
    def key(self) -> str:
        """What a trace calls it."""
        return key_of(self.layer, self.evidence.result)


def of_layer(call: Call, results: Inputs, classes: int) -> list[Step]:
    """Each result of one layer as a step, in the order in which they arise.

    What backward keeps of the layer's results is taken as it came.
    """
    layer = call.layer
    own = {**call.inputs, **{key: value for key, value in results.items() if key in ("out", "y")}}
    lead = call.inputs["x"]
    p = Precision.of(lead.dtype)
    wide = {key: a.astype(np.float64) if a.dtype.kind == "f" else a for key, a in own.items()}
    values, found = layer.values(own), []
    for result in layer.results:
        if result in results:
            expected = values[result].astype(lead.dtype)
            allowance = Allowance(limit=2 * layer.bound(result, p, wide))
            e = Evidence(layer.kind, result, own, expected, results[result], allowance, len(lead), classes)
            found.append(Step(call.name, layer.phase(result), e))
    return found


def of_trace(
    case: Case, epsilon: float, trace: Inputs, before: tuple[Case, Inputs] | None = None
) -> Iterator[tuple[str, Step]]:
    """Each array of a port's trace by name, forward then backward: does the step follow from the port's own arrays?

    ``before`` is the case before, of the same sizes, and the port's trace of it.
    """
    old = {call.name: {**call.inputs, **of} for call, of in _pass(*before, epsilon)} if before else {}
    steps = {}
    for call, results in _pass(case, trace, epsilon):
        for step in of_layer(call, results, case.spec.classes):
            if call.name in old:
                previous = {**old[call.name], "result": old[call.name][step.evidence.result]}
                step = replace(step, evidence=replace(step.evidence, previous=previous))
            steps[step.key] = step
    yield from ((key, steps[key]) for key in trace if key in steps)


def _pass(case: Case, trace: Inputs, epsilon: float) -> Iterator[tuple[Call, Inputs]]:
    """Each layer with the inputs and the results that the trace says it had."""
    for call in calls(case.spec.kinds, case.x, case.labels, case.held, epsilon, trace, case.declared):
        keys = {result: key_of(call.name, result) for result in call.layer.results}
        yield call, {result: trace[key] for result, key in keys.items() if key in trace}
