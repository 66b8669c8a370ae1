"""Seeds as text: "3", "1,5,9" or "0-4"."""

from __future__ import annotations

MOST_SEEDS = 100_000
SEED_LIMIT = 2**32


def parse_seeds(text: str) -> list[int]:
    """The seeds in order, each once. Raises ValueError that says what was expected."""
    try:
        seeds: list[int] = []
        for part in text.split(","):
            low, dash, high = part.partition("-")
            span = range(int(low), int(high if dash else low) + 1)
            seeds += span if len(span) <= MOST_SEEDS else []
    except ValueError:
        seeds = []
    if not seeds or len(seeds) > MOST_SEEDS or max(seeds) >= SEED_LIMIT:
        raise ValueError(f"expected seeds like 3, 1,5,9 or 0-4, came {text!r}")
    return list(dict.fromkeys(seeds))
