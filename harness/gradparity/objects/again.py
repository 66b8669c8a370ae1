"""The Python call that does a comparison, or one case of it, again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .taking import called

DEFAULTS: Mapping[str, Any] = {"activation": "relu", "epsilon": 0.0}


@dataclass(frozen=True)
class Again:
    """``port`` is how the call names it, ``options`` are as they were given."""

    port: str
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
        more = [f"{key}={self._shown(key, value)}" for key, value in given.items()]
        return f"gradparity.compare({', '.join([self.port, *which, *more])})"

    @staticmethod
    def _shown(key: str, value: Any) -> str:
        return repr(value) if isinstance(value, str | float) else called(value) if callable(value) else key
