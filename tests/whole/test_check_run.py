"""The check as a whole: what is wrong is found, what could not run is said, and the other ports' results stand."""

from __future__ import annotations

import re
from contextlib import nullcontext

import pytest
from conftest import MakePort, hasty
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases import CaseSpec
from gradparity.check.findings import changed_arguments, findings
from gradparity.check.messages import message
from gradparity.check.options import Options
from gradparity.check.records import CheckResult, Quantity
from gradparity.check.run import GIVE_UP_AFTER, run_check
from gradparity.check.wording import first_divergence, place, told_findings
from gradparity.ports.info import RunnerInfo, State
from gradparity.ports.manifest import Port, select_runners

SPECS = [
    CaseSpec(sizes=(5, 4, 3), batch=2, numerical=True),
    CaseSpec(sizes=(5, 4, 3), batch=6, dtype="float32"),
    CaseSpec(sizes=(5, 4, 3), batch=7, activation="sigmoid", labels="integer"),
]


def check(*ports: Port, specs: list[CaseSpec] | None = None, seeds: tuple[int, ...] = (0,)) -> CheckResult:
    """The result of a check of these ports."""
    runners = [runner for port in ports for runner in port.runners]
    named = {spec.name: spec for spec in specs or SPECS}
    infos, cases, _ = run_check(runners, named, list(seeds), Options(), lambda _: None)
    return CheckResult(gradparity="test", runners=infos, cases=cases)


def verdicts(result: CheckResult, quantity: Quantity) -> set[Verdict]:
    return {cell.verdict for case in result.cases for cell in case.cells if cell.quantity is quantity}


def wrong_arrays(result: CheckResult) -> set[tuple[Quantity, str]]:
    return {(c.quantity, c.array) for case in result.cases for c in case.cells if c.verdict is Verdict.WRONG}


def test_the_reference_behind_the_protocol_is_identical() -> None:
    [python] = select_runners(("python",))
    result = check(python.port, seeds=(0, 1))
    assert {case.verdict for case in result.cases} == {Verdict.IDENTICAL}
    assert len(result.cases) == 6
    others = {Quantity.UPDATE, Quantity.PARTS, Quantity.RESULTS}
    assert {cell.quantity for case in result.cases for cell in case.cells} == set(Quantity) - others
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("wrong", "arrays"),
    [
        ("batch-size", {(Quantity.GRADIENT, "dW2")}),
        ("one-element", {(Quantity.GRADIENT, "dW1")}),
        ("log10", {(Quantity.LOSS, "loss")}),
        ("drifts", {(Quantity.STATE, "gradient db1")}),
    ],
)
def test_what_is_wrong_is_found_where_it_is(wrong: str, arrays: set[tuple[Quantity, str]], make_port: MakePort) -> None:
    result = check(make_port("wrong.py", wrong))
    assert wrong_arrays(result) == arrays
    assert result.exit_code == 1


def test_the_gradient_of_the_previous_case_is_wrong(make_port: MakePort) -> None:
    result = check(make_port("wrong.py", "stale"), seeds=(0, 1))
    assert {(Quantity.GRADIENT, name) for name in ("dW1", "db1", "dW2", "db2")} <= wrong_arrays(result)


def test_a_wrong_element_is_shown_as_actual_expected_call(make_port: MakePort) -> None:
    result = check(make_port("wrong.py", "one-element"), specs=SPECS[:1])
    [cell] = [cell for case in result.cases for cell in case.cells if cell.verdict is Verdict.WRONG]
    assert cell.detail.startswith("dW1[4, 3]=")
    assert ", but should be " in cell.detail
    assert cell.detail.endswith("[of gradient, float64]")


@pytest.mark.parametrize(
    ("wrong", "quantities"),
    [
        ("few-operations", {Quantity.PREDICT, Quantity.ACCURACY, Quantity.TRACE, Quantity.NUMERICAL, Quantity.LAYERS}),
        ("few-layers", set()),
        ("no-float32", set()),
    ],
)
def test_what_a_port_lacks_is_not_implemented_and_no_failure(
    wrong: str, quantities: set[Quantity], make_port: MakePort
) -> None:
    result = check(make_port("wrong.py", wrong))
    for quantity in quantities:
        assert verdicts(result, quantity) == {Verdict.NOT_IMPLEMENTED}
    assert Verdict.NOT_IMPLEMENTED in {cell.verdict for case in result.cases for cell in case.cells}
    assert wrong_arrays(result) == set()
    assert result.exit_code == 0


