"""The reference with known bugs in it: what a network gives that has one of them in its place, or several at once.

A known bug of a layer says what one of its results would be. Put into the layer's class it goes through the whole pass,
so that a port of which only the gradient is known can be held beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from typing import Any, Protocol

import numpy as np
from gradparity_reference import LAYERS as REFERENCES
from gradparity_reference import LOSS, LOSSES

from ..arithmetic.carried import bare
from ..arithmetic.precision import Precision
from ..arithmetic.verdicts import Allowance
from ..cases import Array, Case
from ..functions.declared import Declared, DeclaredNetwork
from ..functions.evidence import Bug, Evidence, Inputs
from ..functions.layers import LAYERS
from ..functions.network import placed
from ..reference import Reference

Key = tuple[str, str]
"""An operation, and an array of its reply."""
Results = dict[Key, Array]
After = Callable[[DeclaredNetwork, Results], Results]
ALLOWED = Allowance()


class Inapplicable(Exception):
    """The bug gives no array of the result's shape here: a port that had it could not have answered."""


@dataclass
class Build:
    """What a network is made of, and what it is given. Variants change it; ``after`` are changes of what it gives."""

    layers: dict[str, Any]
    losses: dict[str, Any]
    held: dict[str, Any]
    x: Any
    t: Any
    epsilon: float
    made_of: type[DeclaredNetwork] = DeclaredNetwork
    after: list[After] = field(default_factory=list)


class Variant(Protocol):
    """A known bug in its place: its name, what is said of it, and the constant that was solved for, if one was."""

    @property
    def name(self) -> str:
        """The bug's."""

    @property
    def sentence(self) -> str:
        """What is said of it."""

    @property
    def constant(self) -> float | None:
        """What was solved for."""

    @property
    def key(self) -> tuple[Any, ...]:
        """What it is, among all variants of a network."""

    def into(self, build: Build) -> None:
        """Make the network one that has it."""


def results(reference: Reference, variants: Sequence[Variant]) -> Results:
    """What the case's network gives with all of these bugs in it: predict and gradient. Raises Inapplicable."""
    case, build = reference.case, _build(reference, variants)
    spec = case.spec
    with np.errstate(all="ignore"):
        network = build.made_of(spec.kinds, build.held, build.epsilon, build.layers, build.losses, spec.weight_decay)
        network.declared = case.declared
        found: dict[Key, Any] = {("predict", "out"): network.predict(build.x)}
        network.hold(build.held)
        found |= {("gradient", name): a for name, a in network.gradient(build.x, build.t).items()}
        found = {key: np.asarray(bare(a)) for key, a in found.items()}
        for change in build.after:
            found |= change(network, found)
    return found


def results_of_the_loss(reference: Reference, variants: Sequence[Variant]) -> Results:
    """The loss, and the gradient of the last bias, by the right logits: of bugs in the loss this is all, and cheap."""
    case = reference.case
    last, kind = placed(case.spec.kinds)[-1], case.spec.kinds[-1].kind
    build = _build(reference, variants)
    made_of = build.losses[kind]
    with np.errstate(all="ignore"):
        layer = made_of(build.epsilon) if kind == LOSS else made_of()
        found = {("gradient", "loss"): np.asarray(layer.forward(reference.trace[f"{last.name}.out"], build.t))}
        if last.layer.kind == "affine":
            found["gradient", f"d{last.params['b']}"] = layer.backward().sum(axis=0)
    return found


def _build(reference: Reference, variants: Sequence[Variant]) -> Build:
    case = reference.case
    classes = _classes(case.declared, case.spec.dtype)
    build = Build(
        dict(classes), {kind: classes[kind] for kind in LOSSES}, dict(case.held), case.x, case.t, reference.epsilon
    )
    for one in variants:
        one.into(build)
    return build


@cache
def _classes(declared: Declared, dtype: str) -> dict[str, type[Any]]:
    """The class of each kind of layer, as the port of the case declares it."""
    tiny = Precision.of(dtype).tiny
    return {kind: declared.made_of(kind, tiny) for kind in REFERENCES | LOSSES}


def class_of(case: Case, kind: str) -> type[Any]:
    """The class of a layer of this kind, as the port of the case declares it."""
    return _classes(case.declared, case.spec.dtype)[kind]


