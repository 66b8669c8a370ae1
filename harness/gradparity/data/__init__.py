"""The images that cases are drawn from: digits that come with the package, and MNIST."""

from .digits import load_digits
from .mnist import find_mnist, load_mnist

__all__ = ["find_mnist", "load_digits", "load_mnist"]
