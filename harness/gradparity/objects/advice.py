"""What to say about a known bug that is meant: to `compare`, where the check's own words are for a process."""

from __future__ import annotations

import re

from ..check.other_networks import LIMIT
from ..check.records import Diagnosis, Explanation

OURS = (
    (r"epsilon=(\S+) in hello \([^)]*\)", r"compare(..., epsilon=\1)"),
    (
        rf"computed with (\w+), (.*) \({re.escape(LIMIT)}\)",
        r'computed with \1, \2 (a network that can be no other says so: compare(..., activation="\1"), or '
        "raise NotImplementedError)",
    ),
)

COPIES = Explanation(
    name="another network",
    sentence="what is written into its params does not change its predict: its layers hold others, such as copies",
    residual=0.0,
)


def advised(told: Diagnosis) -> Diagnosis:
    """The same diagnosis, its advice for who calls `compare`."""
    lists = {"explanations": told.explanations, "also": told.also}
    return told.model_copy(update={key: [_advised(one) for one in found] for key, found in lists.items()})


def _advised(one: Explanation) -> Explanation:
    sentence = one.sentence
    for theirs, ours in OURS:
        sentence = re.sub(theirs, ours, sentence)
    return one.model_copy(update={"sentence": sentence})
