"""What is wrong over all cases of a runner, put together: each thing once, and a name only when it is true."""

from __future__ import annotations

from collections.abc import Sequence

from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.findings import Finding, explained_cases, findings, names
from gradparity.check.messages import message
from gradparity.check.records import CaseResult, Cell, CheckResult, Quantity, Reason
from gradparity.check.wording import told_findings
from gradparity.diagnosis.records import Diagnosis, Extent, Fact, Pattern, Where
from hypothesis import given
from hypothesis import strategies as st
from sample_findings import LOSS, READY, at, check, fit, told


def grouped(*cases: Sequence[Diagnosis]) -> list[tuple[str, int]]:
    """Of each finding its name and how many cases have it."""
    return [(one.explanation.name if one.explanation else "", one.count) for one in findings(check(cases))]


def texts(*cases: Sequence[Diagnosis]) -> list[str]:
    return [f"{one.where}{one.what}\n" + "\n".join(one.more) for one in told_findings(check(cases))]


def test_what_is_wrong_in_one_case_is_no_less_a_finding_for_what_is_wrong_in_thirty() -> None:
    nan = Fact(pattern=Pattern.NOT_A_NUMBER, sentence="NaN appears first in exp")
    log10 = [told(LOSS, fit("log10 for ln"))]
    assert grouped(*[log10] * 30, [told(LOSS, facts=[nan])]) == [("log10 for ln", 30), ("", 1)]
    assert grouped(*[log10] * 30, [*log10, told(LOSS)]) == [("log10 for ln", 31), ("", 1)], "the second in one case"
    named, other = texts(*[log10] * 30, [told(LOSS, facts=[nan])])
    assert "fits exactly, in 30 of 31 cases (1 has another finding there)" in named
    assert "a wrong in 1 case, first at softmax forward loss" in other and "NaN appears first in exp" in other


def test_one_bug_is_one_finding_at_any_layer_and_place() -> None:
    cases = [[told(at(f"affine{layer}"), fit("transposed", 9))] for layer in (1, 2, 3)]
    cases += [[told(Where(operation="gradient", array="dW2"), fit("transposed", 9))]]
    assert grouped(*cases) == [("transposed", 4)]


def test_two_bugs_in_each_case_are_two_findings_and_what_is_first_comes_first() -> None:
    cases = [[told(at("affine1"), fit("zero", 9)), told(LOSS, fit("log10 for ln"))]] * 4 + [
        [told(LOSS, fit("log10 for ln"))]
    ]
    assert grouped(*cases) == [("zero", 4), ("log10 for ln", 5)]
    both = [told(LOSS, fit("sum for mean")), told(LOSS, fit("log10 for ln"))]
    assert sorted(grouped(both)) == [("log10 for ln", 1), ("sum for mean", 1)], "at one place, too"
    entries = explained_cases(check(cases))["a", "random-5-4-3-relu-n1-float64", 0]
    assert [one.explanation and one.explanation.name for one in entries] == ["zero", "log10 for ln"]


def test_a_name_for_few_cases_is_none() -> None:
    bare = [told(LOSS)]
    assert grouped(*[bare] * 4, *[[told(LOSS, fit("no epsilon"))]] * 2) == [("", 6)]
    half = [[told(at("affine1", "db"), fit("constant factor", 50, 1 - 1e-4 * i))] for i in range(3)]
    assert grouped(*[[told(at("affine1", "db"))]] * 59, *half) == [("", 62)], "solved for, so no evidence"


def test_much_evidence_for_few_cases_is_a_finding_beside_the_rest() -> None:
    strong = [told(at("affine1"), fit("transposed", 12))]
    assert grouped(*[[told(at("affine2"))]] * 4, *[strong] * 2) == [("", 4), ("transposed", 2)]
    assert grouped(*[[told(at("affine2"))]] * 4, strong) == [("", 5)], "12 numbers are not many"


