"""Random cases of networks, each the same on every machine; and simpler ones than a case, to shrink it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import get_args

import numpy as np
from pydantic import ValidationError

from ..cases import IMAGE_SIZES, CaseSpec, Quirk
from ..functions.layers import ACTIVATIONS
from ..functions.notation import described

QUIRKS = [quirk for quirk in get_args(Quirk) if quirk != "ties"]  # that is of windows
ANY_LAYERS = 0.4  # of the cases: networks that are no affine layers with one activation


def random_spec(seed: int, index: int) -> tuple[CaseSpec, int]:
    """The index-th case of a soak, and its own seed: the same on every machine."""
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, index])))
    if rng.random() < ANY_LAYERS:
        return random_network(rng), int(rng.integers(10_000))
    depth = int(rng.integers(1, 10))
    most = rng.choice([4, 16, 40, 120], size=depth + 1, p=[0.3, 0.4, 0.2, 0.1])
    sizes = [int(size) for size in rng.integers(1, most, endpoint=True)]
    if rng.random() < 0.03:
        sizes[0] = IMAGE_SIZES["mnist"]
    largest = [4, 16, 40, 1000 if max(sizes) <= 40 else 100]
    digits = rng.random() < 0.15
    if digits:
        sizes[0], sizes[-1] = IMAGE_SIZES["digits"], 10
    quirk = str(rng.choice(["", *QUIRKS], p=[0.52] + [0.06] * len(QUIRKS)))
    scale = float(f"{10 ** rng.uniform(-3, 2):.3g}")
    keys = {
        "data": "digits" if digits else "random",
        "sizes": sizes,
        "activation": str(rng.choice(ACTIVATIONS)),
        "batch": int(rng.integers(1, rng.choice(largest, p=[0.3, 0.4, 0.2, 0.1]), endpoint=True)),
        "dtype": str(rng.choice(["float64", "float32"])),
        "labels": str(rng.choice(["onehot", "integer"])),
        "order": str(rng.choice(["C", "F"], p=[0.75, 0.25])),
        "epsilon": float(rng.choice([0.0, 1e-7], p=[0.75, 0.25])),
        "scale": 1.0 if rng.random() < 0.4 else scale,
        "quirk": quirk or None,
    }
    return CaseSpec.model_validate(keys), int(rng.integers(10_000))


def random_network(rng: np.random.Generator) -> CaseSpec:
    """A case of a network of any layers."""
    digits = rng.random() < 0.2
    words: list[str] = []
    if rng.random() < 0.6:
        channels, height, width = (1, 8, 8) if digits else (int(n) for n in rng.integers((1, 4, 4), (4, 12, 12)))
        shape = f"{channels}x{height}x{width}"
        space = min(height, width)
        for _ in range(int(rng.integers(1, 3))):
            window, stride, pad = (
                int(rng.integers(1, min(4, space) + 1)),
                int(rng.integers(1, 3)),
                int(rng.integers(0, 2)),
            )
            words += [f"convolution{rng.integers(1, 7)}k{window}s{stride}p{pad}", str(rng.choice(ACTIVATIONS))]
            space = (space + 2 * pad - window) // stride + 1
            if rng.random() < 0.7:
                window, stride = int(rng.integers(1, min(3, space) + 1)), int(rng.integers(1, 3))
                words.append(f"max_pooling{window}s{stride}")
                space = (space - window) // stride + 1
    else:
        shape = str(IMAGE_SIZES["digits"] if digits else rng.integers(1, 30))
    for _ in range(int(rng.integers(0, 4))):
        words.append(f"affine{rng.integers(1, 20)}")
        words += ["batch_norm"] * (rng.random() < 0.5) + [str(rng.choice(ACTIVATIONS))]
        words += [f"dropout0.{rng.integers(1, 9)}"] * (rng.random() < 0.3)
    words.append(f"affine{10 if digits else rng.integers(1, 12)}")
    words += ["squared_error"] * (rng.random() < 0.3)
    keys = {
        "data": "digits" if digits else "random",
        "network": "-".join([shape, *words]),
        "batch": int(rng.integers(2, rng.choice([4, 16, 60]), endpoint=True)),
        "dtype": str(rng.choice(["float64", "float32"])),
        "labels": str(rng.choice(["onehot", "integer"])),
        "order": str(rng.choice(["C", "F"], p=[0.75, 0.25])),
        "weight_decay": float(rng.choice([0.0, 0.1])),
        "scale": float(rng.choice([1.0, 0.1, 3.0], p=[0.8, 0.1, 0.1])),
    }
    return CaseSpec.model_validate(keys)


def simpler_cases(spec: CaseSpec) -> Iterator[CaseSpec]:
    """Cases with one thing less, the largest steps first. Each is strictly simpler, so that shrinking ends."""
    sizes, plain = spec.sizes, CaseSpec(sizes=(1, 1))
    changes: list[dict[str, object]] = [{"network": one} for one in _shorter(spec.network)]
    if spec.data != "random":
        changes.append({"data": "random"})
    changes += [{"sizes": sizes[:i] + sizes[i + 1 :]} for i in range(len(sizes)) if len(sizes) > 2]
    changes += [{"batch": n} for n in _less(spec.batch)]
    changes += [{"sizes": (*sizes[:i], n, *sizes[i + 1 :])} for i, size in enumerate(sizes) for n in _less(size)]
    for option in ("quirk", "scale", "epsilon", "order", "labels", "activation", "weight_decay"):
        if getattr(spec, option) != getattr(plain, option):
            changes.append({option: getattr(plain, option)})
    for change in changes:
        with suppress(ValidationError):  # such as of images of another size
            yield CaseSpec.model_validate(spec.model_dump() | change)


def _shorter(network: str) -> Iterator[str]:
    """The network without one of its layers, where that is one."""
    words = network.split("-")
    for i in range(1, len(words)):
        shorter = "-".join(words[:i] + words[i + 1 :])
        with suppress(ValueError):
            described(shorter)
            yield shorter


def _less(n: int) -> list[int]:
    """Halved, and less one."""
    return sorted({n // 2, n - 1} - {0})
