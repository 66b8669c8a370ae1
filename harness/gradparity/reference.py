"""The reference of a case: what it computes there, and what rounding explains in each of its arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from threading import Lock, RLock
from typing import Any

import numpy as np
from gradparity_reference import LAYERS as CLASSES
from gradparity_reference import LOSSES, Network, central_difference, layer_pass

from .arithmetic.envelope import LIMIT, Envelope, envelopes
from .arithmetic.precision import Precision
from .arithmetic.verdicts import RESOLVED, Allowance
from .cases import Array, Case, CaseSpec, draw, following, second_batch
from .data import find_mnist
from .functions.layers import LAYERS
from .functions.layers.layer import is_training
from .functions.network import calls, in_trace, placed

OPERATIONS = ("gradient", "predict", "accuracy", "trace", "numerical_gradient")

# Central differences of two implementations are compared with each other, so truncation does not matter, and
# a large step, exact in binary, lets the least of the loss's rounding error through.
STEP = 1.0
KEPT = 256  # references: more than the default suite has, and no more memory however many seeds there are
IN_TEST = ":test"  # after the name of a layer that is asked alone in the test phase
CLOSE_LOGITS = 16.0  # envelopes: logits closer than this may change places


@dataclass(frozen=True)
class LayerCheck:
    """One layer by itself: what it is fed with, what must come out, and what rounding explains."""

    name: str
    kind: str
    fields: dict[str, str]
    inputs: dict[str, Array]
    given: Mapping[str, Array]  # the same, as `functions.network` has it: labels, numbers and the phase
    expected: dict[str, Array]
    allowances: dict[str, Allowance]


class Reference:
    """Everything is computed when it is first asked for.

    ``epsilon`` and ``step``, of the numerical gradient, are the port's, where the port has its own.

    Threads share it: ``compute`` and ``allowance`` are done by one at a time.
    """

    def __init__(self, case: Case, epsilon: float | None = None, step: float | None = None) -> None:
        self.case = case
        self.step = STEP if step is None else step
        self._lock = RLock()
        self.epsilon = case.spec.epsilon if epsilon is None else epsilon

    @property
    def operations(self) -> list[str]:
        """Those that this case asks for: numerical gradients are for small nets."""
        return [op for op in OPERATIONS if op != "numerical_gradient" or self.case.spec.numerical]

    @cached_property
    def following(self) -> Reference:
        """The reference of another case of the same sizes, to be asked after this one."""
        return Reference(following(self.case), self.epsilon)

    @cached_property
    def second_batch(self) -> Reference | None:
        """The reference of the same network with another batch, of another size; None where there is none."""
        case = second_batch(self.case)
        return None if case is None else Reference(case, self.epsilon)

    def compute(self) -> None:
        """Fill every cache that each check reads."""
        with self._lock:
            self.layers  # noqa: B018
            for operation in self.operations:
                for array in getattr(self, operation):
                    self.allowance(operation, array)
            for operation in ("gradient", "trace"):
                getattr(self.following, operation)

    @cached_property
    def trace(self) -> dict[str, Array]:
        """Every intermediate array of the pass, by layer."""
        return _arrays(self.case.network(epsilon=self.epsilon).trace(self.case.x, self.case.t))

    @cached_property
    def gradient(self) -> dict[str, Array]:
        """loss, dW1, db1, ..."""
        return _arrays(self.case.network(epsilon=self.epsilon).gradient(self.case.x, self.case.t))

    @cached_property
    def predict(self) -> dict[str, Array]:
        """The logits, out."""
        return {"out": self.case.network().predict(self.case.x)}

    @cached_property
    def accuracy(self) -> dict[str, Array]:
        """The share of correct labels, as a float64 scalar."""
        return {"accuracy": np.asarray(self.case.network().accuracy(self.case.x, self.case.t))}

    @cached_property
    def numerical_gradient(self) -> dict[str, Array]:
        """dW1, db1, ... by central differences."""
        network = self.case.network(epsilon=self.epsilon)
        return _arrays(central_difference(network, self.case.x, self.case.t, self.step))

    @cached_property
    def _envelopes(self) -> dict[str, Envelope]:
        spec, case = self.case.spec, self.case
        most = {kind: layer.rounds_most for kind, layer in LAYERS.items() if layer.rounds_most}
        layers, losses = (known | {kind: most[kind] for kind in known if kind in most} for known in (CLASSES, LOSSES))

        def computed(a: Mapping[str, Array]) -> dict[str, Any]:
            network = Network(spec.kinds, a, self.epsilon, layers, losses, spec.weight_decay)
            found = network.trace(a["x"], a["t"])
            if spec.weight_decay:
                found[self._key("gradient", "loss")] = network.penalized(found["loss"])
                own = {name: found[self.in_trace("gradient", f"d{name}")] for name in network.params}
                decayed = network.decayed({f"d{name}": slope for name, slope in own.items()})
                found |= {self._key("gradient", name): slope for name, slope in decayed.items()}
            if ("predict", "out") in spec.beside_the_trace:
                network.hold(a)  # as the pass has moved the state on
                found[self._key("predict", "out")] = network.predict(a["x"])
            return found

        return envelopes(computed, case.arrays, Precision.of(spec.dtype), [case.seed, 12, len(case.x)])

    def _key(self, operation: str, array: str) -> str:
        """What an array of the reply to this operation is called among the envelopes."""
        own = (operation, array) in self.case.spec.beside_the_trace
        return f"{operation}.{array}" if own else self.in_trace(operation, array)

    def allowance(self, operation: str, array: str) -> Allowance:
        """What rounding explains in an array of the reply to this operation."""
        with self._lock:
            if operation == "accuracy":
                return self._of_accuracy()
            if operation == "numerical_gradient":
                return self._of_difference(array)
            found = self._envelopes[self._key(operation, array)].allowance
            return replace(found, terms=self._terms(self.in_trace(operation, array)))

    def _terms(self, key: str) -> float | None:
        """Of a bias whose gradient is 0, as the next layer absorbs it: the size of the terms that cancel in its sum."""
        layers = placed(self.case.spec.kinds)
        for here, above in pairwise(layers):
            if above.layer.absorbs_bias and key == f"{here.name}.db":
                return float(np.sqrt(np.mean(np.square(abs(self.trace[f"{above.name}.dx"]).sum(axis=0)))))
        return None

    def in_trace(self, operation: str, array: str) -> str:
        """An array's name in the trace: "dW1" is "affine1.dW", the logits are "affine2.out"."""
        return in_trace(self.case.spec.kinds, operation, array)

    def _of_difference(self, array: str) -> Allowance:
        # Two losses, each off by its envelope (doubled, as the loss away from the point may be larger), over 2 steps.
        of_losses = LIMIT * np.sqrt(2) * 2 * self._envelopes[self._key("gradient", "loss")].whole / (2 * self.step)
        size = float(np.sqrt(np.mean(np.square(self.numerical_gradient[array], dtype=np.float64))))
        spread = float(of_losses + 4 * Precision.of(self.case.spec.dtype).u * size)
        return Allowance(spread=spread, terms=self._terms(self.in_trace("gradient", array)))

    def _of_accuracy(self) -> Allowance:
        logits = self.predict["out"].astype(np.float64)
        envelope = self._envelopes[self._key("predict", "out")].whole
        rows = np.arange(len(logits))
        of_label = logits[rows, self.case.labels]
        others = logits.copy()
        others[rows, self.case.labels] = -np.inf
        gap = abs(of_label - others.max(axis=1))
        close = (gap <= CLOSE_LOGITS * envelope) & (envelope > 0)
        # A sum over n, or times 1 / n.
        rounding = 4 * Precision.of(np.float64).u * self.accuracy["accuracy"]
        return Allowance(limit=np.asarray(close.mean() + rounding))

    @cached_property
    def layers(self) -> list[LayerCheck]:
        """The layers of two arguments, and each layer of the network, fed with the reference's own inputs.

        Those that do something else in the test phase are asked in both.
        """
        case = self.case
        found = [self._layer(kind, kind, inputs) for kind, inputs in self._of_two_arguments()]
        for call in calls(case.spec.kinds, case.x, case.labels, case.held, self.epsilon, self.trace):
            found.append(self._layer(call.name, call.layer.kind, call.inputs))
            if call.layer.phased:
                tested = {**call.inputs, "training": np.asarray(False)}
                found.append(self._layer(f"{call.name}{IN_TEST}", call.layer.kind, tested))
        return found

    def _of_two_arguments(self) -> list[tuple[str, dict[str, Array]]]:
        rng = np.random.Generator(np.random.Philox(self.case.seed))
        shape = (len(self.case.x), self.case.spec.classes)
        drawn = {name: rng.normal(size=shape).astype(self.case.spec.dtype) for name in ("x", "y", "dout")}
        return [(kind, drawn) for kind, layer in LAYERS.items() if layer.inputs == tuple(drawn)]

    def _layer(self, name: str, kind: str, inputs: Mapping[str, Array]) -> LayerCheck:
        layer, p = LAYERS[kind], Precision.of(self.case.spec.dtype)
        sent = {key: inputs[key] for key in layer.inputs} | ({"t": self.case.t} if kind in LOSSES else {})
        numbers = {name: inputs[name].item() for name in layer.numbers}
        training = is_training(inputs)
        phase = {"phase": "train" if training else "test"} if layer.phased else {}
        fields = {"kind": kind, **{name: repr(value) for name, value in numbers.items()}, **phase}
        expected = _arrays(layer_pass(kind, sent, numbers, training))
        wide = {key: a.astype(np.float64) if a.dtype.kind == "f" else a for key, a in inputs.items()}
        # The port and the reference each lie within the bound of the exact result.
        allowances = {
            result: Allowance(limit=2 * layer.bound(result, p, wide), terms=self._terms(f"{name}.{result}"))
            for result in expected
        }
        if wider := [result for result in expected if not _resolves(allowances[result], expected[result])]:
            usual = envelopes(lambda a: layer_pass(kind, a, numbers, training), sent, p, [self.case.seed, len(name)])
            allowances |= {one: replace(allowances[one], spread=usual[one].allowance.spread) for one in wider}
        return LayerCheck(name, kind, fields, sent, dict(inputs), expected, allowances)


