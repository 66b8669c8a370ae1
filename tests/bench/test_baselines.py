"""Baselines: kept whole, read back with their faults named, and compared only with their like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Speed
from gradparity.bench import baselines
from gradparity.bench.baselines import baseline_path, changes, differences, read, save
from gradparity.bench.estimates import floors
from gradparity.bench.records import CONTROL, BenchResult, Conditions, GroupResult, Series
from gradparity.cases import CaseSpec
from gradparity.errors import UsageError
from gradparity.machine import Machine

CASE = CaseSpec(sizes=(30, 20, 10), batch=40)


def result(times: dict[str, float], seed: int = 0) -> BenchResult:
    rng = np.random.default_rng(seed)
    series = [
        Series(
            runner=runner,
            operation="gradient",
            calls=1,
            samples=(typical * np.exp(0.01 * rng.normal(size=(40, 4)))).tolist(),
        )
        for runner, typical in times.items()
    ]
    group = GroupResult(kind="pass", case=CASE, flops=1.0, rounds=20, series=series, floor=floors(series, "python"))
    return BenchResult(
        gradparity="0",
        command="",
        method="m",
        machine=Machine(cpu="6502", cores=1),
        conditions=Conditions(threads=1, pinned=[]),
        reference="python",
        runners=[],
        groups=[group],
        seconds=1.0,
    )


BEFORE = result({"python": 500.0, CONTROL: 500.0, "mine": 250.0})


def test_a_port_that_became_slower_is_found_even_where_the_whole_machine_became_faster() -> None:
    after = result({"python": 400.0, CONTROL: 400.0, "mine": 240.0}, seed=1)
    found = {one.runner: one for one in changes(BEFORE, after)}
    assert found["mine"].word is Speed.SLOWER and found["mine"].ratio == pytest.approx(1.2, rel=0.02)
    assert found[CONTROL].word is Speed.WITHIN_NOISE
    assert "python" not in found


def test_the_same_again_has_not_changed() -> None:
    again = result({"python": 500.0, CONTROL: 500.0, "mine": 250.0}, seed=2)
    assert {one.word for one in changes(BEFORE, again)} == {Speed.WITHIN_NOISE}


def test_what_only_one_of_them_has_is_not_compared() -> None:
    assert [one.runner for one in changes(BEFORE, result({"python": 1.0, "yours": 1.0}))] == []


def test_saved_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "folder" / "before.json")
    assert save(BEFORE, path) == Path(path) and read(path) == BEFORE
    monkeypatch.setattr(baselines, "user_data_path", lambda _: tmp_path)
    assert save(BEFORE, "monday") == tmp_path / "baselines" / "monday.json" == baseline_path("monday")
    with pytest.raises(UsageError, match="--compare tuesday: no such baseline; there are: monday"):
        read("tuesday")


@pytest.mark.parametrize("damage", ["", "{", '{"kind": "check"}', '{"groups": [1]}', "null", "NaN", "\x00"])
def test_a_damaged_baseline_is_one_line(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(damage, encoding="utf-8")
    with pytest.raises(UsageError, match="not a benchmark of this version") as caught:
        read(str(path))
    assert "\n" not in str(caught.value)


def test_a_truncated_baseline_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text(BEFORE.model_dump_json()[:-200], encoding="utf-8")
    with pytest.raises(UsageError, match="not a benchmark of this version"):
        read(str(path))


def test_a_folder_where_nothing_can_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="--save"):
        save(BEFORE, str(tmp_path / "file" / "before.json"))


def test_unlike_benchmarks_are_told_apart() -> None:
    assert differences(BEFORE, BEFORE) == []
    other = BEFORE.model_copy(update={"machine": BEFORE.machine.model_copy(update={"cpu": "Z80"})})
    assert differences(other, BEFORE) == [f"another machine (cpu: Z80, now {BEFORE.machine.cpu})"]
    [unlike] = differences(BEFORE, BEFORE.model_copy(update={"method": "n"}))
    assert "another benchmark" in unlike
    [unlike] = differences(BEFORE, BEFORE.model_copy(update={"conditions": Conditions(threads=2)}))
    assert unlike == "another number of threads (1, now 2)"
