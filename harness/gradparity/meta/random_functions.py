"""Random cases of declared functions: mostly small sizes, either dtype, and any quirk that the inputs can have."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

import numpy as np

from ..functions.cases import FunctionSpec
from ..functions.function import Function
from ..functions.inputs import Quirk

MOST = 20_000  # elements of an input
TRIES = 100  # at sizes that the function allows


def random_function_spec(
    functions: Mapping[str, Function], seed: int, index: int
) -> tuple[FunctionSpec, int, np.random.Generator]:
    """The index-th case of a soak, its own seed, and a generator for more: the same on every machine."""
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, index])))
    function = list(functions.values())[rng.integers(len(functions))]
    quirks = sorted({quirk for one in function.inputs.values() for quirk in one.quirks})
    quirk = Quirk(rng.choice(quirks)) if quirks and rng.random() < 0.4 else None
    spec = FunctionSpec(function, _random_sizes(function, rng), str(rng.choice(function.dtypes)), quirk)
    return spec, int(rng.integers(10_000)), rng


def _random_sizes(function: Function, rng: np.random.Generator) -> dict[str, int]:
    for _ in range(TRIES):
        sizes = {}
        for symbol in function.symbols:
            most, declared = int(rng.choice([3, 8, 20, 60])), function.sizes[symbol]
            small = [size for size in range(most + 1) if size in declared] if isinstance(declared, range) else []
            sizes[symbol] = int(rng.choice(small or list(islice(declared, TRIES))))
        shapes = [one.shape.at(sizes) for one in function.inputs.values()]
        if function.allows(sizes) and all(np.prod(shape, dtype=float) <= MOST for shape in shapes):
            return sizes
    return function.first_sizes()
