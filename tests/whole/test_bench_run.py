"""A whole benchmark, with ports that work and ports that break.

Only ``alone`` is measured, and of its figures nothing is asserted except that they are there. Everywhere else the
clocks follow a script, the reference's included, so each verdict is known in advance.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import RUNNERS, fake_port
from gradparity.arithmetic.verdicts import Speed
from gradparity.bench.beside import reference_runner
from gradparity.bench.conditions import cores_for
from gradparity.bench.operation import Operation
from gradparity.bench.plan import Group, gradient_and_products, pass_group, plan_of, usual_specs
from gradparity.bench.records import CONTROL, BenchResult
from gradparity.bench.run import BenchOptions, method, run_bench
from gradparity.cases import CaseSpec
from gradparity.errors import UsageError
from gradparity.functions.loading import read_reference
from gradparity.ports.info import State
from gradparity.ports.manifest import Port, Runner

SMALL = CaseSpec(sizes=(30, 20, 10), batch=40)
TINY = CaseSpec(sizes=(5, 4, 3), batch=2)
GRADIENT = Group("pass", SMALL, gradient_and_products(SMALL), 1)
OPTIONS = BenchOptions(budget=0.1)


def bench(*runners: Runner, plan: list[Group] | None = None) -> BenchResult:
    required = [runner.label for runner in runners]
    return run_bench(list(runners), required, plan or [GRADIENT], OPTIONS, "", lambda what, done: None)


def words(result: BenchResult, runner: str) -> dict[str, Speed]:
    estimates = [e for group in result.groups for e in group.estimates]
    return {e.operation: e.word for e in estimates if (e.runner, e.against) == (runner, "python")}


@pytest.fixture(scope="module")
def alone() -> BenchResult:
    return bench(RUNNERS["python"], plan=[pass_group(SMALL, 1)])


def test_the_reference_and_its_control_are_always_there(alone: BenchResult) -> None:
    result = alone
    assert [timed.info.runner for timed in result.runners] == ["python", CONTROL]
    [group] = result.groups
    assert {one.operation for one in group.series} == {"gradient", "products", "forward", "train step"}
    assert all(len(one.samples) == 2 * group.rounds and group.rounds >= 10 for one in group.series)
    assert set(group.floor) == {"gradient", "products", "forward", "train step"}
    assert all(math.isfinite(value) for value in group.floor.values())
    assert set(words(result, CONTROL).values()) == {Speed.WITHIN_NOISE}, "whatever it took: the floor is its own"
    assert result.exit_code == 0 and result.conditions.threads == 1
    assert result.conditions.pinned == cores_for(1)[0], "the parts of the record are joined once"
    assert all(timed.ledger and timed.ledger.memory_peak for timed in result.runners)


def test_the_record_survives_its_own_json(alone: BenchResult) -> None:
    assert BenchResult.model_validate_json(alone.model_dump_json()) == alone


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Port]]:
    """scripted("slow"): a fake of that kind. The reference is a fake, too, which takes 0.1 ms for everything."""
    folder = tmp_path_factory.mktemp("scripted")
    reference = fake_port(folder, "clock.py", "even", name="python")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gradparity.bench.beside.own_ports", lambda: [reference])
        yield lambda kind: fake_port(folder, "clock.py", kind, name=kind)


RANKED = {"slow": (4.0, Speed.SLOWER), "fast": (0.01, Speed.FASTER), "even": (1.0, Speed.WITHIN_NOISE)}
BROKEN = {"dying": "exited with status 3", "nan": "came [nan", "boasting": "by the harness's clock"}


@pytest.fixture(scope="module")
def together(scripted: Callable[[str], Port]) -> BenchResult:
    """All of them at once, with more groups than they can time, and one that does not start."""
    single = SMALL.model_copy(update={"dtype": "float32"})
    numerical = Operation("numerical gradient", "numerical_gradient", {"step": "1e-4"})
    plan = [pass_group(SMALL, 1), pass_group(single, 1), Group("numerical gradient", TINY, (numerical,), 1)]
    return bench(*(scripted(kind).runners[0] for kind in (*RANKED, *BROKEN, "absent")), plan=plan)


@pytest.mark.parametrize("kind", RANKED)
def test_a_port_is_ranked_by_its_own_clock(kind: str, together: BenchResult) -> None:
    ratio, expected = RANKED[kind]
    found = {(e.operation, e.against): e for e in together.groups[0].estimates if e.runner == kind}
    ranked, roofline = found["gradient", "python"], found["gradient", "products"]
    assert ranked.ratio == pytest.approx(ratio, rel=0.01) and ranked.word is expected
    assert roofline.ratio == pytest.approx(1.0, rel=0.01) and roofline.word is Speed.WITHIN_NOISE


@pytest.mark.parametrize("kind", BROKEN)
def test_a_port_that_breaks_is_named_and_the_others_are_measured(kind: str, together: BenchResult) -> None:
    [missing] = [timed for timed in together.missing if timed.info.runner == kind]
    assert BROKEN[kind] in missing.trouble
    broken = {one.operation: one for one in together.groups[0].series if one.runner == kind}
    for operation in ("gradient", "products"):
        assert broken[operation].missing == "could not run" and not broken[operation].samples
    assert words(together, CONTROL)["gradient"] is Speed.WITHIN_NOISE


def test_what_a_port_cannot_time_is_not_implemented_and_no_failure(together: BenchResult) -> None:
    missing = {(g.case.dtype, one.operation): one for g in together.groups for one in g.series if one.runner == "slow"}
    assert missing["float64", "train step"].trouble == "time: that cannot be timed"
    assert missing["float32", "gradient"].trouble == "the port has no float32"
    assert missing["float64", "numerical gradient"].trouble == "the port has no operation numerical_gradient"
    assert missing["float64", "gradient"].samples
    assert "slow" not in {timed.info.runner for timed in together.missing}


def test_a_runner_that_is_not_here_is_said_to_be_absent(together: BenchResult) -> None:
    assert {timed.info.runner for timed in together.missing} == {*BROKEN, "absent"} and together.exit_code == 3
    assert {timed.info.runner for timed in together.runners if timed.info.state is State.FAILED} == {"absent"}


@pytest.mark.usefixtures("scripted")
def test_an_interrupt_keeps_what_was_measured() -> None:
    def interrupt(what: str, done: float) -> None:
        if "batch 41" in what:
            raise KeyboardInterrupt

    other = Group("pass", SMALL.model_copy(update={"batch": 41}), GRADIENT.operations, 1)
    result = run_bench([], [], [GRADIENT, other, GRADIENT], OPTIONS, "", interrupt)
    assert result.interrupted and result.exit_code == 3
    assert result.groups[0].rounds >= 10 and len(result.groups) == 2


def test_without_the_reference_there_is_no_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setattr("gradparity.ports.programs.sys.executable", "/bin/false")
    with pytest.raises(UsageError, match="the reference cannot be timed"):
        bench()


def test_another_plan_is_another_method() -> None:
    other = Group("pass", SMALL.model_copy(update={"batch": 41}), GRADIENT.operations, 1)
    assert method([GRADIENT]) == method([GRADIENT]) != method([other])


FUNCTION = """
from gradparity import function