def _resolves(allowance: Allowance, expected: Array) -> bool:
    """Whether an error of 1e-3 would be seen."""
    resolution = allowance.resolution(np.where(np.isfinite(expected), expected, 0).astype(np.float64))
    return resolution is not None and resolution <= RESOLVED


def shared_reference(
    spec: CaseSpec,
    seed: int,
    epsilon: float | None = None,
    step: float | None = None,
    data_dir: Path | None = None,
    threads: int = 1,
) -> Reference:
    """The reference of a case, with all that a check will read computed: the same one for whoever asks again.

    ``threads`` is how many BLAS is limited to now, as it rounds differently with another number. The last KEPT are
    kept, the others made again. Raises DataMissing as ``draw`` does.
    """
    folder = find_mnist(data_dir) if spec.data == "mnist" else None  # what the user names it by may change meanwhile
    with _lock:
        reference = _made(spec, seed, epsilon, step, folder, threads)
    reference.compute()
    return reference


@lru_cache(KEPT)
def _made(
    spec: CaseSpec, seed: int, epsilon: float | None, step: float | None, data_dir: Path | None, threads: int
) -> Reference:
    return Reference(draw(spec, seed, data_dir), epsilon, step)


_lock = Lock()


def _arrays(values: dict[str, Any]) -> dict[str, Array]:
    return {name: np.asarray(value) for name, value in values.items()}
