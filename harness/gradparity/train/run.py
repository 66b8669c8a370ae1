"""Training one recipe in every port, on the same batches, beside the reference's envelope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arithmetic.verdicts import Verdict
from ..cases import Array
from ..check.case_check import CaseCheck
from ..diagnosis.records import Diagnosis
from ..ports.attended import Attended
from ..ports.info import RunnerInfo
from ..ports.manifest import Runner
from ..ports.session import Failure, Hello, PortFailure, Session
from ..reference import Reference
from .first_case import case_of
from .gradient_check import check_gradient
from .images import ImageSets
from .recipes import Recipe
from .records import EnvelopeResult, Epoch, GradientCheck, TrainResult, Updates
from .trajectory import DRAWS, TrainingEnvelope, Trajectory, envelope, network_of, reference_run, stray
from .updates import CheckedOptimizer, check_updates

Progress = Callable[[str, int, int], None]
"""What is going on, how many steps of it are done, and of how many."""


class Trainer:
    """One runner: its process, with the images sent once."""

    def __init__(self, runner: Runner, threads: int, seconds: float) -> None:
        self.runner = runner
        self.attended = Attended(runner, lambda: Session(runner, threads, seconds))
        self.hello: Hello | None = None
        self.sent: tuple[Session, ImageSets] | None = None
        self.interrupted = False

    @property
    def info(self) -> RunnerInfo | None:
        """What it says of itself, or why it cannot run, once it was started."""
        return self.attended.info

    def start(self) -> RunnerInfo:
        """Build and start it. What it says of itself, or why it cannot run."""
        info = self.attended.start()
        self.hello = self.attended.session.hello if self.attended.session else None
        return info

    @property
    def epsilon(self) -> float:
        """Of its loss: its own, where it has one."""
        return (self.hello and self.hello.epsilon) or 0.0

    def updates(self, dtypes: list[str], optimizers: list[str]) -> Updates:
        """The optimizers' updates, checked."""
        found: list[CheckedOptimizer] = []
        for dtype in dtypes:
            session = self.attended.ready()
            if session and dtype in session.hello.dtypes and "update" in session.hello.operations:
                try:
                    found.extend(check_updates(session, optimizers, dtype))  # what came before a failure, too
                except PortFailure as failure:
                    self.attended.failed(failure)
        return Updates(
            runner=self.runner.label,
            cells=[cell for one in found for cell in one.cells],
            explanations={one.name: one.explanation for one in reversed(found) if one.explanation},
            conventions={one.name: one.convention for one in found if one.convention},
        )

    def gradient_check(self, recipe: Recipe, sets: ImageSets) -> GradientCheck | None:
        """The gradient check, where the port has what it needs."""
        try:
            session = self.attended.ready()
            if session and {"gradient", "numerical_gradient"} <= session.hello.operations:
                return check_gradient(session, recipe, sets)
        except PortFailure as failure:
            self.attended.failed(failure)
        return None

    def refused(self, recipe: Recipe, seed: int) -> TrainResult | None:
        """The result of a recipe that this port, once started, says that it cannot run; None of any other."""
        reason = lacking(self.hello, recipe) if self.hello else ""
        about: dict[str, Any] = {"runner": self.runner.label, "recipe": recipe.name, "seed": seed}
        return TrainResult(**about, verdict=Verdict.NOT_IMPLEMENTED, detail=reason) if reason else None

    def train(
        self,
        recipe: Recipe,
        seed: int,
        sets: ImageSets,
        env: TrainingEnvelope,
        batches: Array,
        progress: Progress,
    ) -> TrainResult:
        """The recipe in this port, whatever happens. After an interrupt (``interrupted``) as far as it went."""
        about: dict[str, Any] = {"runner": self.runner.label, "recipe": recipe.name, "seed": seed}
        done = _Done()
        if refused := self.refused(recipe, seed):
            return refused
        try:
            session = self.attended.ready()
            if session is None:
                return TrainResult(**about, verdict=Verdict.COULD_NOT_RUN, detail="it broke before")
            self._run(session, recipe, seed, sets, batches, done, progress)
        except PortFailure as failure:
            self.attended.failed(failure)
            absent = failure.kind is Failure.UNSUPPORTED
            verdict = Verdict.NOT_IMPLEMENTED if absent else Verdict.COULD_NOT_RUN
            detail = f"{failure.operation}: {failure.what}"
            return TrainResult(**about, verdict=verdict, detail=detail, stderr=failure.stderr, **done.record())
        except KeyboardInterrupt:
            self.interrupted = True
            self.close()
        if not done.losses:
            return TrainResult(**about, verdict=Verdict.COULD_NOT_RUN, detail="interrupted before its first epoch")
        found = stray(env, np.concatenate(done.losses), done.params)
        diagnosis = None
        if found.left_at is not None and not self.interrupted:
            diagnosis = self.diagnose(recipe, seed, sets, batches, found.left_at)
        return TrainResult(
            **about,
            verdict=found.verdict,
            detail=found.detail,
            ratio=found.ratio,
            left_at=found.left_at,
            diagnosis=diagnosis,
            **done.record(),
        )

    def _run(
        self,
        session: Session,
        recipe: Recipe,
        seed: int,
        sets: ImageSets,
        batches: Array,
        done: _Done,
        progress: Progress,
    ) -> None:
        if self.sent is None or self.sent[0] is not session or self.sent[1] is not sets:
            for name, (images, labels) in sets.sets.items():
                fields = {"set": name, "scale": repr(sets.scale)}
                session.request("data", fields, {"images": images, "labels": labels})
            self.sent = session, sets
        parameters = recipe.parameters(seed)
        case = case_of(recipe, seed, sets, batches[0], parameters)
        session.request("load", case.fields, case.arrays)
        done.gradient_seconds = _gradient_seconds(session) * len(batches)
        numbers = {key: repr(value) for key, value in recipe.numbers.items()}
        an_epoch = recipe.steps_an_epoch(len(sets.sets["train"][1]))
        for begin in range(0, len(batches), an_epoch):
            chunk = np.ascontiguousarray(batches[begin : begin + an_epoch])
            drawn = [recipe.masks(seed, step) for step in range(begin, begin + len(chunk))]
            masks = {name: np.stack([one[name] for one in drawn]) for name in drawn[0]}
            expect = {"loss": ((len(chunk),), recipe.dtype), "nanoseconds": ((), np.float64)}
            fields, arrays = {"optimizer": recipe.optimizer, **numbers}, {"batches": chunk, **masks}
            reply = session.request("train", fields, arrays, expect)
            done.losses.append(reply.arrays["loss"])
            done.seconds += float(reply.arrays["nanoseconds"]) / 1e9
            accuracy = {name: _evaluate(session, recipe, name) for name in sets.sets}
            summed = float(np.sum(reply.arrays["loss"], dtype=np.float64))
            steps = begin + len(chunk)
            done.epochs.append(Epoch(steps=steps, summed_loss=summed, accuracy=accuracy, seconds=done.seconds))
            progress(f"{recipe.name}: {self.runner.label}", steps, len(batches))
        expect = {name: (p.shape, recipe.dtype) for name, p in parameters.items()}
        done.params = dict(session.request("params", expect=expect).arrays)
        done.first_1000 = first_1000(recipe, sets, done.params)

    def diagnose(self, recipe: Recipe, seed: int, sets: ImageSets, batches: Array, step: int) -> Diagnosis | None:
        """The check of the step where a port left the envelope, from the reference's parameters of that step."""
        before = reference_run(recipe, sets, recipe.parameters(seed), batches[:step], lambda: None, seed=seed)
        case = case_of(recipe, seed, sets, batches[step], before.params, step)
        try:
            session = self.attended.ready()
            if session is None:
                return None
            check = CaseCheck(session, Reference(case, session.hello.epsilon, session.hello.step))
            check.run()
        except PortFailure as failure:
            self.attended.failed(failure)
            return None
        return next(iter(check.diagnoses), None)

    def close(self) -> None:
        """End the process."""
        self.attended.close()


