"""Functions of the user's own: a reference in NumPy, and what is declared of it.

    @function(X="n d", y="n", penalty=positive())
    def ridge(X, y, penalty):
        ...
        return {"w": w, "loss": loss}

docs/your-function.md goes through it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..arithmetic.precision import Array
from ..errors import UsageError
from .inputs import Input, as_input
from .mistakes import mistake_in
from .results import named_results
from .shapes import ShapeError, in_symbols, size_at
from .signature import Argument, Kind, Signature

DTYPES = ("float64", "float32")
PROBE = (5, 4, 6, 3, 7, 8, 9, 10, 11, 13)  # sizes for a first look: no two symbols have the same


class BadReference(UsageError):
    """A reference file is not as it should be: says the file, the line, the function, and the argument at fault."""


Recorder = Callable[["Function", dict[str, Any], dict[str, Any]], None]
_recorder: ContextVar[Recorder | None] = ContextVar("recorder", default=None)


@dataclass(frozen=True)
class Gradient:
    """That a result is the gradient of another, a number, by an input."""

    of: str
    by: str


@dataclass(frozen=True)
class Function:
    """A function with a reference in NumPy. To call it is to call that.

    ``sizes`` are what each symbol may stand for: any collection, such as a range. ``gradients`` by the result's name.
    ``accuracy`` are relative errors that the owner declares to be none, by the result's name.
    """

    reference: Callable[..., Any]
    inputs: Mapping[str, Input]
    sizes: Mapping[str, Collection[int]]
    dtypes: tuple[str, ...] = DTYPES
    gradients: Mapping[str, Gradient] = field(default_factory=dict)
    accuracy: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name."""
        return self.reference.__name__

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        """The reference, by the name that Python has for it."""
        return self.reference

    @property
    def place(self) -> str:
        """Where it stands: its file and line."""
        code = self.reference.__code__
        return f"{code.co_filename}:{code.co_firstlineno}"

    @property
    def symbols(self) -> list[str]:
        """Those of all shapes, in the order in which they come."""
        return list(dict.fromkeys(symbol for one in self.inputs.values() for symbol in one.shape.symbols))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The reference's own result."""
        found = self.reference(*args, **kwargs)
        if recorder := _recorder.get():
            given = inspect.signature(self.reference).bind(*args, **kwargs).arguments
            recorder(self, dict(given), named(found))
        return found

    def results(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The results of these inputs by name, in order. What the reference raises is raised."""
        return named(self.reference(**inputs))

    def allows(self, sizes: Mapping[str, int]) -> bool:
        """Whether the symbols may stand for these sizes, and every shape then is one."""
        own = all(size in self.sizes[symbol] for symbol, size in sizes.items())
        return own and all(size >= 0 for one in self.inputs.values() for size in one.shape.at(sizes))

    def signature(self) -> Signature:
        """What ports are told of it; the results' shapes as two runs show them. Raises BadReference."""
        sizes, others = self.first_sizes(), self.first_sizes(PROBE[::-1])
        found, again = self._tried(sizes), self._tried(others if self.allows(others) else sizes)
        texts = [*self.symbols, *(text for one in self.inputs.values() for text in one.shape.sizes)]
        known = {text: (size_at(text, sizes), size_at(text, others)) for text in texts}
        results = [
            Argument(
                name, kind_of(self, name, one), in_symbols(one.shape, again[name].shape if name in again else (), known)
            )
            for name, one in found.items()
        ]
        arguments = [Argument(name, one.kind, one.shape.sizes) for name, one in self.inputs.items()]
        summary = (inspect.getdoc(self.reference) or f"As {self.name} of the reference.").splitlines()[0]
        return Signature(self.name, summary, tuple(arguments), tuple(results))

    def _tried(self, sizes: Mapping[str, int]) -> dict[str, Array]:
        if not self.allows(sizes):
            tried = ", ".join(f"{symbol} = {size}" for symbol, size in sizes.items())
            raise BadReference(
                f"{self.place}: {self.name}: a size is negative for {tried}: declare which may be, as sizes={{...}}"
            )
        rng = np.random.default_rng(0)
        with naming_the_line(self):
            inputs = {name: one.drawn(rng, sizes, "float64") for name, one in self.inputs.items()}
        with naming_the_line(self, inputs), np.errstate(all="ignore"):
            return {name: np.asarray(one) for name, one in self.results(as_arguments(inputs)).items()}

    def first_sizes(self, tried: Sequence[int] = PROBE) -> dict[str, int]:
        """Small sizes that differ pairwise, as far as what is declared allows it; the first of ``tried`` that do."""
        found: dict[str, int] = {}
        literals = {int(text) for one in self.inputs.values() for text in one.shape.sizes if text.isdecimal()}
        for symbol in self.symbols:
            free = [size for size in tried if size in self.sizes[symbol] and size not in literals]
            declared = free or list(_first(self.sizes[symbol]))
            found[symbol] = next((size for size in declared if size not in found.values()), declared[0])
        return found


def as_arguments(inputs: Mapping[str, Array]) -> dict[str, Any]:
    """As a function is called with them: an array without dimensions is a number."""
    return {name: one if one.ndim else one[()] for name, one in inputs.items()}


def _first(sizes: Collection[int]) -> Iterator[int]:
    yield from (size for _, size in zip(range(100), sizes, strict=False))


def function(
    undeclared: Callable[..., Any] | None = None,
    /,
    *,
    sizes: Mapping[str, Collection[int]] | None = None,
    dtypes: tuple[str, ...] = DTYPES,
    gradients: Mapping[str, tuple[str, str]] | None = None,
    accuracy: Mapping[str, float] | None = None,
    **inputs: Input | str,
) -> Callable[[Callable[..., Any]], Function]:
    """Declare a function that ports are compared with: the shape of each argument, and how it is drawn.

    A text is a shape: ``X="n d"`` are normal numbers of that shape, ``penalty=""`` is one number. `positive`,
    `increasing`, `probabilities`, `integers`, `booleans`, `floats` and `drawn` say more. ``sizes={"k": (1, 3, 5)}`` is
    what a symbol may stand for; without it, anything from 1 up. ``gradients={"dw": ("loss", "w")}`` says that dw is the
    gradient of loss by w: the reference's own gradients are checked. ``accuracy={"p": 1e-6}`` declares that a relative
    error of that size is none. The function gives its results by name: a dict, a dataclass or a named tuple, in the
    order in which they arise; or one array, which is called result. Raises BadReference.
    """
    if undeclared is not None:
        raise BadReference(f'{_place(undeclared)}: declare the shape of each argument: @function(x="n d")')

    def declare(reference: Callable[..., Any]) -> Function:
        place = _place(reference)
        if mistake := mistake_in(reference, inputs, sizes or {}, RESERVED):
            raise BadReference(f"{place}: {mistake}")
        found: dict[str, Input] = {}
        for name, parameter in inspect.signature(reference).parameters.items():
            if name not in inputs and parameter.default is not parameter.empty:
                continue  # it stays as it is
            if name not in inputs:
                raise BadReference(f"{place}: the argument {name}: declare its shape: @function({name}=...)")
            try:
                found[name] = as_input(inputs[name])
            except (ShapeError, ValueError, TypeError) as error:
                raise BadReference(f"{place}: the argument {name}: {error}") from None
        symbols = dict.fromkeys(symbol for one in found.values() for symbol in one.shape.symbols)
        if unknown := [symbol for symbol in sizes or {} if symbol not in symbols]:
            raise BadReference(f"{place}: sizes: no shape has {unknown[0]}; there are {', '.join(symbols) or 'none'}")
        if unknown := [dtype for dtype in dtypes if dtype not in DTYPES]:
            raise BadReference(f"{place}: dtypes: expected float64 and float32, or one of them, came {unknown[0]}")
        allowed = {symbol: (sizes or {}).get(symbol, range(1, 1 << 31)) for symbol in symbols}
        slopes = {name: Gradient(*pair) for name, pair in (gradients or {}).items()}
        return Function(reference, found, allowed, tuple(dtypes), slopes, dict(accuracy or {}))

    return declare


RESERVED = [name for name, one in inspect.signature(function).parameters.items() if one.kind is one.KEYWORD_ONLY]


def _place(reference: Callable[..., Any]) -> str:
    """Where a function stands: its file, line and name."""
    return f"{reference.__code__.co_filename}:{reference.__code__.co_firstlineno}: {reference.__name__}"


@contextmanager
def hearing_calls(recorder: Recorder) -> Iterator[None]:
    """While this lasts, the recorder hears of each call of a declared function, by whomever."""
    token = _recorder.set(recorder)
    try:
        yield
    finally:
        _recorder.reset(token)


@contextmanager
def naming_the_line(function: Function, inputs: Mapping[str, Array] | None = None) -> Iterator[None]:
    """What the reference raises becomes a BadReference with the line, and the shapes of what it was given."""
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        file, frames = function.reference.__code__.co_filename, inspect.getinnerframes(error.__traceback__)  # type: ignore[arg-type]
        lines = [frame.lineno for frame in frames if frame.filename == file]
        place = f"{file}:{lines[-1]}" if lines else function.place
        what = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise BadReference(f"{place}: {function.name}: {what}{_given(inputs or {})}") from error


def _given(inputs: Mapping[str, Array]) -> str:
    shapes = ", ".join(f"{name} {np.shape(one)}" for name, one in inputs.items())
    return (
        f"; given {shapes}: @function(...) declares shapes, and by sizes={{...}} which sizes there may be"
        if shapes
        else ""
    )


def named(value: Any) -> dict[str, Any]:
    """What a declared function gives, by name. Raises TypeError where that says no names."""
    if value is None or type(value) in (tuple, list):
        raise TypeError(f"expected a dict of results by name, or one array, came {type(value).__name__}")
    results = named_results(value)
    if bad := [name for name in results if not name.isidentifier()]:
        raise TypeError(f"expected names of results such as loss, got {bad[0]!r}")
    return results


def kind_of(function: Function, name: str, value: Array) -> Kind:
    """What a result is made of. Raises BadReference where it can be no result."""
    kinds = {"f": Kind.FLOAT, "i": Kind.INTEGER, "u": Kind.INTEGER, "b": Kind.BOOLEAN}
    if value.dtype.kind not in kinds or value.dtype.itemsize > 8:
        advice = ": give its real and its imaginary part" if value.dtype.kind == "c" else ", which is no kind of number"
        raise BadReference(f"{function.place}: {function.name}: the result {name} is {value.dtype}{advice}")
    return kinds[value.dtype.kind]
