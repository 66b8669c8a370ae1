"""A whole benchmark, with ports that work and ports that break."""

from __future__ import annotations

import math

import pytest
from conftest import RUNNERS, MakePort
from gradparity.bench.conditions import cores_for
from gradparity.bench.plan import Group, Operation, gradient_and_products, pass_group
from gradparity.bench.records import CONTROL, BenchResult, Word
from gradparity.bench.run import BenchOptions, method, run_bench
from gradparity.cases import CaseSpec
from gradparity.errors import UsageError
from gradparity.ports.info import State
from gradparity.ports.manifest import Runner

SMALL = CaseSpec(sizes=(30, 20, 10), batch=40)
TINY = CaseSpec(sizes=(5, 4, 3), batch=2)
GRADIENT = Group("pass", SMALL, gradient_and_products(SMALL), 1)


def bench(*runners: Runner, plan: list[Group] | None = None) -> BenchResult:
    required = [runner.label for runner in runners]
    return run_bench(list(runners), required, plan or [GRADIENT], BenchOptions(budget=0.5), "", lambda what, done: None)


def words(result: BenchResult, runner: str) -> dict[str, Word]:
    estimates = [e for group in result.groups for e in group.estimates]
    return {e.operation: e.word for e in estimates if (e.runner, e.against) == (runner, "python")}


@pytest.fixture(scope="module")
def alone() -> BenchResult:
    return bench(RUNNERS["python"], plan=[pass_group(SMALL, 1)])


def test_the_oracle_and_its_control_are_always_there(alone: BenchResult) -> None:
    result = alone
    assert [timed.info.runner for timed in result.runners] == ["python", CONTROL]
    [group] = result.groups
    assert {one.operation for one in group.series} == {"gradient", "products", "forward", "train step"}
    assert all(len(one.samples) == 2 * group.rounds and group.rounds >= 10 for one in group.series)
    assert set(group.floor) == {"gradient", "products", "forward", "train step"}
    assert all(math.isfinite(value) for value in group.floor.values())
    assert set(words(result, CONTROL).values()) == {Word.WITHIN_NOISE}  # by its own floor
    assert result.exit_code == 0 and result.conditions.threads == 1
    assert result.conditions.pinned == cores_for(1)[0], "the parts of the record are joined once"
    assert all(timed.ledger and timed.ledger.memory_peak for timed in result.runners)


def test_a_port_is_ranked_by_its_own_clock(make_port: MakePort) -> None:
    slow = make_port("clock.py", "slow").runners[0]
    result = bench(slow)
    assert words(result, "fake")["gradient"] is Word.SLOWER
    [roofline] = [e for e in result.groups[0].estimates if (e.runner, e.against) == ("fake", "products")]
    assert roofline.ratio == pytest.approx(1.0, rel=0.01) and roofline.word is Word.WITHIN_NOISE


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [("dying", "exited with status 3"), ("nan", "came [nan"), ("boasting", "by the harness's clock")],
)
def test_a_port_that_breaks_is_named_and_the_others_are_measured(make_port: MakePort, kind: str, trouble: str) -> None:
    result = bench(make_port("clock.py", kind).runners[0])
    assert [timed.info.runner for timed in result.missing] == ["fake"] and result.exit_code == 3
    assert trouble in result.missing[0].trouble
    broken = [one for one in result.groups[0].series if one.runner == "fake"]
    assert broken and all(one.missing == "could not run" and not one.samples for one in broken)
    assert words(result, CONTROL)["gradient"] is Word.WITHIN_NOISE


def test_what_a_port_cannot_time_is_not_implemented_and_no_failure(make_port: MakePort) -> None:
    single = SMALL.model_copy(update={"dtype": "float32"})
    numerical = Operation("numerical gradient", "numerical_gradient", {"step": "1e-4"})
    plan = [pass_group(SMALL, 1), pass_group(single, 1), Group("numerical gradient", TINY, (numerical,), 1)]
    result = bench(make_port("clock.py", "slow").runners[0], plan=plan)
    missing = {(g.case.dtype, one.operation): one for g in result.groups for one in g.series if one.runner == "fake"}
    assert missing["float64", "train step"].trouble == "time: that cannot be timed"
    assert missing["float32", "gradient"].trouble == "the port has no float32"
    assert missing["float64", "numerical gradient"].trouble == "the port has no operation numerical_gradient"
    assert missing["float64", "gradient"].samples
    assert result.exit_code == 0


def test_a_runner_that_is_not_here_is_said_to_be_absent(make_port: MakePort) -> None:
    runner = make_port("no-such-file.py").runners[0]
    result = bench(runner)
    assert [timed.info.state for timed in result.runners] == [State.READY, State.READY, State.FAILED]
    assert result.exit_code == 3


def test_an_interrupt_keeps_what_was_measured() -> None:
    def interrupt(what: str, done: float) -> None:
        if "batch 41" in what:
            raise KeyboardInterrupt

    other = Group("pass", SMALL.model_copy(update={"batch": 41}), GRADIENT.operations, 1)
    options = BenchOptions(budget=0.5)
    result = run_bench([RUNNERS["python"]], [], [GRADIENT, other, GRADIENT], options, "", interrupt)
    assert result.interrupted and result.exit_code == 3
    assert result.groups[0].rounds >= 10 and len(result.groups) == 2


def test_without_the_oracle_there_is_no_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setattr("gradparity.ports.programs.sys.executable", "/bin/false")
    with pytest.raises(UsageError, match="the oracle cannot be timed"):
        bench()


def test_the_record_survives_its_own_json(alone: BenchResult) -> None:
    assert BenchResult.model_validate_json(alone.model_dump_json()) == alone


def test_another_plan_is_another_method() -> None:
    other = Group("pass", SMALL.model_copy(update={"batch": 41}), GRADIENT.operations, 1)
    assert method([GRADIENT]) == method([GRADIENT]) != method([other])
