"""Is a port the same computation as its reference, and how fast?"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .functions.function import function
    from .functions.inputs import booleans, drawn, floats, increasing, integers, positive, probabilities
    from .objects.compare import compare
    from .same import NotTheSame, assert_same

__all__ = [
    "NotTheSame", "__version__", "assert_same", "booleans", "compare", "drawn", "floats", "function", "increasing",
    "integers", "positive", "probabilities",
]  # fmt: skip
_INPUTS = ("booleans", "drawn", "floats", "increasing", "integers", "positive", "probabilities")
_MODULES = {
    "compare": "objects.compare",
    "assert_same": "same",
    "NotTheSame": "same",
    "function": "functions.function",
    **dict.fromkeys(_INPUTS, "functions.inputs"),
}


def __getattr__(name: str) -> Any:
    """What is asked for, and all that it needs, only then: the import itself costs nothing."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
