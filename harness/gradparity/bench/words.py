"""A network in so few words that a table's title or a row has room for them."""

from __future__ import annotations

from ..cases import CaseSpec

LONGEST = 40  # characters


def network_words(spec: CaseSpec) -> str:
    """Sizes and activation, or as it is written down, of which the middle is left out where it is long."""
    if spec.sizes:
        return f"{'-'.join(map(str, spec.sizes))}, {spec.activation}"
    text = spec.network
    if len(text) <= LONGEST:
        return text
    end = text[-(LONGEST // 2) :].partition("-")[2]
    return f"{text[: LONGEST // 2].rpartition('-')[0] or text[: LONGEST // 2]}-...-{end}"