def test_a_kind_of_case_that_a_port_does_not_load_is_not_implemented(make_port: MakePort) -> None:
    result = check(make_port("wrong.py", "relu-only"))
    assert [case.verdict for case in result.cases] == [Verdict.IDENTICAL] * 2 + [Verdict.NOT_IMPLEMENTED]
    assert result.cases[2].refused == "load: no sigmoid"
    network = [cell for cell in result.cases[2].cells if cell.quantity not in (Quantity.LAYERS, Quantity.STATE)]
    assert {(cell.verdict, cell.detail) for cell in network} == {(Verdict.NOT_IMPLEMENTED, "load: no sigmoid")}
    assert result.exit_code == 0


@pytest.mark.parametrize("older", ["older", "older-without-layers"])
def test_an_older_port_is_not_asked_for_an_activation_that_came_later(older: str, make_port: MakePort) -> None:
    """relu and sigmoid are asked for, listed or not; any other only where it is listed."""
    specs = [CaseSpec(sizes=(5, 4, 3), activation=kind) for kind in ("relu", "sigmoid", "tanh")]
    result = check(make_port("wrong.py", older), specs=specs)
    assert [case.verdict for case in result.cases] == [Verdict.IDENTICAL] * 2 + [Verdict.NOT_IMPLEMENTED]
    assert {cell.detail for cell in result.cases[2].cells} == {"the port does not list tanh"}
    assert result.exit_code == 0


def test_a_layer_of_a_network_that_is_refused_is_compared(make_port: MakePort) -> None:
    """A relu-only network may well have a sigmoid beside: named in hello, it must be right."""
    result = check(make_port("wrong.py", "relu-only-wrong-sigmoid"))
    assert [case.verdict for case in result.cases] == [Verdict.IDENTICAL] * 2 + [Verdict.WRONG]
    told = result.cases[2].diagnosis
    assert told is not None and place(told.where) == "sigmoid1 forward out, called alone"


def test_a_port_that_computes_nothing_does_not_agree(make_port: MakePort) -> None:
    """It lists an operation and leaves its arguments as they are: that alone is no agreement."""
    result = check(make_port("wrong.py", "not-yet"))
    assert {case.verdict for case in result.cases} == {Verdict.NOT_IMPLEMENTED}
    assert result.exit_code == 3


@pytest.mark.parametrize(("wrong", "argument"), [("mutates", "gradient W1"), ("mutates-dout", "layer relu1 dout")])
def test_who_changed_an_argument_is_named(wrong: str, argument: str, make_port: MakePort) -> None:
    """And that is told beside its numbers, which are right."""
    result = check(make_port("wrong.py", wrong), specs=SPECS[:1])
    assert (result.cases[0].verdict, result.exit_code) == (Verdict.MUTATES, 0)
    assert changed_arguments(findings(result)) == [argument]


def test_what_it_printed_with_a_wrong_answer_is_kept_and_nothing_else(make_port: MakePort) -> None:
    result = check(make_port("wrong.py", "all-doubled"))
    assert all(re.fullmatch(r"loss \d+\.\d+\n", case.stderr) for case in result.cases)
    assert all(case.last_words(Verdict.WRONG) == case.stderr for case in result.cases)


def test_what_failed_speaks_for_itself_alone(make_port: MakePort) -> None:
    result = check(make_port("wrong.py", "fails-at-sigmoid"), specs=SPECS[2:])
    [case] = result.cases
    assert case.verdict is Verdict.COULD_NOT_RUN and "ZeroDivisionError" in case.stderr and "loss" not in case.stderr
    assert (case.last_words(Verdict.COULD_NOT_RUN), case.last_words(Verdict.WRONG)) == (case.stderr, "")


def test_a_buffer_that_is_kept_accumulates_whatever_its_first_answer_was(make_port: MakePort) -> None:
    result = check(make_port("wrong.py", "kept-buffer"))
    found = findings(result)[0]
    assert found.explanation and found.explanation.name == "accumulates"
    assert len(found.explained) == found.count == found.there == len(result.cases)


def test_every_wrong_gradient_is_named_from_the_last_layer(make_port: MakePort) -> None:
    result = check(make_port("wrong.py", "all-doubled"), specs=SPECS[:1])
    told = result.cases[0].diagnosis
    assert told and (place(told.where), told.beside) == ("gradient dW2", ["db2", "dW1", "db1"])
    assert first_divergence(told) == (
        "gradient dW2 (the layers called alone are right); db2 and 2 more are wrong, too; 9 of 12 elements"
    )


def test_the_dtypes_that_a_port_lacks_are_not_implemented_also_after_it_broke(make_port: MakePort) -> None:
    specs = [CaseSpec(sizes=(5, 4, 3), batch=batch) for batch in range(1, GIVE_UP_AFTER + 1)]
    specs.append(CaseSpec(sizes=(5, 4, 3), dtype="float32"))
    result = check(make_port("wrong.py", "no-float32-and-dies"), specs=specs)
    *broken, absent = [case.verdict for case in result.cases]
    assert set(broken) == {Verdict.COULD_NOT_RUN} and absent is Verdict.NOT_IMPLEMENTED