class _Done:
    """What a training has given so far: all of it stands when the port breaks."""

    def __init__(self) -> None:
        self.losses: list[Array] = []
        self.epochs: list[Epoch] = []
        self.seconds = 0.0
        self.gradient_seconds: float | None = None
        self.params: dict[str, Array] | None = None
        self.first_1000: float | None = None

    def record(self) -> dict[str, Any]:
        """As fields of a TrainResult."""
        losses = np.concatenate(self.losses).astype(np.float64).tolist() if self.losses else []
        return {
            "losses": losses,
            "epochs": self.epochs,
            "seconds": self.seconds or None,
            "gradient_seconds": self.gradient_seconds,
            "first_1000": self.first_1000,
        }


def lacking(hello: Hello, recipe: Recipe) -> str:
    """Why this port cannot run the recipe, or nothing."""
    if recipe.dtype not in hello.dtypes:
        others = " or ".join(f"--dtype {dtype}" for dtype in sorted(hello.dtypes))
        return f"the port has no {recipe.dtype}" + (f": add {others}, in place of any --recipe" if others else "")
    if absent := {"data", "train", "params", "evaluate"} - hello.operations:
        return f"the port has no operation {', '.join(sorted(absent))}"
    if recipe.optimizer not in hello.optimizers:
        return f"the port has no optimizer {recipe.optimizer}"
    return hello.lacks(recipe.spec.described.kinds, recipe.spec.is_dense)


