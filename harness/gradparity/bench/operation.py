"""Something to time: one call by a port, as the protocol's `time` asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Operation:
    """``word`` is what the protocol calls it, fields and arrays what its request carries."""

    name: str
    word: str
    fields: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