def test_a_loss_that_a_ports_own_epsilon_hides_is_not_compared(make_port: MakePort) -> None:
    hidden = CaseSpec(sizes=(6, 5, 1), dtype="float32")
    result = check(make_port("wrong.py", "own-epsilon-and-an-ulp"), specs=[hidden])
    [loss] = [cell for case in result.cases for cell in case.cells if cell.quantity is Quantity.LOSS]
    assert loss.verdict is Verdict.NOT_IMPLEMENTED and "epsilon of 1e-07" in loss.detail
    assert result.exit_code == 0


def test_a_port_with_an_epsilon_of_its_own_is_judged_by_it(make_port: MakePort) -> None:
    result = check(make_port("wrong.py", "own-epsilon"))
    assert {case.verdict for case in result.cases} == {Verdict.IDENTICAL}


@pytest.mark.parametrize("fault", ["kill", "hang", "garbage"])  # all of them: test_session.py
def test_a_broken_port_fails_alone(fault: str, make_port: MakePort) -> None:
    [python] = select_runners(("python",))
    drawn = [CaseSpec(sizes=(5, 4, 3), batch=batch) for batch in range(1, GIVE_UP_AFTER + 2)]
    specs = {spec.name: spec for spec in drawn}
    port = make_port("faulty.py", fault)
    with hasty("fake") if fault == "hang" else nullcontext():
        infos, cases, _ = run_check([*port.runners, python], specs, [0], Options(), lambda _: None)
    result = CheckResult(gradparity="test", runners=infos, cases=cases)
    of = {label: [case for case in cases if case.runner == label] for label in ("fake", "python")}
    assert {case.verdict for case in of["python"]} == {Verdict.IDENTICAL}
    assert [case.verdict for case in of["fake"]] == [Verdict.COULD_NOT_RUN] * len(specs)
    assert f"about to {fault}" in of["fake"][0].stderr
    details = [case.cells[-1].detail for case in of["fake"]]
    assert details[0].startswith("gradient: ")
    assert details[-1] == f"not tried, as the port broke {GIVE_UP_AFTER} times with relu"
    assert result.exit_code == 3


def test_what_is_wrong_only_after_other_cases_is_told_with_the_command_that_shows_it(make_port: MakePort) -> None:
    specs = [CaseSpec(sizes=(9, 6, 40), batch=20), CaseSpec(sizes=(9, 6, 41), batch=20), CaseSpec(sizes=(9, 6, 42))]
    names = [spec.name for spec in specs]
    result = check(make_port("wrong.py", "keeps-the-first-batch-size"), specs=specs)
    assert [case.verdict for case in result.cases] == [Verdict.IDENTICAL] * 2 + [Verdict.WRONG]
    assert result.cases[2].only_after == [names[1]]
    assert f"--case {names[1]} --case {names[2]} --seeds 0" in result.cases[2].command
    [told] = told_findings(result)
    assert f"only after other cases: in a fresh process this one agrees, and after {names[1]} not" in told.more
    assert "only after" in message(result) and told.command in message(result)


def test_a_process_shows_in_a_little_case_what_it_keeps_of_the_size_of_a_batch(make_port: MakePort) -> None:
    result = check(make_port("wrong.py", "keeps-the-first-batch-size"), specs=[CaseSpec(sizes=(5, 4, 3), batch=6)])
    assert wrong_arrays(result) == {(Quantity.STATE, "second batch db2")}
    [told] = [case.diagnosis for case in result.cases]
    assert told and (place(told.where), told.explanations[0].name) == (
        "gradient db2, with a second batch",
        "stale state",
    )
    assert told.explanations[0].sentence == "divided by 6, the size of the batch before, for 3"


def test_what_breaks_with_one_activation_is_given_up_and_another_is_heard(make_port: MakePort) -> None:
    sigmoid = [CaseSpec(sizes=(5, 4, 3), batch=n, activation="sigmoid") for n in range(1, GIVE_UP_AFTER + 2)]
    relu = CaseSpec(sizes=(5, 4, 3), batch=2)
    result = check(make_port("wrong.py", "dies-with-sigmoid"), specs=[*sigmoid, relu])
    *broken, last = [case.verdict for case in result.cases]
    assert set(broken) == {Verdict.COULD_NOT_RUN} and last is Verdict.IDENTICAL
    assert result.cases[-2].cells[0].detail == f"not tried, as the port broke {GIVE_UP_AFTER} times with sigmoid"


