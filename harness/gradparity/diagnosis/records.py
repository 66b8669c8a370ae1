"""What a diagnosis says, as validated records: where, how surely, and which known bugs."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from ..functions.layers import Phase
from ..functions.network import key_of


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings", allow_inf_nan=True)


class Asked(StrEnum):
    """How an array was asked for."""

    IN_PASS = "in the pass"  # of the whole network
    ALONE = "alone"  # of a layer by itself
    AGAIN = "again"  # by the same request, once more
    NEXT = "in the next case"
    SECOND = "with a second batch"  # of the same network
    ARGUMENT = "as an argument"  # it was sent, and asked for after the operation


class Where(_Record):
    """An array of a port: the result of a layer, or of an operation where ``layer`` is empty. A function that was
    called stands where a layer does.

    ``phase`` is known of a layer's results that were asked for in the trace, or alone.
    """

    operation: str
    array: str
    layer: str = ""
    phase: Phase | None = None
    asked: Asked = Asked.IN_PASS

    @property
    def key(self) -> str:
        """What the cells of this array are called: "affine1.out", "dW1", "loss"; of a layer alone "softmax.loss"."""
        if not self.layer:
            return self.array
        if self.operation == "call":
            return f"{self.layer}.{self.array}"
        return f"{self.layer}.{self.array}" if self.asked is Asked.ALONE else key_of(self.layer, self.array)


class Alone(StrEnum):
    """Whether the layer that is wrong first is wrong when it is called alone."""

    WRONG = "wrong"
    RIGHT = "right"
    NOT_ASKED = "not asked"
    LAYERS_RIGHT = "layers right"  # it is of the whole network, and they are
    PARTS_RIGHT = "parts right"  # it is of a function, and the functions that this calls are


class Explanation(_Record):
    """A known bug that gives these numbers; ``residual`` is what it leaves unexplained, relatively, and None where it
    says what came and computes nothing.

    ``constant`` is a number that was solved for, such as a weight decay; ``numbers`` are how many wrong numbers it
    gives beside that: none is no evidence by itself. ``advice`` is for whoever means it.
    """

    name: str
    sentence: str
    residual: float | None
    advice: str = ""
    constant: float | None = None
    numbers: int = 0


class Pattern(StrEnum):
    """What can be said of wrong numbers that no known bug gives."""

    ONE_FACTOR = "one factor"
    ONE_OFFSET = "one offset"
    ONE_SIGN = "one sign"
    ANOTHER_EACH_TIME = "another each time"
    ROUNDED = "rounded"  # as to so many bits
    NOT_A_NUMBER = "not a number"


class Fact(_Record):
    """A pattern in wrong numbers, with its number: the factor, the offset, the bits; and said in a sentence."""

    pattern: Pattern
    sentence: str
    value: float | None = None


class Extent(_Record):
    """How much of an array is wrong: so many of its elements, and where these are all in a few places, which.

    ``index`` is the place of the only one. ``axis`` is the one along which they lie at these ``places`` alone;
    ``border``: they are all at an end of some axis. ``block``: along the axis they lie past the last multiple of this,
    and are all that lies there; of several such the largest.
    """

    wrong: int
    size: int
    index: list[int] = []
    axis: int | None = None
    places: list[int] = []
    length: int = 0
    border: bool = False
    block: int = 0


class Diagnosis(_Record):
    """One thing that is wrong in a case: where it shows first, and why.

    ``where`` is the first array that does not follow from what the port itself computed before it. ``inherited`` are
    arrays that are wrong because of it, and ``beside`` others that are wrong. Where no known bug fits, the explanations
    are none, and ``facts`` are the patterns that the numbers have. ``also`` are explanations found beside them.
    ``extent`` is how much of the array is wrong, where that was looked at. ``for_want_of`` are the operations that the
    port lacks, and that would tell more.
    """

    where: Where
    alone: Alone
    inherited: list[str] = []
    beside: list[str] = []
    explanations: list[Explanation] = []
    also: list[Explanation] = []
    extent: Extent | None = None
    facts: list[Fact] = []
    for_want_of: list[str] = []
