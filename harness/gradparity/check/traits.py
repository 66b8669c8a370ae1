"""What a case is like, from its name: words that are true of it, and sizes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from ..cases import CaseSpec
from ..functions.network import placed
from .records import CaseResult

_ranks = count()
DTYPE, LABELS, ORDER, KIND, QUIRK, SETTING, DATA = (next(_ranks) for _ in range(7))
"""What a word is about: the first is the simplest to say."""


@dataclass(frozen=True, order=True)
class Word:
    """Something that is true of a case or not: "in float32". ``without`` is how to say that it is not, if it has a
    way of its own.
    """

    rank: int
    text: str
    without: str = ""


@dataclass(frozen=True)
class Traits:
    """The words that are true of a case, and its sizes: "batch", "depth"."""

    words: frozenset[Word]
    sizes: Mapping[str, float]


def traits_of(case: CaseResult) -> Traits | None:
    """Of the network's case or of the function's; None where the name does not tell."""
    return _of_function(case.case, case.function) if case.function else _of_network(case.case)


@lru_cache(1024)
def _of_network(name: str) -> Traits | None:
    """``inputs`` are the most terms that are summed in a forward product, ``width`` the widest layer's results."""
    spec = CaseSpec.named(name)
    if spec is None:
        return None
    network = spec.described
    words = [Word(DTYPE, f"in {spec.dtype}"), Word(ORDER, f"in {'Fortran' if spec.order == 'F' else 'C'} order")]
    words.append(Word(LABELS, f"with {'integer' if spec.labels == 'integer' else 'one-hot'} labels"))
    words += [Word(KIND, f"with {kind}", f"without {kind}") for kind in network.kinds]
    words += [Word(QUIRK, f"with {spec.quirk}", f"without {spec.quirk}")] if spec.quirk else []
    words += [Word(SETTING, "with weight decay", "without weight decay")] if spec.weight_decay else []
    words += [Word(SETTING, "with an epsilon in the loss", "without an epsilon in the loss")] if spec.epsilon else []
    words += [Word(DATA, f"on {spec.data} data")]
    weights = [shape for shape in network.arrays.values() if len(shape) > 1]
    terms = [shape[0] if len(shape) == 2 else math.prod(shape[1:]) for shape in weights]
    sizes = {
        "batch": spec.batch,
        "depth": sum(bool(layer.params) for layer in placed(network.layers)),
        "inputs": max(terms, default=0),
        "width": max(map(math.prod, network.results)),
        "classes": spec.classes,
        "scale": spec.scale,
    }
    return Traits(frozenset(words), sizes)


@lru_cache(1024)
def _of_function(name: str, function: str) -> Traits | None:
    found = re.fullmatch(rf"{re.escape(function)}((?:-[^\W\d]\w*?\d+)*)-(float\d+)(?:-(.+))?", name)
    if found is None:
        return None
    sizes, dtype, quirk = found.groups()
    words = [Word(DTYPE, f"in {dtype}"), *([Word(QUIRK, f"with {quirk}", f"without {quirk}")] if quirk else [])]
    return Traits(frozenset(words), {key: float(size) for key, size in re.findall(r"-([^\W\d]\w*?)(\d+)", sizes)})
