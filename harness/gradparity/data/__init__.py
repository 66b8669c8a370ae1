"""The images that cases are drawn from: digits that come with the package, and MNIST."""

from .digits import digits_bytes, load_digits
from .mnist import find_mnist, is_at_hand, load_mnist, mnist_bytes

__all__ = ["digits_bytes", "find_mnist", "is_at_hand", "load_digits", "load_mnist", "mnist_bytes"]
