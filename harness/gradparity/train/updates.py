"""The optimizers' updates, checked one by one: the port is given parameters, a gradient and a state, and each result
must lie within what rounding explains of the formula.

A state that is kept in another way passes, where the parameters are right with the states that the port itself returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..arithmetic.verdicts import Allowance, Figures, Verdict, judge
from ..cases import Array
from ..check.answers import difference_words
from ..check.records import Cell, Quantity
from ..diagnosis.records import Explanation, Where
from ..ports.session import Failure, PortFailure, Session
from .conventions import SHAPE, drawn_gradient, kept_otherwise, train_some
from .fitting import LOOSE, Question, Update, confusions_of
from .rules import RULES

ITERATIONS = (1, 2, 6)


@dataclass
class CheckedOptimizer:
    """The cells of an optimizer in one dtype; the confusion that explains what is wrong; how its state is kept."""

    name: str
    cells: list[Cell]
    explanation: Explanation | None = None
    convention: str = ""


def check_updates(session: Session, names: list[str], dtype: str) -> Iterator[CheckedOptimizer]:
    """Each optimizer's update at some iterations: a cell for each result array.

    Raises PortFailure at a session's end, after what was found before it.
    """
    for name in names:
        if name not in session.hello.optimizers:
            what = "the port has no such optimizer"
            yield CheckedOptimizer(name, [Cell.without_figures(Quantity.UPDATE, name, Verdict.NOT_IMPLEMENTED, what)])
            continue
        checked = CheckedOptimizer(name, [])
        try:
            _check(session, checked, dtype)
        except PortFailure as failure:
            absent = failure.kind is Failure.UNSUPPORTED
            verdict = Verdict.NOT_IMPLEMENTED if absent else Verdict.COULD_NOT_RUN
            checked.cells.append(Cell.without_figures(Quantity.UPDATE, name, verdict, failure.what))
            yield checked
            if failure.ends_session:
                raise
        else:
            yield checked


def _check(session: Session, checked: CheckedOptimizer, dtype: str) -> None:
    name, alone = checked.name, []
    for iteration in ITERATIONS:
        inputs = draw_update(name, iteration, dtype)
        update = Update(iteration, inputs, _request(session, name, iteration, inputs))
        alone.append(Question(name, RULES[name].numbers, [update], dtype))
        checked.cells += _cells(alone[-1])
    if all(cell.verdict.passes for cell in checked.cells):
        return
    given = Question(name, RULES[name].numbers, [one.updates[0] for one in alone], dtype)
    trained, states = _train(session, name, dtype)
    kept = kept_otherwise(trained, states) if trained.is_right() else ""
    if kept:
        checked.convention = f"same step, the state kept with another sign or scale: {kept}"
        checked.cells = _passed(trained, checked.convention)
        return
    found = [*confusions_of(given)] or [*confusions_of(trained)]
    checked.explanation = found[0] if found else None


def _request(session: Session, name: str, iteration: int, inputs: Mapping[str, Array]) -> dict[str, Array]:
    rule, p = RULES[name], inputs["p"]
    expect = dict.fromkeys(("p", *rule.state), (p.shape, p.dtype))
    fields = {key: repr(value) for key, value in rule.numbers.items()}
    request = {"optimizer": name, "iteration": str(iteration), **fields}
    return dict(session.request("update", request, inputs, expect).arrays)


def _train(session: Session, name: str, dtype: str) -> tuple[Question, list[dict[str, Array]]]:
    """Some updates of two parameters in turn, each with the state that the port returned of it."""
    state = {at: {key: np.zeros(SHAPE, dtype) for key in RULES[name].state} for at in "12"}
    states = []

    def update(iteration: int, given: Mapping[str, Array]) -> Mapping[str, Array]:
        new = {}
        for at in "12":
            came = _request(session, name, iteration, {"p": given[f"p{at}"], "dp": given[f"dp{at}"], **state[at]})
            new[f"p{at}"] = came["p"]
            state[at] = {key: came[key] for key in RULES[name].state}
        states.append({key: np.concatenate([state[at][key] for at in "12"]) for key in RULES[name].state})
        return new

    return train_some(update, name, RULES[name].numbers, dtype), states


def _cells(question: Question) -> list[Cell]:
    """Of one update."""
    [update], [right] = question.updates, question.results(RULES[question.name].formula)
    cells = []
    for key, bounded in right.items():
        came, expected = update.came[key], bounded.value.astype(question.dtype)
        figures = judge(came, expected, Allowance(limit=question.allowed(bounded)))
        call = f"{question.name}, iteration {update.iteration}"
        where = Where(operation="update", array=key)
        told = "" if figures.verdict.passes else difference_words(came, expected, figures.worst, where, call)
        cells.append(Cell.of(Quantity.UPDATE, _array(question.name, key, update.iteration), figures, told))
    return cells


def _passed(trained: Question, convention: str) -> list[Cell]:
    """Of an optimizer that trains alike: its p in the training, and its state, which is another."""
    cells = []
    for update, figures in zip(trained.updates, p_figures(trained), strict=True):
        if update.iteration in ITERATIONS:
            of = {key: _array(trained.name, key, update.iteration) for key in ("p", *RULES[trained.name].state)}
            cells.append(Cell.of(Quantity.UPDATE, of.pop("p"), figures, ""))
            cells += [Cell.without_figures(Quantity.UPDATE, one, Verdict.ROUNDING, convention) for one in of.values()]
    return cells


def p_figures(question: Question) -> list[Figures]:
    """Of p after each update, where the state is the optimizer's own, and the order of its operations is free."""
    right = (one["p"] for one in question.results(RULES[question.name].formula))
    return [
        judge(update.came["p"], p.value.astype(question.dtype), Allowance(limit=LOOSE * question.allowed(p)))
        for update, p in zip(question.updates, right, strict=True)
    ]


def _array(name: str, key: str, iteration: int) -> str:
    return f"{name} {key}, iteration {iteration}"


def draw_update(name: str, iteration: int, dtype: str) -> dict[str, Array]:
    """p, dp and a state that earlier updates may have left: sizes from 1e-6 to 1, so that 1e-7 shows."""
    rng = np.random.Generator(np.random.Philox(iteration))
    dp = drawn_gradient(rng)
    arrays = {"p": rng.normal(size=SHAPE), "dp": dp}
    for key in RULES[name].state:
        squares = key == "h" or (key == "v" and name == "adam")
        earlier = (dp * rng.uniform(0.5, 1.5, SHAPE)) ** 2 if squares else dp * rng.uniform(-1, 1, SHAPE)
        arrays[key] = earlier if iteration > 1 else np.zeros(SHAPE)
    return {key: array.astype(dtype) for key, array in arrays.items()}
