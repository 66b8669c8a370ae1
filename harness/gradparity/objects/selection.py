"""Which cases and seeds a comparison asks: those that are named, else those of a network's own sizes, or the suite."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, SupportsIndex

from ..cases import CaseSpec
from ..data import find_mnist, is_at_hand
from ..errors import OptionError, UsageError
from ..seeds import SEED_LIMIT
from ..suite import DTYPES, kept, select_cases
from .handed import Layout
from .parameters import dtype_of, held, sizes_of

Cases = str | CaseSpec | Iterable[str | CaseSpec]


def chosen_cases(cases: Cases, dtypes: str | Iterable[str], data_dir: Path | None = None) -> dict[str, CaseSpec]:
    """The cases by what names them alone; where none is named, the suite: MNIST if it is here, as nobody asked for it.

    Raises ValueError, and UsageError for a data folder that is not there.
    """
    wanted, named = _listed(cases, str | CaseSpec), _listed(dtypes, str)
    if wrong := [one for one in wanted if not isinstance(one, str | CaseSpec)]:
        raise ValueError(f"cases: expected names, patterns (*), .toml files or CaseSpecs, came {wrong[0]!r}")
    if unknown := [dtype for dtype in named if dtype not in DTYPES]:
        raise ValueError(f"dtypes: expected some of {', '.join(DTYPES)}, came {unknown[0]!r}")
    specs = {} if wanted else select_cases(())
    try:
        for one in wanted:
            specs |= {one.name: one} if isinstance(one, CaseSpec) else select_cases((one,))
    except OptionError as error:
        raise ValueError(f"cases: {error.value}: {error.what}") from None
    except UsageError as error:  # of a case file
        raise ValueError(str(error)) from None
    found = kept(specs, named, mnist=bool(wanted) or is_at_hand(find_mnist(data_dir)))
    if not found:
        raise ValueError(f"dtypes: none of the cases is of {', '.join(named)}")
    return found


def _listed(given: Any, one: Any) -> list[Any]:
    """What was given, as a list: ``one`` are the types of which a single thing is no list of others."""
    return list(given) if isinstance(given, Iterable) and not isinstance(given, one) else [given]


def cases_of(network: Any, activation: str, layout: Layout) -> list[CaseSpec]:
    """Cases of the sizes and the dtype of a network's own parameters. Raises ValueError and TypeError."""
    params = held(network)
    sizes, dtype = sizes_of(params, layout), dtype_of(params)
    batch = next(n for n in range(7, 100) if n not in sizes)  # as in the suite: a square array hides a transpose
    variants: list[dict[str, Any]] = [
        {},
        {"labels": "integer", "order": "F"},
        {"batch": 1},
        {"quirk": "zero-rows"},
        {"quirk": "exact-zeros"},
        {"quirk": "negative-logits"},
        {"quirk": "tied-logits"},
        {"quirk": "nan-logits"},
        {"quirk": "steep", "batch": next(n for n in range(67, 200) if n % 8 and n not in sizes)},
    ]
    if len(sizes) > 2 and sizes[-1] > 2:  # smaller ones may cancel so that nothing is resolved
        variants.append({"quirk": "saturated"})
    keys = {"sizes": sizes, "activation": activation, "dtype": dtype, "batch": batch}
    return [CaseSpec.model_validate(keys | variant) for variant in variants]


def chosen_seeds(seeds: int | Iterable[int]) -> list[int]:
    """The seeds in order, each once. Raises ValueError."""
    found = list(dict.fromkeys(_listed(seeds, str)))
    wrong = [seed for seed in found if not isinstance(seed, SupportsIndex) or not 0 <= int(seed) < SEED_LIMIT]
    if wrong or not found:
        came = repr(wrong[0]) if wrong else "none"
        raise ValueError(f"seeds: expected whole numbers from 0 to {SEED_LIMIT - 1}, came {came}")
    return [int(seed) for seed in found]
