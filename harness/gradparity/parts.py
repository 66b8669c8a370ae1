"""A record grows part by part: each part is a record of the same kind with only some of its fields set."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

R = TypeVar("R", bound=BaseModel)


class Growing(Generic[R]):
    """The record so far, ``whole``. ``keep`` hears of each part as soon as it is known."""

    def __init__(self, whole: R, keep: Callable[[R], object]) -> None:
        self.whole, self.keep = whole, keep
        self._lock = threading.Lock()

    def add(self, part: R) -> None:
        """Keep the part, and join it to the rest; from any thread."""
        with self._lock:
            self.keep(part)
            self.whole = join(self.whole, part)


def join(whole: R, part: R) -> R:
    """``whole`` with what ``part`` sets: its lists go on, records in it are joined, everything else replaces.

    Of ``runners``, what is said last of each one holds, and in the order of the last.
    """
    return whole.model_copy(update={name: _joined(whole, part, name) for name in part.model_fields_set})


def join_all(parts: Sequence[R]) -> R:
    """One or more parts as one, in their order: by halves, so that long lists are not copied once a part."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return join(join_all(parts[:half]), join_all(parts[half:]))


def _joined(whole: BaseModel, part: BaseModel, name: str) -> Any:
    old, new = getattr(whole, name), getattr(part, name)
    if isinstance(old, list):
        said = {_runner(one) for one in new} if name == "runners" else set()
        return [*(one for one in old if not said or _runner(one) not in said), *new]
    return join(old, new) if isinstance(old, BaseModel) and type(old) is type(new) else new


def _runner(one: Any) -> str:
    return str(one.info.runner if hasattr(one, "info") else one.runner)
