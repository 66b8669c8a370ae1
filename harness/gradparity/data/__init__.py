"""The images that cases are drawn from: digits that come with the package, and MNIST."""

from .digits import digits_bytes, load_digits
from .mnist import find_mnist, load_mnist, mnist_bytes

__all__ = ["digits_bytes", "find_mnist", "load_digits", "load_mnist", "mnist_bytes"]
