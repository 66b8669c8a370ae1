"""The images as bytes, and what is said where they are not as they should be."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from gradparity.data import load_digits
from gradparity.data.mnist import FILES
from gradparity.errors import UsageError
from gradparity.train.images import load_images


def test_the_digits_are_the_same_numbers_as_in_the_cases() -> None:
    sets = load_images("digits", None)
    images = np.concatenate([sets.sets[name][0] for name in ("train", "test")])
    assert images.dtype == np.uint8 and np.array_equal(images / sets.scale, load_digits()[0])


def test_mnist_has_its_sizes(have_mnist: bool, data_dir: Path | None) -> None:
    if not have_mnist:
        pytest.skip("MNIST is not here")
    sets = load_images("mnist", data_dir)
    assert sets.inputs == 784 and [len(sets.sets[name][1]) for name in ("train", "test")] == [60_000, 10_000]
    assert [len(labels) for _, labels in sets.held_out(10_000).sets.values()] == [50_000, 10_000, 10_000]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: content[:-100], "expected SHA-256"),  # truncated
        (lambda content: b"\x00\x00\x0c\x03" + content[4:], "expected SHA-256"),  # another magic number
        (lambda content: content[:-1] + b"\x0a", "expected SHA-256"),  # label 10
        (lambda content: b"", "expected SHA-256"),
    ],
    ids=["truncated", "magic number", "label 10", "empty"],
)
def test_bad_data_is_one_line_and_nothing_is_loaded(
    damage: object, words: str, tmp_path: Path, have_mnist: bool, data_dir: Path | None
) -> None:
    if not have_mnist or data_dir is None:
        pytest.skip("MNIST is not here as files")
    for name in (name for names in FILES.values() for name in names):
        [path] = [p for p in (data_dir / name, data_dir / f"{name}.gz") if p.is_file()]
        (tmp_path / path.name).symlink_to(path)
    name = FILES["train"][1]
    [link] = tmp_path.glob(f"{name}*")
    content = gzip.decompress(link.read_bytes()) if link.suffix == ".gz" else link.read_bytes()
    link.unlink()
    (tmp_path / name).write_bytes(damage(content))  # type: ignore[operator]
    with pytest.raises(UsageError, match=words) as caught:
        load_images("mnist", tmp_path)
    assert name in str(caught.value) and "\n" not in str(caught.value)