def make_envelope(
    recipe: Recipe, seed: int, sets: ImageSets, batches: Array, progress: Progress, epsilon: float = 0.0
) -> tuple[TrainingEnvelope, EnvelopeResult]:
    """The reference, and its disturbed selves, for the steps that are compared; ``epsilon`` is that of the loss."""
    batches = batches[: recipe.compared or len(batches)]
    parameters, total, done = recipe.parameters(seed), (1 + DRAWS) * len(batches), 0

    def tick() -> None:
        nonlocal done
        done += 1
        if done % 100 == 0:
            progress(f"{recipe.name}: the reference", done, total)

    def run(disturbance: np.random.Generator | None) -> Trajectory:
        return reference_run(recipe, sets, parameters, batches, tick, disturbance, epsilon, seed)

    rngs = [np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, 2, k]))) for k in range(DRAWS)]
    weights = [p.size for name, p in parameters.items() if name.startswith("W")]
    env = envelope(run(None), [run(rng) for rng in rngs], sum(weights) if recipe.weight_decay else 0)
    return env, EnvelopeResult(
        recipe=recipe.name,
        seed=seed,
        losses=env.trajectory.losses.astype(np.float64).tolist(),
        allowed=env.loss.tolist(),
        resolved=env.resolved,
    )


def first_1000(recipe: Recipe, sets: ImageSets, params: dict[str, Array]) -> float:
    """The share of right labels of the first 1000 test images, as one of the posts counts."""
    rows = np.arange(min(1000, len(sets.sets["test"][1])))
    x, labels = sets.images("test", recipe.spec.described.input).batch(rows, recipe.dtype)
    return float((network_of(recipe, params).predict(x).argmax(axis=1) == labels).mean())


def _evaluate(session: Session, recipe: Recipe, name: str) -> float:
    expect = {"loss": ((), recipe.dtype), "accuracy": ((), np.float64)}
    return float(session.request("evaluate", {"set": name}, {}, expect).arrays["accuracy"])


def _gradient_seconds(session: Session) -> float:
    """Of one gradient of the loaded case, by the port's clock: the median of some."""
    if "time" not in session.hello.operations:
        return float("nan")
    fields = {"operation": "gradient", "calls": "1", "samples": "200"}
    took = session.request("time", fields, {}, {"nanoseconds": ((200,), np.float64)}).arrays["nanoseconds"]
    return float(np.median(took[100:])) / 1e9


__all__ = ["Trainer", "make_envelope"]
