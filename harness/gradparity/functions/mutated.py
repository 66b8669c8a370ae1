"""A function's reference with one small change: what a port may have got wrong, or a suite may not notice."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..arithmetic.precision import Array
from .function import Function, as_arguments
from .mutations import Mutation, definitions, mutations, reached
from .steps import counted_steps

MORE, SPARE = 10, 10_000  # a mutant may run so many times the reference's lines, and so many
KEPT = 16  # functions


def most_steps(usual: int) -> int:
    """How many lines a mutant may run where the reference runs so many."""
    return MORE * usual + SPARE


def load_changed(name: str, path: str, source: str) -> dict[str, Function]:
    """The functions that this text declares, as a module of this name from there. What the text raises is raised."""
    code = compile(source, path, "exec", dont_inherit=True)
    module = ModuleType(name)
    module.__file__ = path
    assert name in sys.modules, "the reference itself was loaded before"
    exec(code, vars(module))
    return {one.name: one for one in vars(module).values() if isinstance(one, Function)}


def mutants_of(function: Function) -> list[tuple[Mutation, Function]]:
    """Each change of a file in what this function is made of, and the function with it; none of one without a file."""
    return _mutants_of(function.reference)


@lru_cache(KEPT)
def _mutants_of(reference: Callable[..., Any]) -> list[tuple[Mutation, Function]]:
    name, path = reference.__name__, reference.__code__.co_filename
    try:
        source = Path(path).read_text(encoding="utf-8")
        if name not in definitions(source) or reference.__module__ not in sys.modules:
            return []
    except (OSError, UnicodeDecodeError, SyntaxError):  # typed in, or changed since
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with counted_steps(path) as usual:
            load_changed(reference.__module__, path, source)
        found = []
        for one in mutations(source, reached(source, name)):
            try:
                with counted_steps(path, most_steps(usual.count)):
                    found.append((one, load_changed(reference.__module__, path, one.source)[name]))
            except (Exception, SystemExit):  # a change that does not even load
                continue
    return found


def result_of(mutant: Function, inputs: Mapping[str, Array], result: str, usual: int) -> Any:
    """A result of a mutant; None where it gives none, or runs on and on. ``usual``: lines that the reference runs."""
    try:
        with counted_steps(mutant.reference.__code__.co_filename, most_steps(usual)), np.errstate(all="ignore"):
            return np.asarray(mutant.results(as_arguments(inputs))[result])
    except (Exception, SystemExit):
        return None