@dataclass(frozen=True, eq=False)
class InPlace:
    """A known bug of the layers of one kind: what it gives, the ``nth`` of its candidates, for these results."""

    bug: Bug
    kind: str
    results: tuple[str, ...]
    nth: int
    said: str
    classes: int
    constant: float | None = None

    @property
    def name(self) -> str:
        """See `Variant`."""
        return self.bug.name

    @property
    def sentence(self) -> str:
        """See `Variant`."""
        constant = self.bug.constant
        said = self.said if self.constant is None or constant is None else constant.says(self.constant)
        return said if len(self.results) > 1 else f"in {self.kind}'s {self.results[0]}: {said}"

    @property
    def key(self) -> tuple[Any, ...]:
        """See `Variant`."""
        return self.name, self.kind, self.results, self.nth, self.constant

    def with_constant(self, c: float) -> InPlace:
        """The same with this constant."""
        return replace(self, constant=c)

    def into(self, build: Build) -> None:
        """See `Variant`."""
        of = build.losses if self.kind in LOSSES else build.layers
        of[self.kind] = (_faulty_loss if self.kind in LOSSES else _faulty)(of[self.kind], self)

    def changed(self, result: str, value: Any, inputs: Inputs) -> Any:
        """What the bug makes of a result. Raises Inapplicable."""
        if result not in self.results:
            return value
        right = np.asarray(value)
        e = Evidence(self.kind, result, inputs, right, right, ALLOWED, len(inputs["x"]), self.classes)
        try:
            if self.constant is not None and self.bug.constant:
                came: Any = self.bug.constant.gives(e, self.constant)
            else:
                came = next((one for _, one in islice(self.bug.candidates_for(e), self.nth, None)), None)
        except (KeyError, IndexError, ValueError) as error:  # another bug has left it something that it cannot be
            raise Inapplicable from error
        if came is None or np.shape(came) != right.shape:
            raise Inapplicable
        return np.asarray(came).astype(right.dtype)[()]


def _faulty(made_of: type[Any], fault: InPlace) -> type[Any]:
    """The layer's class with the bug in it."""
    names, arguments = made_of.arrays() + made_of.numbers, made_of.inputs

    class Faulty(made_of):  # type: ignore[misc]
        def forward(self, *inputs: Any) -> Any:
            out = super().forward(*inputs)
            own = {name: np.asarray(getattr(self, name)) for name in names}
            given = {**dict(zip(arguments, inputs, strict=True)), **own, "training": np.asarray(self.training)}
            out = fault.changed("out", out, given)
            for name in made_of.state if self.training else ():
                setattr(self, name, fault.changed(name, getattr(self, name), given))
            if "out" in LAYERS[fault.kind].kept:
                self.out = out
            faults = self.__dict__.setdefault("faults", {})  # what each was given, and whether its slopes are changed
            faults[fault] = [{**given, "out": out}, False]
            return out

        def backward(self, dout: Any) -> Any:
            dx = super().backward(dout)
            change_slopes(self, dout)
            return fault.changed("dx", dx, {**self.faults[fault][0], "dout": dout})

        def backward_parameters(self, dout: Any) -> None:
            super().backward_parameters(dout)
            change_slopes(self, dout)

    def change_slopes(layer: Any, dout: Any) -> None:
        given, done = layer.faults[fault]
        layer.faults[fault][1] = True
        for name in () if done else made_of.params:
            changed = fault.changed(f"d{name}", getattr(layer, f"d{name}"), {**given, "dout": dout})
            setattr(layer, f"d{name}", changed)

    return Faulty


def _faulty_loss(made_of: type[Any], fault: InPlace) -> type[Any]:
    """The loss's class with the bug in it."""

    class Faulty(made_of):  # type: ignore[misc]
        def forward(self, x: Any, t: Any) -> Any:
            loss = super().forward(x, t)
            labels = t if t.ndim == 1 else t.argmax(axis=1)
            numbers = {name: np.asarray(float(getattr(self, name))) for name in made_of.numbers}
            given = {"x": x, "t": labels, **numbers}
            if "y" in LAYERS[fault.kind].kept:
                self.y: Any = fault.changed("y", self.y, {**given, "y": self.y})
                given["y"] = self.y
            self.__dict__.setdefault("faults", {})[fault] = given
            return fault.changed("loss", loss, given)

        def backward(self) -> Any:
            return fault.changed("dx", super().backward(), self.faults[fault])

    return Faulty


def in_place(right: Mapping[str, Sequence[Evidence]], known: Sequence[Bug]) -> Iterator[InPlace]:
    """Every known bug in every place where it would change something. ``right``: the right steps of each kind."""
    for kind, steps in right.items():
        for bug in known:
            about = [e for e in steps if bug.about(e)]
            if about:
                yield from _of_bug(bug, kind, about)


def _of_bug(bug: Bug, kind: str, about: Sequence[Evidence]) -> Iterator[InPlace]:
    names, classes = tuple(e.result for e in about), about[0].classes
    if bug.constant:
        for of in _alone_and_together(names):
            yield InPlace(bug, kind, of, 0, "", classes)
        return
    with np.errstate(all="ignore"):
        said = {e.result: [(sentence, _changes(e, one)) for sentence, one in bug.candidates_for(e)] for e in about}
    for result, candidates in said.items():
        yield from (
            InPlace(bug, kind, (result,), nth, sentence, classes)
            for nth, (sentence, changes) in enumerate(candidates)
            if changes
        )
    if len(names) > 1 and bug.kinds == (kind,) and len({len(of) for of in said.values()}) == 1:
        for nth, (sentence, changes) in enumerate(said[names[0]]):
            if changes:
                yield InPlace(bug, kind, names, nth, sentence, classes)


def _alone_and_together(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield from ((one,) for one in names)
    if len(names) > 1:
        yield names


def _changes(e: Evidence, candidate: Array) -> bool:
    came = np.asarray(candidate)
    return came.shape == e.expected.shape and not np.array_equal(came, e.expected, equal_nan=came.dtype.kind == "f")
