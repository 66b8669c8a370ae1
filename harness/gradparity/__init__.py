"""Do your ports compute the same gradients, and how fast?"""

from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .objects.compare import compare

__all__ = ["__version__", "compare"]


def __getattr__(name: str) -> Any:
    """`compare`, and all that it needs, when it is first asked for: the import itself costs nothing."""
    if name == "compare":
        from .objects.compare import compare

        return compare
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