def test_a_layer_that_dies_is_dropped_and_hides_nothing(make_port: MakePort) -> None:
    specs = [CaseSpec(sizes=(5, 4, 3), batch=n, activation="sigmoid") for n in range(1, GIVE_UP_AFTER + 2)]
    result = check(make_port("wrong.py", "sigmoid-layer-dies"), specs=specs)
    for case in result.cases:
        could_not = {(cell.quantity, cell.array) for cell in case.cells if cell.verdict is Verdict.COULD_NOT_RUN}
        assert could_not == {(Quantity.LAYERS, "sigmoid1")} and "about to die" in case.stderr
        assert Quantity.GRADIENT in {cell.quantity for cell in case.cells if cell.verdict is Verdict.IDENTICAL}
    [last] = [cell for cell in result.cases[-1].cells if cell.verdict is Verdict.COULD_NOT_RUN]
    assert last.detail == f"not tried, as the port broke {GIVE_UP_AFTER} times with the layer sigmoid"


def test_a_load_that_dies_is_said_beside_a_layer_that_did(make_port: MakePort) -> None:
    result = check(make_port("wrong.py", "sigmoid-layer-dies-and-load"), specs=SPECS[2:])
    could_not = {c.quantity: c.detail for c in result.cases[0].cells if c.verdict is Verdict.COULD_NOT_RUN}
    assert could_not[Quantity.GRADIENT].startswith("load: ") and could_not[Quantity.LAYERS].startswith("layer: ")


def test_an_error_fails_its_operation_and_nothing_else(make_port: MakePort) -> None:
    result = check(make_port("faulty.py", "error"))
    assert verdicts(result, Quantity.GRADIENT) == {Verdict.COULD_NOT_RUN}
    assert verdicts(result, Quantity.TRACE) == {Verdict.IDENTICAL}
    assert "ArithmeticError" in result.cases[0].stderr
    assert result.exit_code == 3


@pytest.mark.parametrize("fault", ["shape", "missing"])
def test_a_wrong_shape_or_dtype_is_wrong(fault: str, make_port: MakePort) -> None:
    result = check(make_port("faulty.py", fault), specs=SPECS[:1])
    assert verdicts(result, Quantity.GRADIENT) == {Verdict.WRONG}
    assert verdicts(result, Quantity.TRACE) == {Verdict.IDENTICAL}
    assert result.exit_code == 1


def test_a_gradient_of_nan_is_wrong(make_port: MakePort) -> None:
    result = check(make_port("faulty.py", "nan"), specs=SPECS[:1])
    assert wrong_arrays(result) == {(Quantity.GRADIENT, "dW1")}


@pytest.mark.parametrize(
    ("fault", "state"), [("not-available", State.NOT_AVAILABLE), ("no-start", State.FAILED), ("no-hello", State.FAILED)]
)
def test_a_port_that_does_not_start_is_no_agreement(fault: str, state: State, make_port: MakePort) -> None:
    [python] = select_runners(("python",))
    result = check(python.port, make_port("faulty.py", fault))
    assert [info.state for info in result.runners] == [State.READY, state]
    assert result.exit_code == 3


def test_a_failed_build_is_said(make_port: MakePort) -> None:
    port = make_port("faulty.py", "exit", more='[build]\ncommand = ["false"]\ninputs = []')
    result = check(port)
    assert result.runners[0].state is State.FAILED
    assert result.runners[0].reason == "build: `false` ended with status 1"


def test_a_port_whose_compiler_is_not_there_is_not_available(make_port: MakePort) -> None:
    port = make_port("faulty.py", "exit", more='[build]\ncommand = ["no-such-compiler"]\ninputs = []')
    spec = port.manifest.runner[0].model_copy(update={"requires": ["no-such-compiler"]})
    result = check(Port(port.folder, port.manifest.model_copy(update={"runner": [spec]})))
    assert (result.runners[0].state, result.runners[0].reason) == (
        State.NOT_AVAILABLE,
        "no-such-compiler is not on PATH",
    )


def info(runner: str, state: State) -> RunnerInfo:
    return RunnerInfo(runner=runner, port=runner.partition(":")[0], language="X", state=state)


def test_a_fallback_is_fine_unless_the_runner_was_asked_for() -> None:
    infos = [info("julia:embedded", State.NOT_AVAILABLE), info("julia:native", State.READY)]
    assert CheckResult(gradparity="t", runners=infos).missing == []
    asked = CheckResult(gradparity="t", runners=infos, required=["julia:embedded"])
    assert asked.missing == infos[:1]
    broken = [info("julia:embedded", State.FAILED), infos[1]]
    assert CheckResult(gradparity="t", runners=broken).missing == broken[:1]


def test_nothing_compared_is_no_agreement() -> None:
    assert CheckResult(gradparity="t", runners=[]).exit_code == 3
