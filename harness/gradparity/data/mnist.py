"""MNIST from the four IDX files, wherever they come from; their SHA-256 is always verified."""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import zlib
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import platformdirs
import pooch
from numpy.typing import NDArray

from ..errors import DataMissing, UsageError

Part = Literal["train", "test"]

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
FILES: dict[Part, tuple[str, str]] = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
SHA256 = {  # of the uncompressed files
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
CACHE = platformdirs.user_cache_path("gradparity") / "mnist"
HOW_TO_GET = "give the folder of the four IDX files with --data-dir or GRADPARITY_DATA"


def find_mnist(data_dir: Path | None = None) -> Path | None:
    """The folder that the user named: --data-dir, else GRADPARITY_DATA, else None (the files are downloaded)."""
    named = data_dir or (Path(os.environ["GRADPARITY_DATA"]) if os.environ.get("GRADPARITY_DATA") else None)
    if named is not None and not named.is_dir():
        raise UsageError(f"{named}: no such folder; {HOW_TO_GET}")
    return named


def is_at_hand(folder: Path | None) -> bool:
    """Whether the test images can be read without a download: from a named folder, or from one before."""
    return folder is not None or all((CACHE / f"{name}.gz").is_file() for name in FILES["test"])


pooch.get_logger().setLevel(logging.CRITICAL)


@cache
def load_mnist(part: Part, folder: Path | None = None) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Images (n, 784) in 0..1, row by row, and labels (n,) from 0 to 9; n is 60,000 for "train", 10,000 for "test".

    Raises UsageError where a file of ``folder`` is missing, damaged or another; DataMissing where there is no
    folder and no mirror answers.
    """
    images, labels = mnist_bytes(part, folder)
    return images / 255.0, labels.astype(np.int32)


@cache
def mnist_bytes(part: Part, folder: Path | None = None) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The same as they are in the files: images (n, 784) in 0..255, and labels (n,). Raises as ``load_mnist``."""
    images, labels = (_parse_idx(_verified(name, folder)) for name in FILES[part])
    return images.reshape(len(images), -1), labels


def _verified(name: str, folder: Path | None) -> bytes:
    if folder:
        path = _in_folder(name, folder)
        content, problem = _content(name, path)
        if problem:
            raise UsageError(f"{path}: {problem}; {HOW_TO_GET}")
        return content
    problem = "no mirror answers"
    for mirror in MIRRORS:
        try:
            path = Path(pooch.retrieve(f"{mirror}{name}.gz", known_hash=None, fname=f"{name}.gz", path=CACHE))
        except Exception as error:  # requests, urllib3 and the file system each have their own
            problem = f"{type(error).__name__}: no mirror answers"
            continue
        content, damage = _content(name, path)
        if not damage:
            return content
        path.unlink(missing_ok=True)  # so that the next try downloads it again
        problem = f"{mirror}{name}.gz: {damage}"
    raise DataMissing(f"MNIST could not be downloaded ({problem}); {HOW_TO_GET}")


def _content(name: str, path: Path) -> tuple[bytes, str]:
    """The uncompressed file, and what is wrong with it."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        return b"", f"cannot be read as MNIST: {error}"
    found = hashlib.sha256(content).hexdigest()
    wrong = found != SHA256[name]
    return content, f"expected SHA-256 {SHA256[name]} (uncompressed), came {found}" if wrong else ""


def _in_folder(name: str, folder: Path) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise UsageError(f"{folder}: expected {name} or {name}.gz there, found neither; {HOW_TO_GET}")


def _parse_idx(content: bytes) -> NDArray[np.uint8]:
    """The array in an IDX file of bytes: 0, 0, 8, dimensions, their sizes (big-endian), the elements."""
    dimensions = content[3]
    shape = tuple(int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions))
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
