"""Cases of a function: sizes that find bugs, and numbers that are drawn once from a seed.

The sizes differ pairwise, so that what is transposed, or summed over another axis, does not fit; each is 1 once, and
past where blocked loops have their last, smaller block.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

import numpy as np

from ..arithmetic.precision import Array
from ..errors import OptionError
from .function import Function
from .inputs import Quirk
from .signature import Kind

LARGE = (67, 300, 1100)  # past the usual blocks of rows, twice, and of an inner dimension
MOST = 400_000  # elements of an input


@dataclass(frozen=True, eq=False)
class FunctionSpec:
    """A function, the size of each symbol, the dtype, and what is unusual about the numbers.

    Two are equal where name and function are, as another file may have a function of the same name.
    """

    function: Function
    sizes: Mapping[str, int]
    dtype: str = "float64"
    quirk: Quirk | None = None

    @cached_property
    def name(self) -> str:
        """All of that in one word: "ridge-n5-d4-float64-ties"."""
        sizes = [f"{symbol}{size}" for symbol, size in self.sizes.items()]
        return "-".join([self.function.name, *sizes, self.dtype, *([self.quirk] if self.quirk else [])])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FunctionSpec):
            return NotImplemented
        return (self.name, self.function.reference) == (other.name, other.function.reference)

    def __hash__(self) -> int:
        return hash(self.name)

    def drawn(self, seed: int, again: int = 0) -> dict[str, Array]:
        """Its inputs, read-only; ``again`` counts draws of one seed. Raises ValueError that names the argument."""
        key = zlib.crc32(replace(self, dtype="float64", quirk=None).name.encode())
        found = {}
        for place, (name, one) in enumerate(self.function.inputs.items()):
            rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, key, again, place])))
            try:
                found[name] = one.drawn(rng, self.sizes, self.dtype, self.quirk)
            except Exception as error:
                raise ValueError(f"the argument {name} cannot be drawn: {type(error).__name__}: {error}") from error
            found[name].setflags(write=False)
        return found


def usual_seeds(functions: Iterable[Function]) -> list[int]:
    """Of the default check: more draws where some argument is a number that says how, such as a degree, or a flag."""
    says_how = any(
        one.kind is not Kind.FLOAT and not one.shape.sizes for each in functions for one in each.inputs.values()
    )
    return [0, 1, 2] if says_how else [0]


def suite_of(function: Function) -> list[FunctionSpec]:
    """The default cases of a function, each once."""
    found = [FunctionSpec(function, function.first_sizes(), dtype) for dtype in function.dtypes]
    usual = function.dtypes[0]
    found += [FunctionSpec(function, sizes, usual) for sizes in _unusual_sizes(function)]
    quirks = {quirk for one in function.inputs.values() for quirk in one.quirks}
    has_matrices = any(len(one.shape.sizes) > 1 for one in function.inputs.values())
    quirks -= {Quirk.WHOLE} if has_matrices else {Quirk.WHOLE, Quirk.FORTRAN}
    found += [FunctionSpec(function, function.first_sizes(), usual, quirk) for quirk in Quirk if quirk in quirks]
    if len(function.dtypes) > 1:  # the other: what sums long, or has no room for its numbers
        sizes = [one.sizes for one in found if max(one.sizes.values(), default=0) == LARGE[1]]
        found += [FunctionSpec(function, at, function.dtypes[1]) for at in sizes[:1]]
    return list({one.name: one for one in found}.values())


def _unusual_sizes(function: Function) -> Iterator[dict[str, int]]:
    """None of anything where that is allowed; one of everything, of each alone; and each large in its turn."""
    first = function.first_sizes()
    tried = [dict.fromkeys(first, 0), *({**first, symbol: 0} for symbol in first)]
    tried += [dict.fromkeys(first, 1), *({**first, symbol: 1} for symbol in first)]
    tried += [{**first, symbol: size} for size in LARGE for symbol in first]
    for sizes in tried:
        shapes = [one.shape.at(sizes) for one in function.inputs.values()]
        if function.allows(sizes) and all(np.prod(shape, dtype=float) <= MOST for shape in shapes):
            yield sizes


def named_case(functions: Mapping[str, Function], name: str) -> FunctionSpec | None:
    """The case of this name, in the suite or not; None where it is the name of none."""
    for function in functions.values():
        sizes = "".join(rf"-{re.escape(symbol)}(\d+)" for symbol in function.symbols)
        quirks = "|".join(map(re.escape, Quirk))
        found = re.fullmatch(rf"{re.escape(function.name)}{sizes}-(float64|float32)(?:-({quirks}))?", name)
        if found:
            *numbers, dtype, quirk = found.groups()
            at = dict(zip(function.symbols, map(int, numbers), strict=True))
            if function.allows(at):
                return FunctionSpec(function, at, dtype, Quirk(quirk) if quirk else None)
    return None


def select_function_cases(
    functions: Mapping[str, Function], wanted: tuple[str, ...], dtypes: tuple[str, ...] = ()
) -> dict[str, FunctionSpec]:
    """The cases that ``--case`` values name: a name, or a pattern (*) of the suites'; none: all.

    Raises UsageError for a name that matches nothing, or where nothing is left.
    """
    suite = {spec.name: spec for function in functions.values() for spec in suite_of(function)}
    chosen = {} if wanted else suite
    for text in wanted:
        found = {name: spec for name, spec in suite.items() if fnmatchcase(name, text)}
        one = None if found else named_case(functions, text)
        found |= {text: one} if one else {}
        if not found:
            raise OptionError(
                "--case", text, f"no such case; there are {', '.join(list(suite)[:3])}, ..., and * matches anything"
            )
        chosen = {**chosen, **found}
    kept = {name: spec for name, spec in chosen.items() if not dtypes or spec.dtype in dtypes}
    if not kept:
        raise OptionError("--dtype", ", ".join(dtypes), "none of the chosen cases has it")
    return kept


def simpler(spec: FunctionSpec) -> Iterator[FunctionSpec]:
    """Cases with one thing less, the largest steps first. Each is strictly simpler, so that shrinking ends."""
    if spec.quirk not in (None, Quirk.WHOLE):
        yield replace(spec, quirk=None)
    for symbol, size in spec.sizes.items():
        for less in sorted({1, size // 2, size - 1} & set(range(1, size))):
            smaller = replace(spec, sizes={**spec.sizes, symbol: less})
            if spec.function.allows(smaller.sizes):
                yield smaller
    if spec.quirk is None and any(Quirk.WHOLE in one.quirks for one in spec.function.inputs.values()):
        yield replace(spec, quirk=Quirk.WHOLE)


def shrunk(spec: FunctionSpec, shows: Callable[[FunctionSpec], bool], attempts: int) -> FunctionSpec:
    """The simplest case found that still shows something, by steps that each do; the case itself where none does."""
    waiting = list(simpler(spec))
    for _ in range(attempts):
        if not waiting:
            break
        tried = waiting.pop(0)
        if shows(tried):
            spec, waiting = tried, list(simpler(tried))
    return spec


def on_the_wire(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """As they travel: integers as int32, booleans as uint8, and what is uint8 already as that."""
    kinds = {"i": np.int32, "u": np.int32, "b": np.uint8}
    return {
        name: one.astype(kinds[one.dtype.kind]) if one.dtype.kind in kinds and one.dtype != np.uint8 else one
        for name, one in arrays.items()
    }
