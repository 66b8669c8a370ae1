"""The optimizers' updates, checked one by one: the port is given parameters, a gradient and a state, and each result
must lie within what rounding explains of the formula.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..arithmetic.precision import Precision
from ..arithmetic.verdicts import Allowance, Verdict, judge
from ..cases import Array
from ..check.records import Cell, Quantity
from ..diagnosis.records import Explanation
from ..ports.session import Failure, PortFailure, Session
from .bounded import Bounded
from .rules import RULES, Formula, Numbers, known_bugs

ITERATIONS = (1, 2, 10)
SHAPE = (5, 4)


def check_updates(session: Session, names: list[str], dtype: str) -> list[Cell]:
    """Each optimizer's update at some iterations: a cell for each result array.

    Raises PortFailure at a session's end.
    """
    cells: list[Cell] = []
    for name in names:
        if name not in session.hello.optimizers:
            cells.append(_cell(name, Verdict.NOT_IMPLEMENTED, "the port has no such optimizer"))
            continue
        for iteration in ITERATIONS:
            try:
                cells += _check_one(session, name, iteration, dtype)
            except PortFailure as failure:
                absent = failure.kind is Failure.UNSUPPORTED
                verdict = Verdict.NOT_IMPLEMENTED if absent else Verdict.COULD_NOT_RUN
                cells.append(_cell(name, verdict, failure.what))
                if failure.ends_session:
                    raise
    return cells


def _check_one(session: Session, name: str, iteration: int, dtype: str) -> list[Cell]:
    rule, inputs = RULES[name], draw_update(name, iteration, dtype)
    expect = dict.fromkeys(("p", *rule.state), (SHAPE, dtype))
    fields = {key: repr(value) for key, value in rule.numbers.items()}
    reply = session.request("update", {"optimizer": name, "iteration": str(iteration), **fields}, inputs, expect)
    right = results(rule.formula, rule.numbers, iteration, inputs, dtype)
    cells = []
    for key, bounded in right.items():
        figures = judge(reply.arrays[key], bounded.value.astype(dtype), _allowance(bounded, dtype))
        told = "" if figures.verdict.passes else _told(reply.arrays, name, iteration, inputs, dtype)
        cells.append(Cell.of(Quantity.UPDATE, f"{name} {key}, iteration {iteration}", figures, told))
    return cells


def draw_update(name: str, iteration: int, dtype: str) -> dict[str, Array]:
    """p, dp and a state that earlier updates may have left: sizes from 1e-6 to 1, so that 1e-7 shows."""
    rng = np.random.Generator(np.random.Philox(iteration))
    sizes = np.logspace(-6, 0, SHAPE[0])[:, None]
    dp = sizes * rng.uniform(0.5, 1.5, SHAPE) * rng.choice([-1.0, 1.0], SHAPE)
    arrays = {"p": rng.normal(size=SHAPE), "dp": dp}
    for key in RULES[name].state:
        squares = key == "h" or (key == "v" and name == "adam")
        earlier = (dp * rng.uniform(0.5, 1.5, SHAPE)) ** 2 if squares else dp * rng.uniform(-1, 1, SHAPE)
        arrays[key] = earlier if iteration > 1 else np.zeros(SHAPE)
    return {key: array.astype(dtype) for key, array in arrays.items()}


def results(
    formula: Formula, numbers: Numbers, iteration: int, inputs: Mapping[str, Array], dtype: str
) -> dict[str, Bounded]:
    """What the formula gives for these arrays, with its bounds in this dtype."""
    arrays = {key: Bounded.of(array, dtype) for key, array in inputs.items()}
    return formula(numbers, iteration, arrays, lambda value: Bounded.of(value, dtype))


def explain_update(
    came: Mapping[str, Array], name: str, iteration: int, inputs: Mapping[str, Array], dtype: str
) -> Explanation | None:
    """The known bug that gives these very arrays, within what rounding explains of it."""
    for bug, sentence, formula in known_bugs(name):
        wrong = results(formula, RULES[name].numbers, iteration, inputs, dtype)
        with np.errstate(invalid="ignore", divide="ignore"):
            fits = [
                judge(came[key], one.value.astype(dtype), _allowance(one, dtype)).ratio <= 1
                for key, one in wrong.items()
            ]
        if all(fits):
            return Explanation(name=bug, sentence=sentence, residual=0.0)
    return None


def _told(came: Mapping[str, Array], name: str, iteration: int, inputs: Mapping[str, Array], dtype: str) -> str:
    found = explain_update(came, name, iteration, inputs, dtype)
    return f"{found.name}: {found.sentence}" if found else "no known bug gives these numbers"


def _allowance(bounded: Bounded, dtype: str) -> Allowance:
    """The bound, and the rounding of the reference itself to this dtype."""
    return Allowance(limit=bounded.error + Precision.of(dtype).u * abs(bounded.value) + Precision.of(dtype).subnormal)


def _cell(name: str, verdict: Verdict, detail: str) -> Cell:
    return Cell(quantity=Quantity.UPDATE, array=name, verdict=verdict, detail=detail)