def test_the_counts_of_a_finding_agree_and_the_others_are_told() -> None:
    named = [told(LOSS, fit("log10 for ln"))]
    [text] = texts(*[named] * 20, *[[told(LOSS)]] * 2)
    assert text.startswith("a wrong in 22 cases, first at softmax forward loss\n")
    assert "fits exactly, in 20 of 22 cases (2 not explained by any known bug)" in text


def test_what_is_no_evidence_names_nothing_but_joins() -> None:
    nan, number = fit("overflow", 0), fit("overflow", 3)
    assert grouped([told(LOSS, nan)], [told(LOSS, nan)]) == [("", 2)]
    assert grouped([told(LOSS, nan)], [told(LOSS, number)], [told(at("affine1"), nan)]) == [("overflow", 3)]


def test_a_constant_is_one_number_in_all_cases() -> None:
    def decay(*values: float) -> list[tuple[str, int]]:
        return grouped(*[[told(Where(operation="gradient", array="dW1"), fit("decay", 40, one))] for one in values])

    assert decay(0.01, 0.010000001, 0.0100001) == [("decay", 3)]
    assert decay(0.01, 0.02, 0.03) == [("", 3)]
    assert decay(0.01, 0.01, 0.03) == [("decay", 3)], "one whose numbers it does not give"
    [text] = texts(*[[told(LOSS, fit("decay", 1, one))] for one in (0.01, 0.01, 0.03)])
    assert "in 2 of 3 cases (1 not explained by any known bug)" in text


def test_a_constant_of_a_minority_is_a_coincidence_and_of_anything_it_is_for_nearly_all() -> None:
    seven = [told(LOSS, fit("fixed divisor", 50, 0.142857))]
    other = [told(LOSS, fit("another divisor", 50, 1e-7))]
    assert grouped(*[other] * 7, *[seven] * 2) == [("another divisor", 9)], "of the cases of one batch size"
    assert grouped(*[seven] * 6, *[[told(LOSS)]] * 3) == [("", 9)]
    assert grouped(*[seven] * 8, [told(LOSS)]) == [("fixed divisor", 9)]


def test_factors_near_1_are_alike_by_how_far_they_are_from_it() -> None:
    factors = [[told(LOSS, fit("constant factor", 0, 1 + 1e-8 * i))] for i in range(1, 6)]
    assert grouped(*factors) == [("", 5)]
    assert grouped(*[factors[0]] * 5) == [("constant factor", 5)]


def test_a_constant_of_a_single_case_takes_many_numbers_and_the_round_one_is_meant() -> None:
    assert grouped([told(LOSS, fit("exp is off", 2, -9.937e-8))]) == [("", 1)]
    several = [fit("another divisor", 299, -6.090909), fit("constant factor", 299, 1.1)]
    assert grouped([told(LOSS, *several)]) == [("constant factor", 1)]


def test_the_name_that_explains_most_is_chosen_and_then_the_one_known_first() -> None:
    both = [told(LOSS, fit("sign"), fit("constant factor"))]
    assert grouped(both, both, [told(LOSS, fit("constant factor"))]) == [("constant factor", 3)]
    assert grouped(both, both) == [("sign", 2)]


def test_patterns_are_told_where_no_bug_is_named_with_their_range() -> None:
    def factor(value: float) -> list[Diagnosis]:
        return [told(LOSS, facts=[Fact(pattern=Pattern.ONE_FACTOR, sentence=f"off by {value}", value=value)])]

    [same] = texts(factor(2.0), factor(2.0), factor(2.0))
    assert "\noff by 2.0\n" in same
    [spread] = texts(factor(2.0), factor(5.0), factor(3.0))
    assert "off by 2.0; from 2 to 5 in these cases" in spread
    [most] = texts(factor(2.0), [told(LOSS)], [told(LOSS)])
    assert "off by" not in most


