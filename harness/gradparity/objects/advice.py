"""What to say about a known bug that is meant: to `compare`, where the check's own advice is for a process."""

from __future__ import annotations

from ..diagnosis.records import Diagnosis, Explanation

ADVICE = {
    "epsilon in the logarithm": "if that is meant, say so: compare(..., epsilon=...)",
    "another activation": "a network that can be no other says so: compare(..., activation=...), "
    "or raise NotImplementedError",
    "probabilities for logits": "if that is meant, say so: compare(..., declares={'predict': 'probabilities'})",
}

COPIES = Explanation(
    name="stale weights",
    sentence="what is written into its params does not change its predict: its layers hold others, such as copies",
    residual=None,
    numbers=1,
)


def advised(told: Diagnosis) -> Diagnosis:
    """The same diagnosis, its advice for who calls `compare`."""
    lists = {"explanations": told.explanations, "also": told.also}
    return told.model_copy(update={key: [_advised(one) for one in found] for key, found in lists.items()})


def _advised(one: Explanation) -> Explanation:
    return one.model_copy(update={"advice": ADVICE.get(one.name, "")})
