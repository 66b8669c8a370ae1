"""The ladder of a growing port: what it can by now, rung by rung, and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from textwrap import shorten
from typing import get_args

from ..arithmetic.verdicts import Verdict
from ..cases import Dtype
from ..ports.info import RunnerInfo, State
from .records import CaseResult, Cell, CheckResult, Quantity, Reason, worst


class Stage(StrEnum):
    """A rung, from the lowest."""

    HELLO = "hello"
    LAYER = "one layer"
    FORWARD = "forward"
    LOSS = "loss"
    GRADIENT = "gradient"
    TRAIN = "train"


CELLS: dict[Stage, Callable[[Cell], bool]] = {
    Stage.LAYER: lambda cell: cell.quantity is Quantity.LAYERS,
    Stage.FORWARD: lambda cell: cell.quantity is Quantity.PREDICT,
    Stage.LOSS: lambda cell: cell.quantity is Quantity.LOSS or cell.array == "softmax.loss",
    Stage.GRADIENT: lambda cell: cell.quantity is Quantity.GRADIENT,
}
LISTED = "name it in hello, or in the list of your one file"
NEXT = {
    Stage.LAYER: f"one layer, such as relu or affine: {LISTED}",
    Stage.FORWARD: f"predict, the logits of the loaded case: {LISTED}",
    Stage.LOSS: "softmax_with_loss, and then gradient: both give the loss",
    Stage.GRADIENT: f"gradient, the loss and the gradient of each parameter: {LISTED}",
    Stage.TRAIN: "data, train, params and evaluate; a port that `gradparity new` made has them once it has sgd",
}
CALLED = "name the file that declares these functions, as --reference FILE"
MEND = {
    Verdict.WRONG: "mend it: the findings say where it is wrong first",
    Verdict.COULD_NOT_RUN: "mend that: what happened is told above",
    Verdict.UNRESOLVED: "other cases, with --case: these show too little",
}
TOLD = 160  # characters of a rung
NOT_IN_THE_NETWORK = ("multiply", "add")  # layers of the book's, which a port may do without
TRAINING = {"data", "train", "params", "evaluate"}


@dataclass(frozen=True)
class Rung:
    """One step of one runner: its verdict (None: not reached), what passed or what is wrong, and what comes next."""

    stage: Stage
    verdict: Verdict | None
    told: str = ""
    next: str = ""

    @property
    def passed(self) -> bool:
        """Whether something of it was compared, and all of that passed."""
        return self.verdict is not None and self.verdict.passes


def ladder(result: CheckResult, info: RunnerInfo) -> list[Rung]:
    """The runner's rungs. Only the lowest that is not passed says what comes next."""
    if info.state is not State.READY:
        return _with_next(
            [Rung(Stage.HELLO, Verdict.COULD_NOT_RUN, info.reason), *(Rung(s, None) for s in Stage if s != Stage.HELLO)]
        )
    own = [case for case in result.cases if case.runner == info.runner]
    own = [case for case in own if case.verdict is not Verdict.NOT_IMPLEMENTED] or own  # a port may lack kinds of cases
    cells = [cell for case in own for cell in case.cells]
    about = ", ".join(filter(None, [f"{info.language} {info.version}".strip(), info.blas]))
    rungs = [Rung(Stage.HELLO, Verdict.IDENTICAL, about)]
    if "call" in info.operations and "load" not in info.operations:
        return [
            *rungs,
            Rung(Stage.LAYER, Verdict.NOT_IMPLEMENTED, "it has functions of your own, and no layers", CALLED),
        ]
    rungs += [_rung(stage, [cell for cell in cells if belongs(cell)]) for stage, belongs in CELLS.items()]
    rungs = _once(_without_a_guess(rungs, cells))
    lacking = TRAINING - set(info.operations)
    told = f"not in hello: {', '.join(sorted(lacking))}" if lacking else "compared by `gradparity train`"
    rungs.append(Rung(Stage.TRAIN, Verdict.NOT_IMPLEMENTED if lacking else Verdict.IDENTICAL, told))
    return _with_next(rungs, _refusal(own))


def is_growing(rungs: list[Rung]) -> bool:
    """Whether something is not there yet: a port that has all of it, right or wrong, needs no ladder."""
    return any(rung.verdict in (None, Verdict.NOT_IMPLEMENTED, Verdict.COULD_NOT_RUN) for rung in rungs)


def _rung(stage: Stage, cells: list[Cell]) -> Rung:
    """What is wrong with it, or else what of it is not there yet."""
    if not cells:
        return Rung(stage, None)
    verdict = worst(cell.verdict for cell in cells)
    if not verdict.passes and verdict is not Verdict.NOT_IMPLEMENTED:
        return Rung(stage, verdict, next(cell.detail for cell in cells if cell.verdict is verdict))
    lacking = [cell for cell in cells if cell.verdict is Verdict.NOT_IMPLEMENTED]
    reasons = dict.fromkeys(cell.detail for cell in lacking if cell.array not in NOT_IN_THE_NETWORK)
    return Rung(stage, verdict, "; ".join(reasons))


def _without_a_guess(rungs: list[Rung], cells: list[Cell]) -> list[Rung]:
    """The loss comes with the gradient: where that broke, a softmax that is right called alone says nothing of it."""
    broke = any(rung.stage is Stage.GRADIENT and rung.verdict is Verdict.COULD_NOT_RUN for rung in rungs)
    if not broke or any(cell.quantity is Quantity.LOSS for cell in cells):
        return rungs
    return [Rung(Stage.LOSS, None) if rung.stage is Stage.LOSS else rung for rung in rungs]


def _once(rungs: list[Rung]) -> list[Rung]:
    """Each thing told once, on the lowest rung, and briefly: what keeps a case from running is the same on them all."""
    told = [rung.told for rung in rungs]
    return [
        replace(rung, told="" if rung.told in told[:at] else shorten(rung.told, TOLD, placeholder=" ..."))
        for at, rung in enumerate(rungs)
    ]


def _refusal(cases: list[CaseResult]) -> str:
    """What to do where the port takes none of the cases, whatever it lists; empty where it takes some."""
    if not cases or any(case.verdict is not Verdict.NOT_IMPLEMENTED for case in cases):
        return ""
    reasons = {cell.reason for case in cases for cell in case.cells}
    others = [dtype for dtype in get_args(Dtype) if dtype not in {case.dtype for case in cases}]
    if others and reasons == {Reason.NO_DTYPE}:
        return f"run a {others[0]} case: --case 'random-9-6-4-*-n7-{others[0]}'"
    refused = any(case.refused for case in cases)
    return "the port refuses these cases (supports, after gradparity new): try others" if refused else ""


def _with_next(rungs: list[Rung], refusal: str = "") -> list[Rung]:
    """``refusal`` comes before what would be filled in next."""
    left = [at for at, rung in enumerate(rungs) if not rung.passed]
    if not left:
        return rungs
    # What was not reached waits for what broke, though that stands higher: all of a case is asked in one go.
    broken = [at for at in left if rungs[at].verdict is Verdict.COULD_NOT_RUN]
    at = broken[0] if broken and rungs[left[0]].verdict is None else left[0]
    rung = rungs[at]
    mend = MEND.get(rung.verdict) if rung.verdict else None
    following = mend or refusal or NEXT[rung.stage]
    return [*rungs[:at], replace(rung, next=following), *rungs[at + 1 :]]
