"""Real digits come with the package; MNIST is verified whatever it comes from, and never half-loaded."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pooch
import pytest
from gradparity.data import find_mnist, load_digits, load_mnist
from gradparity.data.mnist import FILES
from gradparity.errors import DataMissing, UsageError


@pytest.fixture(autouse=True)
def forget() -> None:
    load_mnist.cache_clear()


def test_digits() -> None:
    images, labels = load_digits()
    assert images.shape == (1797, 64)
    assert (images.min(), images.max()) == (0, 1)
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


@pytest.mark.parametrize(("part", "count", "first"), [("train", 60_000, [5, 0, 4]), ("test", 10_000, [7, 2, 1])])
def test_mnist(part: Any, count: int, first: list[int], have_mnist: bool, data_dir: Path | None) -> None:
    if not have_mnist:
        pytest.skip("MNIST is not here: set GRADPARITY_DATA")
    images, labels = load_mnist(part, data_dir)
    assert images.shape == (count, 784)
    assert labels[:3].tolist() == first
    assert (images.min(), images.max()) == (0, 1)


def test_files_may_be_unpacked(have_mnist: bool, data_dir: Path | None, tmp_path: Path) -> None:
    if not have_mnist or data_dir is None:
        pytest.skip("MNIST is not here: set GRADPARITY_DATA")
    for name in FILES["test"]:
        packed = data_dir / f"{name}.gz"
        content = gzip.decompress(packed.read_bytes()) if packed.exists() else (data_dir / name).read_bytes()
        (tmp_path / name).write_bytes(content)
    assert len(load_mnist("test", tmp_path)[0]) == 10_000


def test_a_folder_that_is_not_there_or_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        find_mnist(tmp_path / "none")
    monkeypatch.setenv("GRADPARITY_DATA", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="no such folder"):
        find_mnist()
    with pytest.raises(UsageError, match="expected t10k-images-idx3-ubyte or"):
        load_mnist("test", tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read|SHA-256"),
        (gzip.compress(b"other", mtime=0)[:-9], "cannot be read"),
        (gzip.compress(b"other", mtime=0), "SHA-256"),
    ],
)
def test_a_damaged_file_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(UsageError, match=words):
        load_mnist("test", tmp_path)


def test_one_flipped_byte_is_refused(have_mnist: bool, data_dir: Path | None, tmp_path: Path) -> None:
    if not have_mnist or data_dir is None:
        pytest.skip("MNIST is not here: set GRADPARITY_DATA")
    shutil.copytree(data_dir, tmp_path, dirs_exist_ok=True, copy_function=shutil.copyfile)
    path = tmp_path / "t10k-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[4000] ^= 1
    path.write_bytes(gzip.compress(content))
    with pytest.raises(UsageError, match="expected SHA-256 ff7bcfd4"):
        load_mnist("test", tmp_path)


def test_without_a_network_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*args: object, **kwargs: object) -> str:
        raise ConnectionError("no route")

    monkeypatch.setattr(pooch, "retrieve", no_network)
    with pytest.raises(DataMissing, match="ConnectionError: no mirror answers.*--data-dir or GRADPARITY_DATA"):
        load_mnist("test")


def test_a_download_is_verified_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "t10k-images-idx3-ubyte.gz"

    def download(*args: object, **kwargs: object) -> str:
        fake.write_bytes(gzip.compress(b"a login page", mtime=0))
        return str(fake)

    monkeypatch.setattr(pooch, "retrieve", download)
    with pytest.raises(DataMissing, match="expected SHA-256 0fa7898d"):
        load_mnist("test")
    assert not fake.exists(), "a damaged download is not kept"