def test_what_was_not_asked_is_told_where_no_bug_is_named() -> None:
    wanted = {"for_want_of": ["trace"]}
    [without] = texts([told(Where(operation="gradient", array="dW1"), **wanted)])
    assert "`trace` would show which layer is wrong first" in without
    [named] = texts([told(Where(operation="gradient", array="dW1"), fit("sign", 9), **wanted)])
    assert "would show" not in named


def test_the_extent_is_told_for_all_where_it_is_alike() -> None:
    def past(length: int, block: int) -> list[Diagnosis]:
        start = length // block * block
        places = list(range(start, length))
        extent = Extent(wrong=len(places), size=length, axis=0, places=places, length=length, block=block)
        return [told(at("affine1"), extent=extent)]

    [text] = texts(past(67, 64), past(13, 8), past(17, 16))
    assert "in rows 64, 65, 66 of 67: past the last multiple of 64" in text
    assert "where in the array: the rows past the last multiple of 8, in 3 of 3 cases" in text


def test_more_findings_than_are_told_are_named() -> None:
    cases = [[told(at(f"layer{chr(97 + i)}"), fit(f"bug {i}", 30))] for i in range(12)]
    *shown, rest = told_findings(check(cases))
    assert len(shown) == 8 and rest.where == "a: and 4 more findings: "
    assert rest.what == "bug 8, bug 9, bug 10, bug 11" and rest.command == ""
    assert "and 8 more findings" in message(check(cases))


def test_a_message_has_every_finding_and_a_command_for_each_case() -> None:
    both = [told(at("affine1"), fit("zero", 9)), told(LOSS, fit("log10 for ln"))]
    lines = message(check([both])).splitlines()
    assert [line for line in lines if line.startswith("first wrong at")] == [
        "first wrong at affine1 forward out",
        "first wrong at softmax forward loss",
    ]
    assert lines.count("c1") == 1 and lines[-1] == "c1"


def test_other_errors_are_other_findings() -> None:
    def broke(detail: str, reason: Reason | None = None) -> CaseResult:
        cell = Cell.without_figures(Quantity.GRADIENT, "", Verdict.COULD_NOT_RUN, detail, reason)
        about = {"runner": "a", "case": detail, "dtype": "float64", "command": "c", "seed": 0}
        return CaseResult.model_validate({**about, "cells": [cell]})

    cases = [broke("shape (3, 4)"), broke("shape (7, 5)"), broke("division"), broke("not tried", Reason.GIVEN_UP)]
    found = findings(CheckResult(runners=[READY], cases=cases))
    assert [(one.cell.detail, one.count) for one in found] == [("shape (3, 4)", 2), ("division", 2)]


PLACES = st.sampled_from([LOSS, at("affine1"), at("affine2"), at("relu1"), Where(operation="gradient", array="dW1")])
FITS = st.builds(
    fit,
    st.sampled_from(["sign", "zero", "sum for mean", "of no list"]),
    st.integers(0, 30),
    st.sampled_from([None, None, 0.1, 0.2]),
)


@given(st.lists(st.lists(st.builds(lambda where, fits: told(where, *fits), PLACES, st.lists(FITS, max_size=3)),
                         min_size=1, max_size=3), max_size=7))  # fmt: skip
def test_every_symptom_is_in_one_finding_and_counts_agree(cases: list[list[Diagnosis]]) -> None:
    found: list[Finding] = findings(check(cases))
    placed = [(one.key, one.at) for finding in found for one in finding.symptoms]
    assert sorted(placed) == sorted(
        ((f"random-5-4-3-relu-n{batch}-float64", 0), at) for batch, own in enumerate(cases, 1) for at in range(len(own))
    )
    assert len(names(found)) == sum(one.explanation is not None for one in found)
    for one in found:
        assert one.count == len({symptom.key for symptom in one.symptoms}) <= one.there
        assert {s.explanation.name for s in one.explained if s.explanation} <= set(names([one]))
        assert not one.explained or any(s.explanation and s.explanation.numbers for s in one.explained)
