"""Reading records: what is whole is read as it was written, and damage takes with it only what it touches."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from gradparity.errors import UsageError
from gradparity.parts import join_all
from gradparity.record.reading import Recorded, read_run
from gradparity.record.run import RECORD, Run
from gradparity.report.verdict import headline
from hypothesis import given
from hypothesis import strategies as st
from samples import agreeing, disagreeing, hostile, incomplete, parts, write

UNKNOWN = Run(gradparity="unknown")

texts = st.text(st.characters(), max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


def lines_of(run: Run) -> list[bytes]:
    return [part.model_dump_json(exclude_unset=True).encode() for part in parts(run)]


AGREEING, DISAGREEING = lines_of(agreeing()), lines_of(disagreeing())
LINES = DISAGREEING[:60] + DISAGREEING[-12:]  # enough of every kind


def read(folder: Path, data: bytes) -> Recorded:
    (folder / RECORD).write_bytes(data)
    return read_run(folder)


def results(run: Run) -> list[str]:
    """What was found, as text: everything that only one line says."""
    check, bench, train = run.check, run.bench, run.train
    found = [*(check.cases if check else []), *(bench.groups if bench else []), *(train.results if train else [])]
    return [one.model_dump_json() for one in found]


def results_in(lines: list[bytes]) -> list[str]:
    return results(join_all([UNKNOWN, *(Run.model_validate_json(line) for line in lines)]))


@pytest.mark.parametrize("run", [agreeing(), disagreeing(), hostile(), incomplete()])
def test_what_was_written_is_read_as_it_was(folder: Path, run: Run) -> None:
    found = read_run(write(run, folder))
    assert found.run.model_dump_json() == run.model_dump_json()
    assert found.lost == [] and found.exit_code == run.exit_code


@given(st.lists(st.integers(0, 200)))
def test_it_does_not_matter_how_the_run_is_cut_into_lines(folder: Path, cuts: list[int]) -> None:
    said = list(parts(agreeing()))
    bounds = sorted({0, len(said), *(cut % len(said) for cut in cuts)})
    lines = [join_all(said[low:high]).model_dump_json(exclude_unset=True) for low, high in pairwise(bounds)]
    assert read(folder, "\n".join(lines).encode()).run == agreeing()


@given(st.data())
def test_of_a_record_that_is_cut_off_anywhere_all_lines_before_stand(folder: Path, data: st.DataObject) -> None:
    record = b"\n".join(AGREEING) + b"\n"
    length = data.draw(st.integers(len(AGREEING[0]), len(record)))
    whole = record[:length].count(b"\n") + (record[length : length + 1] == b"\n")
    found = read(folder, record[:length])
    assert found.run == join_all([UNKNOWN, *list(parts(agreeing()))[:whole]])
    cut = length and record[length - 1 : length + 1].count(b"\n") == 0 and length < len(record)
    assert found.lost == ([f"line {whole + 1}: cut off; what it said is left out"] if cut else [])


def test_a_record_without_its_first_line_is_read_and_says_so(folder: Path) -> None:
    found = read(folder, b"\n".join([AGREEING[0][:-9], *AGREEING[1:]]))
    assert len(found.lost) == 1 and found.lost[0].startswith("line 1: not JSON (")
    assert found.run.gradparity == "unknown", "the version of the reader is not that of the writer"
    assert results(found.run) == results(agreeing())


@given(st.binary(max_size=300))
def test_no_bytes_at_all_can_break_the_reader(folder: Path, data: bytes) -> None:
    with suppress(UsageError):
        read(folder, data)


@given(st.data())
def test_damaged_bytes_take_only_their_lines_with_them(folder: Path, data: st.DataObject) -> None:
    record = b"\n".join(LINES) + b"\n"
    at = data.draw(st.integers(len(LINES[0]) + 1, len(record) - 1))
    removed = data.draw(st.integers(0, 3))
    damage = data.draw(
        st.binary(max_size=3) | st.sampled_from([b'"', b"{", b"\n", b"\x00", b"NaN", b"-1e999", b"\xff"])
    )
    touched = range(record[:at].count(b"\n"), record[: at + removed].count(b"\n") + 1)
    found = read(folder, record[:at] + damage + record[at + removed :])
    untouched = results_in([line for number, line in enumerate(LINES) if number not in touched])
    assert set(untouched) <= set(results(found.run))
    assert headline(found)


def locations(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([way] if way else []), *(found for key, one in inside for found in locations(one, (*way, key)))]


@given(st.data())
def test_a_disagreement_never_becomes_an_agreement_without_a_word(folder: Path, data: st.DataObject) -> None:
    documents = [json.loads(line) for line in LINES]
    number = data.draw(st.integers(1, len(LINES) - 1))
    *way, last = data.draw(st.sampled_from(locations(documents[number])))
    holder = documents[number]
    for key in way:
        holder = holder[key]
    if data.draw(st.booleans()):
        del holder[last]
    else:
        holder[last] = data.draw(values)
    kept = {json.dumps(one) for one in documents if one is not documents[number]}
    found = read(folder, "\n".join(json.dumps(one) for one in documents).encode())
    assert set(results_in([line.encode() for line in kept])) <= set(results(found.run))
    assert found.exit_code != 0
    assert "disagree" in headline(found) or "damaged" in headline(found)
    assert all(line.isprintable() for line in found.lost)


def test_where_every_disagreement_is_damaged_the_rest_is_no_agreement(folder: Path) -> None:
    found = read(folder, b"\n".join(line.replace(b'"wrong"', b'"wrung"') for line in DISAGREEING))
    assert found.run.exit_code == 0 and found.exit_code == 3
    assert headline(found) == (
        "Incomplete: what was compared of three runners agrees; parts of the record are damaged, and left out."
    )


def test_the_results_of_a_runner_whose_own_record_is_lost_count_all_the_same(folder: Path) -> None:
    lines = [line.replace(b'"state":"ready"', b'"state":"reedy"') for line in DISAGREEING]
    found = read(folder, b"\n".join(lines))
    assert "beta:native disagrees with the reference" in headline(found)
    assert found.run.check and "beta:native" in [info.runner for info in found.run.check.runners]


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", '"NaN"', '"Infinity"', "1e999"])
def test_nan_and_infinity_are_read_as_tokens_and_as_strings(folder: Path, token: str) -> None:
    lines = [line.replace(b'"ratio":0.0,', f'"ratio":{token},'.encode()) for line in AGREEING]
    found = read(folder, b"\n".join(lines))
    assert found.lost == [] and found.run.check
    assert found.run.check.cases[0].cells[0].ratio == pytest.approx(float(token.strip('"')), nan_ok=True)


@pytest.mark.parametrize("version", [6, 0, -1, "2", 2.0, None, True, [2]])
def test_a_schema_that_is_not_known_is_refused_with_what_to_do(folder: Path, version: Any) -> None:
    with pytest.raises(UsageError, match="and this gradparity reads 1 to 5: install the gradparity that wrote it"):
        read(folder, json.dumps({"schema_version": version, "future": 1}).encode())


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n", b"null", b"[]", b"5", b'"run"', b"{}", b'{"name": "something", "version": "1.0"}', b"\x89PNG\r\n"],
)
def test_what_is_no_record_is_refused_in_one_line(folder: Path, data: bytes) -> None:
    with pytest.raises(UsageError, match="nothing in it can be read: ") as caught:
        read(folder, data)
    assert str(caught.value).isprintable()


def test_where_there_is_no_record_it_is_said_what_is_expected(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UsageError, match=f"no run there: expected a folder with a {RECORD}, or a file of --json"):
            read_run(path)
    (tmp_path / RECORD).mkdir()
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_run(tmp_path)


@pytest.mark.parametrize("indent", [None, 1])
def test_the_json_of_a_run_or_of_one_part_is_a_run(tmp_path: Path, indent: int | None) -> None:
    run = agreeing()
    assert run.check and run.bench and run.train
    path = tmp_path / "one.json"
    path.write_text(run.model_dump_json(indent=indent))
    assert read_run(path).run == run
    for part in (run.check, run.bench, run.train):
        path.write_text(part.model_dump_json(indent=indent))
        found = read_run(path)
        assert list(found.run.parts) == [part] and found.lost == []
        assert found.run.command == part.command


def test_json_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text(agreeing().model_dump_json(indent=1)[:-100])
    with pytest.raises(UsageError, match="line 1: cut off"):
        read_run(tmp_path / "cut.json")
