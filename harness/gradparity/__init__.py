"""Do your ports compute the same gradients, and how fast?"""

from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .objects.compare import compare
    from .same import NotTheSame, assert_same

__all__ = ["NotTheSame", "__version__", "assert_same", "compare"]


def __getattr__(name: str) -> Any:
    """What is asked for, and all that it needs, only then: the import itself costs nothing."""
    if name == "compare":
        from .objects.compare import compare

        return compare
    if name in ("assert_same", "NotTheSame"):
        from . import same

        return getattr(same, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
