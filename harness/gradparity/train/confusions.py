"""What optimizers are taken for: each confusion as the formula that it computes, some with a constant to be solved for.

None of these has an effect on a loss that merely falls: they are found by the numbers of an update alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .bounded import Bounded
from .rules import RULES, TINY, Arrays, Constant, Formula, Numbers, adam, corrected_rate, momentum, nesterov, sgd

Rate = Callable[[Numbers, int, Constant], Bounded]
Divisor = Callable[[Bounded, Numbers, int, Constant], Bounded]
TORCH = 1e-8  # PyTorch's epsilon
DECAY = 1e-2  # about as large as weight decay is


@dataclass(frozen=True)
class Confusion:
    """What it is called, a sentence, and what it computes; the constant in it, where one was solved for."""

    name: str
    sentence: str
    formula: Formula
    constant: float | None = None


@dataclass(frozen=True)
class Solvable:
    """A confusion with a constant, for which {} stands in the sentence: the formula of each, where to begin, and how
    large it may be, roughly.

    ``right`` is the constant with which nothing is wrong, None where there is none.
    """

    name: str
    sentence: str
    of: Callable[[Any], Formula]
    start: float
    scale: float
    right: float | None = None

    def with_constant(self, value: float, told: str) -> Confusion:
        """The one with this constant."""
        return Confusion(self.name, self.sentence.format(told), self.of(value), float(told))


def confusions(name: str) -> list[Confusion]:
    """Of this optimizer, those without a constant."""
    right = RULES[name].formula
    found = [
        Confusion("sign", "the step goes uphill: the gradient has the other sign", _negated(right)),
        Confusion("sign", "the step goes uphill: it is subtracted, where it is added", _scaled_step(right, -1)),
        Confusion(
            "learning rate twice",
            "the learning rate is multiplied twice",
            _with(right, lambda n: {"learning_rate": n["learning_rate"] ** 2}),
        ),
        Confusion("no step", "the parameters stay as they were", _still(right, moves=True)),
        Confusion("no step", "the parameters and the state stay as they were", _still(right, moves=False)),
    ]
    return found + list(_OWN.get(name, lambda: iter(()))())


def _with_velocity(name: str) -> Iterator[Confusion]:
    right = RULES[name].formula
    dampened = _with_gradient(right, lambda n, a, c: c(1 - n["momentum"]) * a["dp"])
    twice = "the learning rate is multiplied twice: into the velocity, and when it is added"
    yield Confusion("learning rate twice", twice, _rate_on_step(right))
    yield Confusion("velocity forgotten", "the velocity starts from 0 at each step", _forgetful(right))
    yield Confusion("dampening", "the gradient is multiplied by 1 - momentum: a mean, where a sum is meant", dampened)


def _of_momentum() -> Iterator[Confusion]:
    yield from _with_velocity("momentum")
    yield Confusion("Nesterov for momentum", "the step looks ahead, as Nesterov's does", nesterov)
    yield Confusion("old state", "the step is made with the velocity before its update", _old_velocity)


def _of_nesterov() -> Iterator[Confusion]:
    yield from _with_velocity("nesterov")
    yield Confusion("momentum for Nesterov", "the step of plain momentum, which does not look ahead", momentum)
    late = "the step's formula is the one of the velocity before its update, and gets the one after it"
    yield Confusion("lookahead from the new velocity", late, _late_lookahead)


def _dividing(name: str) -> Iterator[Confusion]:
    right, rate = RULES[name].formula, corrected_rate if name == "adam" else _plain_rate
    inside = divided(name, rate, lambda squares, n, i, c: (squares + c(TINY)).sqrt())
    yield Confusion("eps inside the root", "1e-7 is added under the square root, where it belongs outside", inside)
    without = "nothing is added to the square root"
    yield Confusion("eps missing", without, divided(name, rate, lambda squares, n, i, c: squares.sqrt()))
    rootless = divided(name, rate, lambda squares, n, i, c: squares + c(TINY))
    yield Confusion("root forgotten", "the divisor is the squares themselves, not their square root", rootless)
    yield Confusion("state forgotten", "the state starts from 0 at each step", _forgetful(right))
    yield Confusion(
        "SGD in its place", "the step is the learning rate times the gradient, undivided", _undivided(right)
    )


def _of_adagrad() -> Iterator[Confusion]:
    yield from _dividing("adagrad")
    yield from _summed("adagrad", lambda n, a, c, term: a["h"] + term)


def _of_rmsprop() -> Iterator[Confusion]:
    yield from _dividing("rmsprop")
    yield from _summed("rmsprop", lambda n, a, c, term: c(n["decay"]) * a["h"] + c(1 - n["decay"]) * term)
    summed = dividing_by(lambda n, a, c: a["h"] + a["dp"] * a["dp"])
    yield Confusion("AdaGrad for RMSprop", "the squares are summed, where their mean is meant", summed)
    whole = dividing_by(lambda n, a, c: c(n["decay"]) * a["h"] + a["dp"] * a["dp"])
    yield Confusion("1 - decay forgotten", "the new square is not multiplied by 1 - decay", whole)


def _summed(name: str, squares: Callable[[Numbers, Arrays, Constant, Bounded], Bounded]) -> Iterator[Confusion]:
    """The two with h, of which each square may have been forgotten, or h may be the one before its update."""
    sentence = "the gradient itself is summed, not its square"
    yield Confusion("square forgotten", sentence, dividing_by(lambda n, a, c: squares(n, a, c, a["dp"])))
    sizes = dividing_by(lambda n, a, c: squares(n, a, c, abs(a["dp"])))
    yield Confusion("square forgotten", "the gradient's size is summed, not its square", sizes)
    yield Confusion("old state", "the divisor is made from the squares before their update", _old_squares(name))


def _of_adam() -> Iterator[Confusion]:
    yield from _dividing("adam")

    def corrected(first: float, second: float) -> Rate:
        """The learning rate with the corrections of the two means to these powers."""
        return lambda n, i, c: c(
            n["learning_rate"] * (1 - n["beta2"] ** i) ** second / (1 - np.float64(n["beta1"]) ** i) ** first
        )

    def outside(squares: Bounded, n: Numbers, i: int, c: Constant) -> Bounded:
        return squares.sqrt() + c(TINY)

    for sentence, first, second in (
        ("the means are not corrected for their start at 0", 0, 0),
        ("only the mean of the gradient is corrected for its start at 0", 1, 0),
        ("only the mean of the squares is corrected for its start at 0", 0, 0.5),
        ("the correction of the mean of the squares is not under the square root", 1, 1),
    ):
        name = "no bias correction" if not first and not second else "partial bias correction"
        yield Confusion(name, sentence, divided("adam", corrected(first, second), outside))

    def rootless(squares: Bounded, n: Numbers, i: int, c: Constant) -> Bounded:
        return squares / c(1 - n["beta2"] ** i) + c(TINY)

    sentence = "the divisor is the mean of the squares itself, not its square root"
    yield Confusion("root forgotten", sentence, divided("adam", corrected(1, 0), rootless))
    earlier, later = "updates are counted from 0, where the first is 1", "the first update is counted as the second"
    yield Confusion("iteration from 0", earlier, _counted(-1))
    yield Confusion("iteration from 2", later, _counted(1))
    swapped = _with(adam, lambda n: {"beta1": n["beta2"], "beta2": n["beta1"]})
    yield Confusion("betas exchanged", "beta1 and beta2 stand in each other's place", swapped)
    sentence = "the mean of the squares is made of the gradient itself, not of its square"
    yield Confusion("square forgotten", sentence, _adam_of(lambda n, a, c: _mean(n, "beta2", a["v"], a["dp"], c)))
    sums = _adam_of(
        lambda n, a, c: c(n["beta2"]) * a["v"] + a["dp"] * a["dp"],
        lambda n, a, c: c(n["beta1"]) * a["m"] + a["dp"],
    )
    yield Confusion("1 - beta forgotten", "what is new in the means is not multiplied by 1 - beta", sums)


_OWN: dict[str, Callable[[], Iterator[Confusion]]] = {
    "momentum": _of_momentum,
    "nesterov": _of_nesterov,
    "adagrad": _of_adagrad,
    "rmsprop": _of_rmsprop,
    "adam": _of_adam,
}


def families(name: str, numbers: Numbers) -> list[Solvable]:
    """Of this optimizer with these numbers, those with a constant."""
    right = RULES[name].formula
    found = [Solvable("weight decay", "weight decay {} (L2) in the gradient", _decayed(right), 0.0, DECAY, 0.0)]
    if name != "sgd":  # where the two are one
        sentence = "weight decay {} beside the gradient, times the learning rate (AdamW)"
        found.append(Solvable("decoupled weight decay", sentence, _decoupled(right), 0.0, DECAY, 0.0))
    for key, value in numbers.items():
        found.append(_another(right, key, value))
    if name in ("momentum", "nesterov"):
        rate = numbers["learning_rate"]
        sentence = "the velocity is right, but the step is the one of a learning rate of {}"
        found.append(
            Solvable("another learning rate", sentence, lambda k: _scaled_step(right, k / rate), rate, rate, rate)
        )
    if name == "adagrad":

        def mean(k: Any) -> Formula:
            return dividing_by(lambda n, a, c: c(k) * a["h"] + c(1 - k) * a["dp"] * a["dp"])

        found.append(
            Solvable("RMSprop for AdaGrad", "a mean of the squares, with a decay of {}, no sum", mean, 0.9, 0.9)
        )
    if name == "adam":
        found += _of_pytorch()
    if name in ("adagrad", "rmsprop", "adam"):
        rate = corrected_rate if name == "adam" else _plain_rate

        def inside(k: Any) -> Formula:
            return divided(name, rate, lambda squares, n, i, c: (squares + c(k)).sqrt())

        found.append(
            Solvable("eps inside the root", "{} is added under the square root, not outside", inside, 0.0, TINY)
        )
        outside = "{} is added to the square root, where 1e-7 is meant"
        found.append(
            Solvable("another epsilon", outside, lambda k: _with(right, lambda n: {"epsilon": k}), 0.0, TINY, TINY)
        )
    return found


def _another(right: Formula, key: str, value: float) -> Solvable:
    word = key.replace("_", " ")
    sentence = f"as with a {word} of {{}}, where it is {value:g}"
    return Solvable(f"another {word}", sentence, lambda k: _with(right, lambda n: {key: k}), value, value, value)


def _of_pytorch() -> Iterator[Solvable]:
    """Adam, whose epsilon is not scaled by the bias correction, in its two kinds of weight decay, too."""
    sentence = "epsilon {} is added after the bias correction, rate mhat / (sqrt(vhat) + epsilon)"
    yield Solvable("PyTorch's Adam", sentence, pytorch_adam, 0.0, TINY)
    theirs = f"PyTorch's Adam with its epsilon {TORCH:g} and weight decay {{}}"
    yield Solvable("PyTorch's Adam", f"{theirs} (L2) in the gradient", _decayed(pytorch_adam(TORCH)), 0.0, DECAY, 0.0)
    sentence = f"{theirs} beside the gradient, times the learning rate (AdamW)"
    yield Solvable("PyTorch's AdamW", sentence, _decoupled(pytorch_adam(TORCH)), 0.0, DECAY, 0.0)


def pytorch_adam(epsilon: Any) -> Formula:
    """Algorithm 1 of Kingma and Ba (2015), which PyTorch has."""

    def divisor(squares: Bounded, n: Numbers, i: int, c: Constant) -> Bounded:
        return squares.sqrt() / c((1 - n["beta2"] ** i) ** 0.5) + c(epsilon)

    return divided("adam", lambda n, i, c: c(n["learning_rate"] / (1 - n["beta1"] ** i)), divisor)


def _plain_rate(n: Numbers, i: int, c: Constant) -> Bounded:
    return c(n["learning_rate"])


def divided(name: str, rate: Rate, divisor: Divisor) -> Formula:
    """The update with another rate and divisor, and the right state."""

    def formula(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
        state = {key: value for key, value in RULES[name].formula(n, i, a, c).items() if key != "p"}
        top, squares = (state["m"], state["v"]) if name == "adam" else (a["dp"], state["h"])
        return {"p": a["p"] - rate(n, i, c) * top / divisor(squares, n, i, c), **state}

    return formula


def dividing_by(squares: Callable[[Numbers, Arrays, Constant], Bounded]) -> Formula:
    """AdaGrad or RMSprop with another h."""

    def formula(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
        h = squares(n, a, c)
        return {"p": a["p"] - c(n["learning_rate"]) * a["dp"] / (h.sqrt() + c(TINY)), "h": h}

    return formula


def _adam_of(
    squares: Callable[[Numbers, Arrays, Constant], Bounded],
    gradients: Callable[[Numbers, Arrays, Constant], Bounded] | None = None,
) -> Formula:
    """Adam with other means."""

    def formula(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
        m = gradients(n, a, c) if gradients else _mean(n, "beta1", a["m"], a["dp"], c)
        v = squares(n, a, c)
        return {"p": a["p"] - corrected_rate(n, i, c) * m / (v.sqrt() + c(TINY)), "m": m, "v": v}

    return formula


def _mean(n: Numbers, beta: str, before: Bounded, new: Bounded, c: Constant) -> Bounded:
    return before + c(1 - n[beta]) * (new - before)


def _with(right: Formula, changed: Callable[[Numbers], Numbers]) -> Formula:
    """The formula with other numbers."""
    return lambda n, i, a, c: right({**n, **changed(n)}, i, a, c)


def _with_gradient(right: Formula, changed: Callable[[Numbers, Arrays, Constant], Bounded]) -> Formula:
    """The formula with another gradient."""
    return lambda n, i, a, c: right(n, i, {**a, "dp": changed(n, a, c)}, c)


def _negated(right: Formula) -> Formula:
    return _with_gradient(right, lambda n, a, c: c(0.0) - a["dp"])


def _decayed(right: Formula) -> Callable[[Any], Formula]:
    return lambda k: _with_gradient(right, lambda n, a, c: a["dp"] + c(k) * a["p"])


def _decoupled(right: Formula) -> Callable[[Any], Formula]:
    def of(k: Any) -> Formula:
        def formula(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
            found = right(n, i, a, c)
            return {**found, "p": found["p"] - c(n["learning_rate"]) * c(k) * a["p"]}

        return formula

    return of


def _step(right: Formula, n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
    """The state, and as p what is added to it."""
    return right(n, i, {**a, "p": c(0.0)}, c)


def _scaled_step(right: Formula, k: Any) -> Formula:
    def formula(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
        found = _step(right, n, i, a, c)
        return {**found, "p": a["p"] + c(k) * found["p"]}

    return formula


def _rate_on_step(right: Formula) -> Formula:
    return lambda n, i, a, c: _scaled_step(right, n["learning_rate"])(n, i, a, c)


def _still(right: Formula, moves: bool) -> Formula:
    """p as it was; ``moves``: the state does."""

    def formula(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
        return {key: value if moves and key != "p" else a[key] for key, value in right(n, i, a, c).items()}

    return formula


def _forgetful(right: Formula) -> Formula:
    def formula(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
        return right(n, i, {key: value if key in ("p", "dp") else c(0.0) for key, value in a.items()}, c)

    return formula


def _undivided(right: Formula) -> Formula:
    return lambda n, i, a, c: {**right(n, i, a, c), **sgd(n, i, a, c)}


def _old_velocity(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
    return {**momentum(n, i, a, c), "p": a["p"] + a["v"]}


def _late_lookahead(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
    v = momentum(n, i, a, c)["v"]
    ahead = c(n["momentum"]) * c(n["momentum"]) * v - c(1 + n["momentum"]) * c(n["learning_rate"]) * a["dp"]
    return {"p": a["p"] + ahead, "v": v}


def _old_squares(name: str) -> Formula:
    def formula(n: Numbers, i: int, a: Arrays, c: Constant) -> dict[str, Bounded]:
        p = a["p"] - c(n["learning_rate"]) * a["dp"] / (a["h"].sqrt() + c(TINY))
        return {**RULES[name].formula(n, i, a, c), "p": p}

    return formula


def _counted(more: int) -> Formula:
    return lambda n, i, a, c: adam(n, i + more, a, c)
