"""The images to train on, as bytes: MNIST, or the digits of the package where MNIST is not here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gradparity_reference import Images

from ..cases import Array
from ..data import digits_bytes, find_mnist, mnist_bytes
from ..errors import DataMissing

DIGITS_FOR_TEST = 297


@dataclass(frozen=True)
class ImageSets:
    """By the name of the set: images (n, inputs) and labels (n,), both uint8. A pixel is byte / scale."""

    name: str
    scale: float
    sets: dict[str, tuple[Array, Array]]

    @property
    def inputs(self) -> int:
        """Pixels of an image."""
        return int(self.sets["train"][0].shape[1])

    def images(self, name: str, shape: tuple[int, ...] = (-1,)) -> Images:
        """The set of this name, to draw batches from: images of this shape."""
        return Images(*self.sets[name], self.scale, shape)

    def of_first(self, count: int) -> ImageSets:
        """With the first training images alone; all of them for 0."""
        images, labels = self.sets["train"]
        kept = (images[:count], labels[:count]) if count else (images, labels)
        return ImageSets(self.name, self.scale, {**self.sets, "train": kept})

    def held_out(self, count: int) -> ImageSets:
        """With so many of the last training images kept apart for validation, at most a sixth of them."""
        images, labels = self.sets["train"]
        count = min(count, len(labels) // 6)
        if not count:
            return self
        parts = {"train": (images[:-count], labels[:-count]), "validation": (images[-count:], labels[-count:])}
        return ImageSets(self.name, self.scale, {**parts, "test": self.sets["test"]})


def load_images(name: str, data_dir: Path | None) -> ImageSets:
    """ "mnist" or "digits". Raises UsageError for damaged files, DataMissing where MNIST is not to be had."""
    if name == "mnist":
        folder = find_mnist(data_dir)
        return ImageSets(name, 255.0, {"train": mnist_bytes("train", folder), "test": mnist_bytes("test", folder)})
    images, labels = digits_bytes()
    cut = len(labels) - DIGITS_FOR_TEST
    return ImageSets(name, 16.0, {"train": (images[:cut], labels[:cut]), "test": (images[cut:], labels[cut:])})


def find_images(name: str | None, data_dir: Path | None) -> tuple[ImageSets, list[str]]:
    """The images of this name; without a name MNIST, or the digits where it is not to be had, and a note of that.

    Raises UsageError for damaged files, DataMissing where MNIST was asked for by name or folder.
    """
    try:
        return load_images(name or "mnist", data_dir), []
    except DataMissing as missing:
        if name or data_dir:
            raise
        return load_images("digits", None), [f"the digits of the package in place of MNIST: {missing}"]
