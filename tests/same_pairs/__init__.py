"""Pairs from real life: each is a place where a public test suite argued about a tolerance, written anew."""

from .learning import LEARNING
from .linear_algebra import LINEAR_ALGEBRA
from .pair import Pair
from .signals import SIGNALS
from .statistics import STATISTICS

PAIRS: dict[str, Pair] = {**LINEAR_ALGEBRA, **SIGNALS, **STATISTICS, **LEARNING}
