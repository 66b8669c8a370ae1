"""What is often wrong in a declaration, in a sentence that says what to write instead."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

from .inputs import Input

STARRED = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def mistake_in(
    reference: Callable[..., Any],
    inputs: Mapping[str, object],
    sizes: Mapping[str, Collection[int]],
    reserved: Collection[str],
) -> str | None:
    """The first mistake; None if there is none. ``reserved`` are the names that the declaration uses itself."""
    parameters = inspect.signature(reference).parameters
    for name, parameter in parameters.items():
        if name in reserved:
            return f"the argument {name}: @function(...) uses this name itself: call the argument something else"
        if parameter.kind in STARRED:
            return f"the argument {STARRED[parameter.kind]}{name}: expected a fixed number of arguments, each by name"
    if unknown := [name for name in inputs if name not in parameters]:
        return f"it has no argument {unknown[0]}; it has {', '.join(parameters) or 'none'}"
    for name, one in inputs.items():
        if not isinstance(one, Input | str):
            return f'the argument {name}: expected a shape in one text, such as "n d", or positive("n"), got {one!r}'
    for symbol, allowed in sizes.items():
        whole = isinstance(allowed, Collection) and not isinstance(allowed, str)
        if not (whole and allowed and all(isinstance(size, int) for size in list(allowed)[:100])):
            return f"sizes: {symbol}: expected the sizes it may have, such as (1, 3, 5) or range(1, 9), got {allowed!r}"
    return None
