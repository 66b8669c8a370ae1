"""An array of a port beside what it should be, with all that it was computed from; and the bugs that may explain it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from ..arithmetic.precision import Array
from ..arithmetic.verdicts import Allowance, Figures, Verdict, judge

Inputs = Mapping[str, Array]
Candidate = tuple[str, Array]
"""A sentence, and the array that the bug would give."""
Candidates = Iterator[Candidate]


class Subject(StrEnum):
    """What evidence is about, where it is no layer. Of a layer, the kind says it."""

    PASS = "pass"
    FUNCTION = "function"
    ACCURACY = "accuracy"
    REPEAT = "repeat"
    MUTATED = "mutated"
    SHARED = "shared"


@dataclass(frozen=True)
class Evidence:
    """An array of a port, what it should be, and all that it was computed from.

    ``kind`` is the layer's kind, or a ``Subject``; ``result`` the result's name. ``previous`` holds the same inputs and
    the result of the case before. ``prepared`` are candidates that take more than these inputs, by the bug's name.
    ``sizes`` are those of a function's inputs, each once.
    """

    kind: str
    result: str
    inputs: Inputs
    expected: Array
    came: Array
    allowance: Allowance
    batch: int
    classes: int
    previous: Inputs = field(default_factory=dict)
    prepared: Mapping[str, Sequence[Candidate]] = field(default_factory=dict)
    sizes: tuple[int, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether shape and dtype are as they should be."""
        return self.came.shape == self.expected.shape and self.came.dtype == self.expected.dtype

    @cached_property
    def figures(self) -> Figures:
        """How far it is from what it should be."""
        return judge(self.came, self.expected, self.allowance)

    @property
    def wrong(self) -> bool:
        """Whether rounding does not explain it."""
        return not self.comparable or self.figures.verdict is Verdict.WRONG


@dataclass(frozen=True)
class Constant:
    """A number that a bug has, to be solved for: what the bug would give with it, and how that is said.

    ``neutral`` is where there is no bug; ``starts`` are where to look for it from.
    """

    gives: Callable[[Evidence, float], Array]
    says: Callable[[float], str]
    neutral: float
    starts: tuple[float, ...]


@dataclass(frozen=True)
class Bug:
    """A known bug: its name, the kinds and results that it is about (none named: any), and what it would give.

    ``constant`` is the number that it has, where it has one that is not known beforehand. ``loses``: that there is no
    number any more is a sign of it.
    """

    name: str
    kinds: tuple[str, ...]
    results: tuple[str, ...]
    candidates: Callable[[Evidence], Candidates]
    constant: Constant | None = None
    loses: bool = False

    def candidates_for(self, e: Evidence) -> Candidates:
        """What is prepared for it, then what it computes from the inputs; nothing where it is not about this."""
        if self.about(e):
            yield from e.prepared.get(self.name, ())
            yield from self.candidates(e)

    def about(self, e: Evidence) -> bool:
        """Whether it could explain this array at all; what was changed, or came a second time, is that, whatever it is
        now.
        """
        if e.kind in (Subject.MUTATED, Subject.REPEAT, Subject.SHARED):
            return e.kind in self.kinds
        return (not self.kinds or e.kind in self.kinds) and (not self.results or e.result in self.results)


class Bugs(list[Bug]):
    """The known bugs of one topic, in the order of preference where several explain the same numbers.

    Called with a name it is a decorator, which registers a generator of candidates.
    """

    def __init__(self, *kinds: str) -> None:
        """``kinds``: what they are about, where a bug does not say so itself."""
        super().__init__()
        self.kinds = kinds

    def __call__(
        self, name: str, results: tuple[str, ...] = (), kinds: tuple[str, ...] | None = None, loses: bool = False
    ) -> Callable[[Callable[[Evidence], Candidates]], Callable[[Evidence], Candidates]]:
        """Register a generator as the bug of this name."""

        def register(candidates: Callable[[Evidence], Candidates]) -> Callable[[Evidence], Candidates]:
            self.append(Bug(name, self.kinds if kinds is None else kinds, results, candidates, loses=loses))
            return candidates

        return register

    def solved(
        self,
        name: str,
        says: str | Callable[[float], str],
        results: tuple[str, ...] = (),
        kinds: tuple[str, ...] | None = None,
        neutral: float = 0.0,
        starts: tuple[float, ...] = (1e-2,),
    ) -> Callable[[Callable[[Evidence, float], Array]], Callable[[Evidence, float], Array]]:
        """Register what a bug with a constant would give as the bug of this name; a text that ``says`` it has a {c}."""

        def register(gives: Callable[[Evidence, float], Array]) -> Callable[[Evidence, float], Array]:
            said = says if callable(says) else lambda c: says.format(c=f"{c:.6g}")
            constant = Constant(gives, said, neutral, starts)
            about = self.kinds if kinds is None else kinds
            self.append(Bug(name, about, results, lambda e: iter(()), constant))
            return gives

        return register
