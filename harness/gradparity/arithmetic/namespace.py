"""NumPy as a function's own modules see it while the function runs in another arithmetic.

A subclass of ndarray hears of every operation on it, but not of arrays that are made anew: `np.zeros` knows no
arithmetic, and what is computed in such an array would be lost to it (NEP 31). So while a function runs, the name `np`
in its modules, and in those of the functions that it calls, means a NumPy whose new arrays take part.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from .carried import Arithmetic, bare

MADE_ANEW = frozenset((
    "array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "require", "copy", "fromiter",
    "zeros", "ones", "empty", "full", "eye", "identity", "arange", "linspace", "logspace", "geomspace",
    "diag", "diagflat", "tri", "vander", "meshgrid", "block", "float64", "float32",
))  # fmt: skip
FOREIGN = {"builtins", "numpy", "scipy", "torch", "jax", "gradparity"}  # their modules keep their own NumPy


class Namespace(ModuleType):
    """NumPy, but what it makes anew belongs to an arithmetic."""

    def __init__(self, arithmetic: Arithmetic) -> None:
        super().__init__("numpy")
        self.arithmetic = arithmetic

    def __getattr__(self, name: str) -> Any:
        """NumPy's own, or one that carries; the next time it is found without this."""
        found = getattr(np, name)
        if name in MADE_ANEW:
            found = _carrying(found, self.arithmetic)
        setattr(self, name, found)
        return found


def _carrying(make: Callable[..., Any], arithmetic: Arithmetic) -> Callable[..., Any]:
    def made(*args: Any, **kwargs: Any) -> Any:
        return arithmetic.carry_all(make(*map(_bare_in, args), **kwargs))

    return made


def _bare_in(one: Any) -> Any:
    """A list of numbers is read without asking each to be a float."""
    return type(one)(map(_bare_in, one)) if type(one) in (list, tuple) else bare(one)


def seen_by(function: Callable[..., Any]) -> Callable[[Arithmetic], AbstractContextManager[None]]:
    """A context in which the modules of the function, and of all Python functions that it can reach, see that NumPy."""
    places = [
        (names, name, "" if value is np else name)
        for names in _modules(function)
        for name, value in names.items()
        if value is np or (name in MADE_ANEW and value is getattr(np, name))  # from numpy import zeros
    ]

    @contextmanager
    def seen(arithmetic: Arithmetic) -> Iterator[None]:
        namespace = Namespace(arithmetic)
        replaced = [(names, name, names[name]) for names, name, _ in places]
        for names, name, one in places:
            names[name] = getattr(namespace, one) if one else namespace
        try:
            yield
        finally:
            for names, name, value in replaced:
                names[name] = value

    return seen


def _modules(function: Callable[..., Any]) -> list[dict[str, Any]]:
    """The global names of each module that the function reaches, by what its code and its classes name."""
    found: dict[int, dict[str, Any]] = {}
    seen: set[int] = set()
    waiting: list[Any] = [function]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if _is_foreign(one):
            waiting.append(vars(type(one)).get("__wrapped__") and one.__wrapped__)  # a declared function's reference
            continue
        if isinstance(one, FunctionType):
            found[id(one.__globals__)] = one.__globals__
        waiting += _parts(one)
    return list(found.values())


def _parts(one: Any) -> list[Any]:
    """What this can call."""
    if isinstance(one, functools.partial):
        return [one.func]
    if isinstance(one, MethodType):
        return [one.__func__]
    if isinstance(one, FunctionType):
        names = one.__code__.co_names
        reached = [one.__globals__[name] for name in names if name in one.__globals__]
        of_modules = [getattr(part, name, None) for part in reached if isinstance(part, ModuleType) for name in names]
        inner = [cell.cell_contents for cell in one.__closure__ or () if cell != CellType()]
        return [*reached, *of_modules, *inner, getattr(one, "__wrapped__", None)]
    if isinstance(one, staticmethod | classmethod):
        return [one.__func__]
    if isinstance(one, type):
        return [part for base in one.__mro__ for part in vars(base).values()]
    return [] if isinstance(one, ModuleType) or one is None else [type(one)]


def _is_foreign(one: Any) -> bool:
    """Whether it is of a library that is no reference: it keeps its own NumPy."""
    name = one.__name__ if isinstance(one, ModuleType) else getattr(one, "__module__", None)
    return str(name).partition(".")[0] in FOREIGN
