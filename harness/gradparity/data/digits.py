"""1,797 real handwritten digits that come with the package, so that nothing needs a network."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@cache
def load_digits() -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Images (1797, 64) in 0..1, row by row, and labels (1797,) from 0 to 9. Source and licence: README.md here."""
    images, labels = digits_bytes()
    return images / 16.0, labels.astype(np.int32)


@cache
def digits_bytes() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The same as bytes: images (1797, 64) in 0..16, and labels (1797,)."""
    with np.load(Path(__file__).with_name("digits.npz")) as stored:
        return stored["images"].reshape(-1, 64).astype(np.uint8), stored["labels"].astype(np.uint8)
