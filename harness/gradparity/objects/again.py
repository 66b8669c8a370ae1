"""The Python call that does a comparison, or one case of it, again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .taking import called

DEFAULTS: Mapping[str, Any] = {"name": "", "activation": "relu", "epsilon": 0.0}


@dataclass(frozen=True)
class Again:
    """``options`` are as they were given."""

    port: Any
    options: Mapping[str, Any]

    @property
    def all(self) -> str:
        """The call that compares it in the default cases."""
        return self._call([])

    def of(self, case: str, seed: int) -> str:
        """The call that compares it in one case."""
        return self._call([f"cases={case!r}", f"seeds={seed}"])

    def _call(self, which: list[str]) -> str:
        given = {key: value for key, value in self.options.items() if value not in (None, DEFAULTS.get(key))}
        more = [f"{key}={_shown(value, key)}" for key, value in given.items()]
        return f"gradparity.compare({', '.join([_shown(self.port, _kind(self.port)), *which, *more])})"


def optimizer_call(name: str, make: Any, dtype: str) -> str:
    """The call that compares one optimizer in one dtype."""
    return f"gradparity.compare(optimizers={{{name!r}: {_shown(make, name)}}}, dtypes={dtype!r})"


def _shown(value: Any, otherwise: str) -> str:
    """Text and numbers as they are written, classes and functions by their names; the rest in <>, as no code is."""
    if isinstance(value, str | float | Path):
        return repr(str(value) if isinstance(value, Path) else value)
    name = getattr(value, "__name__", "")
    return name if name.isidentifier() and callable(value) else f"<your {otherwise}>"


def _kind(port: Any) -> str:
    return called(port).strip("<>")
