"""Records that grow: whatever the parts are, the whole is the same."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from gradparity.bench.records import BenchResult, Conditions, Timed
from gradparity.check.records import CheckResult
from gradparity.parts import Growing, join, join_all
from gradparity.ports.info import RunnerInfo, State
from gradparity.record.run import Run
from hypothesis import given
from hypothesis import strategies as st
from samples import agreeing, parts


def info(runner: str, state: State = State.READY) -> RunnerInfo:
    return RunnerInfo(runner=runner, port=runner, language="Forth", state=state)


def test_lists_go_on_records_are_joined_and_everything_else_is_replaced() -> None:
    first = BenchResult(warnings=["a"], seconds=1.0, conditions=Conditions(threads=2))
    second = BenchResult(warnings=["b"], seconds=2.0, conditions=Conditions(load_after=0.5))
    both = join(first, second)
    assert (both.warnings, both.seconds) == (["a", "b"], 2.0)
    assert (both.conditions.threads, both.conditions.load_after) == (2, 0.5)


def test_what_a_part_does_not_set_stays() -> None:
    assert join(CheckResult(interrupted=True), CheckResult(left_out=["x"])).interrupted


def test_of_a_runner_the_last_that_was_said_holds_in_the_last_order() -> None:
    said = [CheckResult(runners=[info("a", State.FAILED)]), CheckResult(runners=[info("b")])]
    whole = join_all([*said, CheckResult(runners=[info("b"), info("a")])])
    assert whole.runners == [info("b"), info("a")]
    timed = [BenchResult(runners=[Timed(info=info("a"), trouble=trouble)]) for trouble in ("", "it broke")]
    assert [one.trouble for one in join_all(timed).runners] == ["it broke"]


@given(st.lists(st.integers(0, 200)))
def test_parts_may_be_joined_in_any_grouping(cuts: list[int]) -> None:
    said = list(parts(agreeing()))
    bounds = sorted({0, len(said), *(cut % len(said) for cut in cuts)})
    groups = [join_all(said[low:high]) for low, high in pairwise(bounds)]
    assert join_all(groups) == agreeing() == join_all(said)


def test_each_part_is_kept_and_joined_whatever_thread_it_comes_from() -> None:
    kept: list[CheckResult] = []
    growing = Growing(CheckResult(), kept.append)

    def add(numbers: range) -> None:
        for number in numbers:
            growing.add(CheckResult(left_out=[str(number)]))

    threads = [threading.Thread(target=add, args=(range(start, 200, 4),)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert join_all(kept) == growing.whole
    assert sorted(growing.whole.left_out, key=int) == [str(number) for number in range(200)]


def test_what_cannot_be_kept_is_not_joined() -> None:
    def refuse(part: CheckResult) -> None:
        raise OSError("the disk is full")

    growing = Growing(CheckResult(), refuse)
    with pytest.raises(OSError, match="full"):
        growing.add(CheckResult(left_out=["x"]))
    assert growing.whole == CheckResult()


def test_a_run_is_joined_deeply() -> None:
    both = join(Run(check=CheckResult(left_out=["a"])), Run(check=CheckResult(left_out=["b"])))
    assert both.check and both.check.left_out == ["a", "b"]