@function(x="n", sizes={{"n": (4,)}}, dtypes=("float64",))
def {name}(x):
    {body}
"""
PORTS = {
    "right": ("half", "return x * 0.5"),
    "mistaken": ("half", "return x * 0.51"),
    "lacking": ("other", "return x"),
    "raising": ("half", "raise ValueError('no halves today')"),
}


def served(folder: Path, label: str, name: str, body: str) -> Runner:
    """A port that is a file of functions."""
    path = folder / f"{label}.py"
    path.write_text(FUNCTION.format(name=name, body=body), encoding="utf-8")
    runner = reference_runner(path)
    about = runner.port.manifest.model_copy(update={"name": label})
    return dataclasses.replace(runner, port=Port(runner.port.folder, about))


@pytest.fixture(scope="module")
def of_functions(tmp_path_factory: pytest.TempPathFactory) -> BenchResult:
    """A function, with its reference, in ports of which one is right. Of the figures nothing is asserted."""
    folder = tmp_path_factory.mktemp("functions")
    runners = [served(folder, label, *of) for label, of in PORTS.items()]
    served(folder, "reference", "half", "return x / 2")
    plan = plan_of(usual_specs(read_reference(folder / "reference.py").functions.values()))
    options = BenchOptions(budget=0.1, reference=folder / "reference.py")
    return run_bench(runners, list(PORTS), plan, options, "", lambda what, done: None)


def test_only_a_right_function_is_timed_beside_its_reference(of_functions: BenchResult) -> None:
    [group] = of_functions.groups
    assert of_functions.reference == "reference" and group.case.name == "half-n4-float64"
    timed = {one.runner: bool(one.samples) for one in group.series}
    assert timed == {"reference": True, CONTROL: True, "right": True, **dict.fromkeys(list(PORTS)[1:], False)}
    missing = {one.runner: (one.missing, one.trouble) for one in group.series if not one.samples}
    assert missing["mistaken"][0] == "wrong" and "but should be" in missing["mistaken"][1]
    assert missing["lacking"] == ("not implemented", "the port does not list half: it lists other")
    assert missing["raising"][0] == "could not run" and "no halves today" in missing["raising"][1]
    assert {(e.runner, e.against) for e in group.estimates} == {(CONTROL, "reference"), ("right", "reference")}


def test_what_is_wrong_decides_the_exit_code_and_what_could_not_run_is_missing(of_functions: BenchResult) -> None:
    assert of_functions.exit_code == 1
    assert [timed.info.runner for timed in of_functions.missing] == ["raising"]
    ledgers = {timed.info.runner: timed.ledger for timed in of_functions.runners}
    assert ledgers["right"] and ledgers["right"].operation == "half" and ledgers["mistaken"] is None
    assert BenchResult.model_validate_json(of_functions.model_dump_json()) == of_functions


def test_another_reference_is_another_method(tmp_path: Path) -> None:
    def digest(body: str) -> str:
        served(tmp_path, "reference", "half", body)
        return method(plan_of(usual_specs(read_reference(tmp_path / "reference.py").functions.values())))

    assert digest("return x / 2") == digest("return x / 2") != digest("return x * 0.5")
