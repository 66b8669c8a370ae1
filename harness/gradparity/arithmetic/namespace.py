"""NumPy as a function's own modules see it while the function runs in another arithmetic.

A subclass of ndarray hears of every operation on it, but not of arrays that are made anew: `np.zeros` knows no
arithmetic, and what is computed in such an array would be lost to it (NEP 31). So while a function runs, the name `np`
in its modules, and in those of the functions that it calls, means a NumPy whose new arrays take part.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from .carried import Arithmetic

MADE_ANEW = (
    "array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "require", "copy", "fromiter",
    "zeros", "ones", "empty", "full", "eye", "identity", "arange", "linspace", "logspace", "geomspace",
    "diag", "diagflat", "tri", "vander", "meshgrid", "block", "float64", "float32",
)  # fmt: skip
FOREIGN = {"builtins", "numpy", "scipy", "torch", "jax", "gradparity"}  # their modules keep their own NumPy


class Namespace(ModuleType):
    """NumPy, but what it makes anew belongs to an arithmetic."""

    def __init__(self, arithmetic: Arithmetic) -> None:
        super().__init__("numpy")
        self.made_anew = {name: _carrying(getattr(np, name), arithmetic) for name in MADE_ANEW}

    def __getattr__(self, name: str) -> Any:
        """NumPy's own, or the one that carries."""
        return self.made_anew[name] if name in self.made_anew else getattr(np, name)


def _carrying(make: Callable[..., Any], arithmetic: Arithmetic) -> Callable[..., Any]:
    @functools.wraps(make)
    def made(*args: Any, **kwargs: Any) -> Any:
        return arithmetic.carry_all(make(*args, **kwargs))

    return made


@contextmanager
def seen_by(function: Callable[..., Any], arithmetic: Arithmetic) -> Iterator[None]:
    """While this lasts, the modules of the function, and of all Python functions that it can reach, see that NumPy."""
    namespace = Namespace(arithmetic)
    replaced: list[tuple[dict[str, Any], str, Any]] = []
    for names in _modules(function):
        for name, value in list(names.items()):
            if value is np:
                replaced.append((names, name, value))
                names[name] = namespace
            elif name in namespace.made_anew and value is getattr(np, name):  # from numpy import zeros
                replaced.append((names, name, value))
                names[name] = namespace.made_anew[name]
    try:
        yield
    finally:
        for names, name, value in replaced:
            names[name] = value


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
