"""What a function gives, by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any


def named_results(value: Any) -> dict[str, Any]:
    """Of a mapping, a dataclass, a named tuple; else 0, 1, ... of several, and "result" of one."""
    if isinstance(value, Mapping):
        return {str(name): one for name, one in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return dict(zip(value._fields, value, strict=True))
    if isinstance(value, tuple) or (isinstance(value, list) and any(hasattr(one, "dtype") for one in value)):
        return {str(i): one for i, one in enumerate(value)}
    return {"result": value}
