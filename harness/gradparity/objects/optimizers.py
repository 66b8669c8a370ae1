"""Optimizer classes as the book has them, with ``update(params, grads)``: each beside its formula, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np
from gradparity_reference import OPTIMIZERS

from ..arithmetic.verdicts import Verdict
from ..cases import Array
from ..check.answers import difference_words, verdict_of_failure
from ..check.records import ORDER, CaseResult, Cell, Quantity
from ..diagnosis.records import Alone, Diagnosis, Where
from ..ports.session import PortFailure
from ..train.conventions import SHAPE, train_some
from ..train.fitting import Question, confusions_of
from ..train.rules import RULES
from ..train.updates import p_figures
from .again import optimizer_call
from .handed import as_array
from .in_process import answered
from .taking import called, parameters

Optimizers = Mapping[str, Callable[..., Any]]

RATE = 0.03  # nobody's default, and no 1 - momentum
NAMED = {"decay": ("decay", "decay_rate")}  # the book's name, too
PARAMS = {"W1": "1", "b1": "2"}  # as a training calls them: a matrix, and the same number of elements as a vector


def checked_optimizers(optimizers: Any) -> None:
    """Raises ValueError for what is no dict of classes by the names of optimizers."""
    if not isinstance(optimizers or {}, Mapping):
        raise ValueError(f"optimizers: expected a dict such as {{'sgd': SGD, 'adam': Adam}}, came {optimizers!r}")
    for name, make in (optimizers or {}).items():
        if name not in RULES:
            raise ValueError(f"optimizers: expected some of {', '.join(RULES)}, came {name!r}")
        if not callable(make):
            what = "a class, or a function that makes one, such as lambda lr: SGD(lr)"
            raise ValueError(f"optimizers: expected {what}, for {name}, came {called(make)} that is made already")


def numbers_of(name: str) -> dict[str, float]:
    """Those of the check: the learning rate, and the rest as by default in the book."""
    usual = OPTIMIZERS[name]()
    return {key: RATE if key == "learning_rate" else getattr(usual, key) for key in RULES[name].numbers}


def compare_optimizers(runner: str, optimizers: Optimizers, dtypes: Iterable[str]) -> list[CaseResult]:
    """Each in each dtype: some updates of W1 and b1, from a fresh optimizer on, a cell for each of the two.

    It gets the learning rate, and by name what it takes of ``momentum``, ``decay`` (or ``decay_rate``), ``beta1`` and
    ``beta2``. The parameters after each update are judged; the state is the optimizer's own.
    """
    return [_compare(runner, name, make, dtype) for name, make in optimizers.items() for dtype in dtypes]


def _compare(runner: str, name: str, make: Callable[..., Any], dtype: str) -> CaseResult:
    errstate, fresh = np.geterr(), _Fresh(make, name)

    def update(iteration: int, given: Mapping[str, Array]) -> dict[str, Array]:
        params, grads = _as_book(given, "p"), _as_book(given, "dp")
        expect = {key: (one.shape, one.dtype) for key, one in params.items()}
        came = answered(runner, "update", expect, errstate, lambda: fresh.update(params, grads), _result).arrays
        return {f"p{at}": came[key].reshape(given[f"p{at}"].shape) for key, at in PARAMS.items()}

    about: dict[str, Any] = {"runner": runner, "case": f"{name}-{dtype}", "seed": 0, "dtype": dtype, "function": name}
    about["command"] = optimizer_call(name, make, dtype)
    try:
        question = train_some(update, name, numbers_of(name), dtype)
    except PortFailure as failure:
        cell = Cell.without_figures(Quantity.UPDATE, "", verdict_of_failure(failure.kind), f"update: {failure.what}")
        return CaseResult(**about, cells=[cell], stderr=failure.stderr)
    return CaseResult(**about, **_judged(question))


class _Fresh:
    """An optimizer that is made at its first update, so that what its constructor raises is an answer, too."""

    def __init__(self, make: Callable[..., Any], name: str) -> None:
        self.make, self.numbers = make, numbers_of(name)
        self.optimizer: Any = None

    def update(self, params: dict[str, Array], grads: dict[str, Array]) -> dict[str, Array]:
        if self.optimizer is None:
            taken = parameters(self.make)
            names = {word: key for key in self.numbers for word in NAMED.get(key, (key,)) if key != "learning_rate"}
            given = {word: self.numbers[key] for word, key in names.items() if word in taken}
            self.optimizer = self.make(self.numbers["learning_rate"], **given)
        self.optimizer.update(params, grads)
        return params


def _as_book(given: Mapping[str, Array], what: str) -> dict[str, Array]:
    matrix, vector = given[f"{what}1"].copy(), given[f"{what}2"].reshape(-1).copy()
    return {"W1": matrix, "b1": vector}


def _result(name: str, value: Any, expect: Any) -> Array:
    return as_array(name, value, expect[name][1] if name in expect else None, "in_out")


def _judged(question: Question) -> dict[str, Any]:
    """The cells, and the diagnosis of what is wrong, as fields of a CaseResult."""
    rows = SHAPE[0]
    parts = {"W1": question.rows(slice(None, rows)), "b1": question.rows(slice(rows, None))}
    cells = [_cell(key, part) for key, part in parts.items()]
    wrong = next((cell.array for cell in cells if cell.verdict is Verdict.WRONG), None)
    if wrong is None:
        return {"cells": cells}
    where = Where(operation="update", array=wrong)
    found = list(islice(confusions_of(question), 1))
    return {"cells": cells, "diagnoses": [Diagnosis(where=where, alone=Alone.NOT_ASKED, explanations=found)]}


def _cell(key: str, part: Question) -> Cell:
    """Of a parameter: its first update that is wrong, or else the one that is furthest off."""
    found = p_figures(part)
    at = next((at for at, one in enumerate(found) if not one.ratio <= 1), None)
    if at is None:
        figures = max(found, key=lambda one: (ORDER.index(one.verdict), one.ratio))
        return Cell.of(Quantity.UPDATE, key, figures, "")
    p = part.results(RULES[part.name].formula)[at]["p"].value.astype(part.dtype)
    came, expected, place = part.updates[at].came["p"], p, found[at].worst
    if key == "b1":
        place = (int(np.ravel_multi_index(place, p.shape)),)
        came, expected = came.reshape(-1), p.reshape(-1)
    where, call = Where(operation="update", array=key), f"{part.name}, update {at + 1}"
    return Cell.of(Quantity.UPDATE, key, found[at], difference_words(came, expected, place, where, call))
