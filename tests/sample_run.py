"""A small run for the tests of the reports: made up, the same every time, with the figures that a real one has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from gradparity.arithmetic.verdicts import Verdict
from gradparity.bench.estimates import estimates, floors
from gradparity.bench.plan import Group, layer_group, pass_group, scaling_groups
from gradparity.bench.records import (
    CONTROL,
    BenchResult,
    Conditions,
    FunctionCase,
    GroupResult,
    Ledger,
    Series,
    Timed,
)
from gradparity.cases import CaseSpec
from gradparity.check.records import CaseResult, Cell, CheckResult, Quantity
from gradparity.machine import Machine
from gradparity.ports.info import RunnerInfo, State
from gradparity.record.run import Run
from gradparity.train.recipes import Printed, Recipe
from gradparity.train.records import EnvelopeResult, Epoch, GradientCheck, TrainResult, TrainRun, Updates

REFERENCE, ALPHA, BETA = "python", "alpha", "beta:native"
SPECS = [
    CaseSpec(sizes=sizes, batch=2, dtype=dtype, numerical=sizes == (5, 4, 3))
    for sizes in ((5, 4, 3), (9, 6, 4), (64, 20, 10))
    for dtype in ("float64", "float32")
]
ARRAYS = {
    Quantity.LAYERS: ("affine1.out", "affine1.dW", "relu1.dx", "softmax.loss"),
    Quantity.TRACE: ("affine1.out", "relu1.out", "affine2.out", "affine1.dW"),
    Quantity.LOSS: ("loss",),
    Quantity.GRADIENT: ("dW1", "db1", "dW2", "db2"),
    Quantity.NUMERICAL: ("dW1", "db1"),
    Quantity.PREDICT: ("out",),
    Quantity.ACCURACY: ("accuracy",),
    Quantity.STATE: ("load x", "affine1 out"),
}
RESOLUTION = {"float64": 3e-15, "float32": 2e-6}
STEPS, AN_EPOCH = 30, 10
COMMAND = "gradparity run --out runs/sample"
MACHINE = Machine(cpu="A Processor", cores=2, architecture="x86_64", system="Linux 6.1", name="0123456789ab")
NO_FLOAT32 = "the port has no float32"

RECIPE = Recipe(
    name="python-post, r-post",
    sizes=(64, 50, 10),
    dtype="float64",
    optimizer="sgd",
    numbers={"learning_rate": 0.1},
    order="random",
    steps=STEPS,
    printed=(
        Printed("python-post", "test accuracy, about", "test accuracy", 0.97),
        Printed("r-post", "about 3 minutes", "seconds", 180.0),
    ),
    gradient_check=True,
)


def info(runner: str) -> RunnerInfo:
    """A runner that is ready."""
    port = runner.partition(":")[0]
    about = RunnerInfo(runner=runner, port=port, language=port.capitalize(), state=State.READY)
    return about.model_copy(
        update={"option": runner, "version": "1.2.3", "blas": f"OpenBLAS of {port}", "threads": "1"}
    )


@cache
def agreeing() -> Run:
    """The reference and two ports that agree with it; the second has no float32."""
    return _run((REFERENCE, ALPHA, BETA))


def _run(runners: Sequence[str]) -> Run:
    return Run(
        schema_version=5,
        gradparity="0.1.0",
        command=COMMAND,
        started="2026-11-21T14:05:59+00:00",
        machine=MACHINE,
        packages={"python": "3.11.7", "numpy": "2.4.6"},
        check=_check(runners),
        bench=_bench(runners),
        train=_train(runners),
    )


def _check(runners: Sequence[str]) -> CheckResult:
    return CheckResult(
        command=COMMAND,
        left_out=["6 MNIST cases: not here, and there is no network"],
        runners=[info(runner) for runner in runners],
        cases=[_case(runner, spec) for runner in runners for spec in SPECS],
    )


def _case(runner: str, spec: CaseSpec) -> CaseResult:
    quantities = [quantity for quantity in ARRAYS if quantity is not Quantity.NUMERICAL or spec.numerical]
    if runner == BETA and spec.dtype == "float32":
        absent = Cell(quantity=Quantity.LOSS, array="", verdict=Verdict.NOT_IMPLEMENTED, detail=NO_FLOAT32)
        cells = [absent.model_copy(update={"quantity": quantity}) for quantity in quantities]
    else:
        cells = [_cell(runner, spec, quantity, array) for quantity in quantities for array in ARRAYS[quantity]]
    command = f"gradparity check --port {runner} --case {spec.name} --seeds 0"
    return CaseResult(runner=runner, case=spec.name, seed=0, dtype=spec.dtype, command=command, cells=cells)


def _cell(runner: str, spec: CaseSpec, quantity: Quantity, array: str) -> Cell:
    if quantity is Quantity.STATE:
        return Cell(quantity=quantity, array=array, verdict=Verdict.IDENTICAL)
    equal = runner == REFERENCE or quantity is Quantity.ACCURACY
    share = 0.0 if equal else _wave(len(runner) + len(array) + spec.sizes[0])  # of what rounding explains
    return Cell(
        quantity=quantity,
        array=array,
        verdict=Verdict.IDENTICAL if equal else Verdict.ROUNDING,
        ratio=0.4 * share,
        resolution=RESOLUTION[spec.dtype] * spec.sizes[0],
        ulp=float(round(100 * share)),
        bit_equal=1 - share / 2,
        relative=1e-16 * share,
        relative_max=1e-15 * share,
    )


def _wave(x: float) -> float:
    """A number from 0.1 to 1 that looks drawn."""
    return 0.55 + 0.45 * math.sin(7.3 * x)


PACE = {REFERENCE: 500e3, CONTROL: 500e3, ALPHA: 350e3, BETA: 620e3}  # nanoseconds of a gradient
OF_A_GRADIENT = {"gradient": 1.0, "products": 0.7, "forward": 0.4, "train step": 1.1}


def _bench(runners: Sequence[str]) -> BenchResult:
    spec = CaseSpec(sizes=(784, 50, 10), batch=100)
    single = spec.model_copy(update={"dtype": "float32"})
    plan = [pass_group(spec, 6), pass_group(single, 3), layer_group(spec, 1), scaling_groups(spec, 1)[0]]
    timed = [REFERENCE, CONTROL, *(runner for runner in runners if runner != REFERENCE)]
    return BenchResult(
        command=COMMAND,
        method="0123456789ab",
        machine=MACHINE,
        conditions=Conditions(pinned=[1], load_before=0.25, load_after=0.75),
        runners=[_timed(runner) for runner in timed],
        groups=[_group(group, timed) for group in plan],
        warnings=["2 different libraries multiply matrices"],
        seconds=12.5,
    )


def _timed(runner: str) -> Timed:
    pace = PACE.get(runner, 450e3)
    ledger = Ledger(
        process=0.0005,
        runtime=0.3,
        operation="gradient",
        warm_up=[pace * (1 + 4 * 0.5**call) for call in range(20)],
        steady_from=8,
        round_trip=90e3,
        memory_peak=60 << 20,
        memory_per_call=833.0,
        switches=12,
    )
    return Timed(
        info=info(REFERENCE if runner == CONTROL else runner).model_copy(update={"runner": runner}), ledger=ledger
    )


def _group(group: Group, runners: Sequence[str]) -> GroupResult:
    assert isinstance(group.spec, CaseSpec)
    series = []
    for runner in runners:
        for place, operation in enumerate(group.operations):
            if runner == BETA and group.spec.dtype == "float32":
                absent = Series(runner=runner, operation=operation.name, missing="not implemented", trouble=NO_FLOAT32)
                series.append(absent)
                continue
            typical = PACE.get(runner, 450e3) * OF_A_GRADIENT.get(operation.name, 0.1) * group.spec.batch / 100
            seed = 11 * len(runner) + place
            turns = [[typical * (1 + 0.02 * _wave(seed + 5 * t + s)) for s in range(4)] for t in range(16)]
            series.append(Series(runner=runner, operation=operation.name, calls=3, samples=turns))
    measured = [one for one in series if one.samples]
    floor = floors(measured, REFERENCE)
    return GroupResult(
        kind=group.kind,
        case=group.case,
        along=group.along,
        at=group.at,
        flops=group.flops,
        rounds=8,
        series=series,
        estimates=estimates(measured, REFERENCE, floor),
        floor=floor,
    )


def losses(runner: str) -> list[float]:
    """Of every step; of another runner than the reference off by what rounding explains."""
    off = 0.0 if runner == REFERENCE else 1e-13
    return [2.3 * 0.95**step * (1 + off * _wave(step)) for step in range(STEPS)]


def _train(runners: Sequence[str]) -> TrainRun:
    envelope = [1e-14 * (step + 1) for step in range(STEPS)]
    differences = {"W1": 2e-13, "b1": 9e-13, "W2": 9e-13, "b2": 1e-10}
    names = ("sgd p, iteration 1", "adam p, iteration 1")
    cells = [_cell(ALPHA, SPECS[0], Quantity.UPDATE, name) for name in names]
    return TrainRun(
        command=COMMAND,
        data="digits",
        notes=["the digits of the package in place of MNIST"],
        recipes=[RECIPE],
        runners=[info(runner) for runner in runners],
        updates=[Updates(runner=runner, cells=cells) for runner in runners],
        gradient_checks=[GradientCheck(runner=runner, differences=differences) for runner in runners],
        envelopes=[
            EnvelopeResult(recipe=RECIPE.name, seed=0, losses=losses(REFERENCE), allowed=envelope, resolved=STEPS)
        ],
        results=[_trained(runner) for runner in runners],
    )


def _trained(runner: str) -> TrainResult:
    own = losses(runner)
    epochs = [
        Epoch(
            steps=steps,
            summed_loss=sum(own[steps - AN_EPOCH : steps]),
            accuracy={"train": 1 - own[steps - 1] / 5, "test": 0.98 - own[steps - 1] / 5},
            seconds=steps / 100,
        )
        for steps in range(AN_EPOCH, STEPS + 1, AN_EPOCH)
    ]
    return TrainResult(
        runner=runner,
        recipe=RECIPE.name,
        seed=0,
        verdict=Verdict.IDENTICAL if runner == REFERENCE else Verdict.ROUNDING,
        ratio=0.0 if runner == REFERENCE else 0.3,
        epochs=epochs,
        losses=own,
        first_1000=0.7,
        seconds=STEPS / 100,
        gradient_seconds=STEPS / 120,
    )


A_CALL = {"reference": 20e3, CONTROL: 20e3, ALPHA: 10e3, BETA: 50e3}  # nanoseconds


@cache
def of_functions() -> BenchResult:
    """Two cases of a function: the first port is wrong in the second, the other has no float32."""
    small = FunctionCase(name="ridge-n5-d4-float64", function="ridge", sizes={"n": 5, "d": 4}, dtype="float64")
    single = small.model_copy(update={"name": "ridge-n5-d4-float32", "dtype": "float32"})
    absent = {
        ALPHA: ("wrong", "w[0]=1, but should be 2 [of ridge, float32]"),
        BETA: ("not implemented", NO_FLOAT32),
    }
    return BenchResult(
        command="gradparity bench --reference reference.py --port alpha",
        reference="reference",
        machine=MACHINE,
        runners=[_timed(runner) for runner in A_CALL],
        groups=[_function_group(small, {}), _function_group(single, absent)],
        seconds=3.0,
    )


def _function_group(case: FunctionCase, absent: dict[str, tuple[str, str]]) -> GroupResult:
    series = []
    for place, (runner, typical) in enumerate(A_CALL.items()):
        turns = [[typical * (1 + 0.02 * _wave(place + 5 * t + s)) for s in range(4)] for t in range(16)]
        missing, why = absent.get(runner, ("", ""))
        samples = [] if missing else turns
        series.append(
            Series(runner=runner, operation=case.function, calls=3, samples=samples, missing=missing, trouble=why)
        )
    measured = [one for one in series if one.samples]
    floor = floors(measured, "reference")
    return GroupResult(
        kind="function",
        case=case,
        flops=0.0,
        rounds=8,
        series=series,
        estimates=estimates(measured, "reference", floor),
        floor=floor,
    )
