"""A comparison can be printed, asked, asserted, and read back as the record of a check."""

from __future__ import annotations

from typing import Any

import gradparity
import pytest
from gradparity.cases import CaseSpec
from gradparity.check.records import CheckResult
from gradparity.objects.comparison import Comparison
from gradparity_reference import MultiLayerNet

SPECS = [CaseSpec(sizes=(5, 4, 3), batch=batch) for batch in (2, 6)]


class Doubled(MultiLayerNet):
    """Its gradient is twice what it should be."""

    def gradient(self, x: Any, t: Any) -> dict[str, Any]:
        return {name: 2 * value if name == "dW1" else value for name, value in super().gradient(x, t).items()}


@pytest.fixture(scope="module")
def right() -> Comparison:
    return gradparity.compare(MultiLayerNet, cases=SPECS)


@pytest.fixture(scope="module")
def doubled() -> Comparison:
    return gradparity.compare(Doubled, cases=SPECS)


def test_agreement(right: Comparison) -> None:
    assert right
    assert repr(right) == "<agreement - 1 runner x 2 cases: 2 identical>"
    assert str(right) == right.report()
    assert str(right).splitlines()[-1] == "agreement - 1 runner x 2 cases: 2 identical"
    right.assert_agrees()


def test_disagreement_is_told_as_actual_expected_call_diagnosis_command(doubled: Comparison) -> None:
    assert not doubled
    with pytest.raises(AssertionError) as caught:
        doubled.assert_agrees()
    first, where, why, again = str(caught.value).splitlines()
    assert first.startswith("doubled wrong in 2 of 2 cases, for one: dW1[")
    assert repr(doubled) == f"<disagreement - 1 runner x 2 cases: 2 wrong; {first}>"
    assert ", but should be " in first and "[of gradient, float64]; ratio " in first
    assert where.startswith("first wrong at gradient dW1; ") and " of 20 elements" in where
    assert why == "constant factor: off by the constant factor 2; fits exactly, in 2 of 2 cases"
    assert again == f"gradparity.compare(Doubled, cases='{SPECS[0].name}', seeds=0)"
    assert all(line in doubled.report() for line in (why, again))


def test_the_record_is_a_checks(doubled: Comparison) -> None:
    record = CheckResult.model_validate_json(doubled.model_dump_json())
    assert (record.exit_code, record.kind, record.command) == (1, "check", "gradparity.compare(Doubled)")
    assert [case.model_dump() for case in record.cases] == [case.model_dump() for case in doubled.cases]


def test_what_could_not_run_is_told_with_their_last_words() -> None:
    class Broken(MultiLayerNet):
        def gradient(self, x: Any, t: Any) -> dict[str, Any]:
            raise ArithmeticError("it does not\x1b[2J add up")

    result = gradparity.compare(Broken, cases=SPECS[0])
    assert not result
    with pytest.raises(AssertionError) as caught:
        result.assert_agrees()
    first, *_, last, again = str(caught.value).splitlines()
    assert first == "could not run: gradient: ArithmeticError: it does not\\x1b[2J add up"
    assert last == "    | ArithmeticError: it does not\\x1b[2J add up"
    assert again.startswith("gradparity.compare(Broken, ")
