"""From turns to verdicts: the logarithm of a ratio per round, its trimmed mean, and a bootstrap interval over rounds.

Sources: A. Georges, D. Buytaert, L. Eeckhout, "Statistically rigorous Java performance evaluation" (2007), for
intervals over repetitions; J. Chen, J. Revels, "Robust benchmarking in noisy environments" (2016), for why the mean of
raw times is of no use; B. Efron, "Better bootstrap confidence intervals" (1987).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ..arithmetic.verdicts import Speed

CONFIDENCE = 0.99
TRIMMED = 0.25  # at each end: an interrupted turn says nothing of the port
RESAMPLES = 2000


def per_round(samples: Sequence[Sequence[float]]) -> NDArray[Any]:
    """Nanoseconds per call in each round, (rounds,): the mean of its two turns, without the sample that warms up."""
    turns = np.array([np.mean(turn[1:]) for turn in samples[: len(samples) // 2 * 2]])
    return np.asarray(turns.reshape(-1, 2).mean(axis=1))


def log_ratios(samples: Sequence[Sequence[float]], reference: Sequence[Sequence[float]]) -> NDArray[Any]:
    """log(samples / reference) in each round that both have."""
    a, b = per_round(samples), per_round(reference)
    rounds = min(len(a), len(b))
    return np.asarray(np.log(a[:rounds] / b[:rounds]))


def centre(logs: NDArray[Any], axis: int = -1) -> Any:
    """The mean of the middle half."""
    return stats.trim_mean(logs, TRIMMED, axis=axis)


def half_width(logs: NDArray[Any]) -> float:
    """About half the interval of ``centre``, quickly: for deciding whether to go on, not for a verdict.

    Source: K. Yuen, "The two-sample trimmed t for unequal population variances" (1974).
    """
    if len(logs) < 4:
        return math.inf
    spread = float(np.std(stats.mstats.winsorize(logs, (TRIMMED, TRIMMED)), ddof=1)) / (1 - 2 * TRIMMED)
    return float(stats.t.ppf(0.5 + CONFIDENCE / 2, len(logs) * (1 - 2 * TRIMMED) - 1)) * spread / math.sqrt(len(logs))


def interval(*logs: NDArray[Any]) -> tuple[float, float, float]:
    """The centre of one series, or the difference of two series' centres, with its bootstrap interval (BCa)."""
    difference = len(logs) == 2

    def statistic(*series: NDArray[Any], axis: int = -1) -> Any:
        return centre(series[0], axis) - (centre(series[1], axis) if difference else 0.0)

    middle = float(statistic(*logs))
    if all(np.ptp(one) == 0 for one in logs):
        return middle, middle, middle
    found = stats.bootstrap(
        logs,
        statistic,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile" if difference else "BCa",
        vectorized=True,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return middle, float(found.low), float(found.high)


def speed(low: float, high: float, floor: float) -> Speed:
    """The verdict on an interval of a log-ratio: it must lie wholly beyond the noise floor to be a difference."""
    if high < -floor:
        return Speed.FASTER
    return Speed.SLOWER if low > floor else Speed.WITHIN_NOISE
