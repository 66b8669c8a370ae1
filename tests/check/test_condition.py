"""The condition that separates wrong from right cases: it does, it is the simplest, and it is no coincidence."""

from __future__ import annotations

from gradparity.check.condition import OUTSIDE, TOGETHER, separating
from gradparity.check.traits import Traits, traits_of
from gradparity.check.wording import told_findings
from gradparity.suite import default_suite
from hypothesis import given
from hypothesis import strategies as st
from sample_findings import at, check, told

SUITE = [spec.name for spec in default_suite()]


def traits(name: str) -> Traits:
    [case] = check([[]]).cases
    found = traits_of(case.model_copy(update={"case": name}))
    assert found
    return found


def condition(wrong: list[str], right: list[str]) -> str:
    return separating([traits(name) for name in wrong], [traits(name) for name in right])


def split(is_wrong: list[bool]) -> tuple[list[str], list[str]]:
    pairs = list(zip(SUITE, is_wrong, strict=True))
    return [name for name, wrong in pairs if wrong], [name for name, wrong in pairs if not wrong]


def test_a_word_separates() -> None:
    for part, words in (
        ("float32", "in float32"), ("-integer", "with integer labels"), ("-fortran", "in Fortran order"),
        ("batch_norm", "with batch_norm"), ("decay", "with weight decay"), ("denormals", "with denormals"),
    ):  # fmt: skip
        wrong, right = split([part in name for name in SUITE])
        assert condition(wrong, right) == f"only {words}; right in the {len(right)} other cases"
    wrong, right = split(["sigmoid" not in name for name in SUITE])
    assert condition(wrong, right).startswith("only without sigmoid; ")


def test_a_threshold_says_the_largest_right_and_the_smallest_wrong() -> None:
    def case(batch: int, sizes: str = "5-4-3", dtype: str = "float64") -> str:
        return f"random-{sizes}-relu-n{batch}-{dtype}"

    found = condition([case(67), case(300)], [case(50), case(7), case(1)])
    assert found == "only with batch > 50 (right up to 50, wrong from 67); right in the 3 other cases"
    deep = condition([case(7, "5-5-5-3"), case(7, "5-5-5-5-3")], [case(7, "5-5-3"), case(7, "5-3")])
    assert deep.startswith("only with depth > 2 (right up to 2, wrong from 3); ")
    assert condition([case(1)], [case(4), case(7)]).startswith("only with batch < 4 (right from 4, wrong up to 1); ")
    batches = (1, 7, 67, 68, 69)
    wrong = [case(batch, dtype="float32") for batch in batches[2:]]
    right = [case(batch, dtype="float32") for batch in batches[:2]] + [case(batch) for batch in batches]
    assert condition(wrong, right).startswith("only in float32 and with batch > 7 (right up to 7, wrong from 67); ")


def test_of_a_function_its_sizes_and_dtypes() -> None:
    def case(name: str) -> Traits:
        [one] = check([[]]).cases
        found = traits_of(one.model_copy(update={"case": name, "function": "k_2"}))
        assert found
        return found

    wrong, right = ["k_2-n300-d1-float64", "k_2-n67-d5-float64"], ["k_2-n5-d4-float32-ties", "k_2-n1-d300-float64"]
    found = separating([case(one) for one in wrong], [case(one) for one in right])
    assert found.startswith("only with n > 5 (right up to 5, wrong from 67); ")


def test_what_is_told_of_a_finding_counts_only_cases_where_the_same_was_compared() -> None:
    wrong = [[told(at("affine1"))]] * 2
    result = check([[], [], *wrong])
    assert (
        "only with batch > 2 (right up to 2, wrong from 3); right in the 2 other cases" in told_findings(result)[0].more
    )
    elsewhere = check([[], [], *([told(at("relu1"))] for _ in range(2))])
    assert not any(line.startswith("only ") for line in told_findings(elsewhere)[0].more)


@given(st.lists(st.booleans(), min_size=len(SUITE), max_size=len(SUITE)) | st.sampled_from(SUITE).map(
    lambda one: [traits(one).words <= traits(name).words for name in SUITE]))  # fmt: skip
def test_nothing_is_said_without_support(is_wrong: list[bool]) -> None:
    wrong, right = split(is_wrong)
    found = condition(wrong, right)
    assert not found or (wrong and len(right) >= OUTSIDE)
    assert " and with" not in found or len(wrong) >= TOGETHER
    assert not condition(wrong, [*right, *wrong[:1]]) or not wrong, "what is in both is not separated"


@given(st.sampled_from(["batch", "depth", "inputs", "width", "classes"]), st.sampled_from(SUITE))
def test_a_cut_at_any_size_is_found(key: str, cut: str) -> None:
    limit = traits(cut).sizes[key]
    wrong, right = split([traits(name).sizes[key] >= limit for name in SUITE])
    found = condition(wrong, right)
    assert bool(found) == (len(right) >= OUTSIDE)
    if f" {key} > " in found:
        assert f"wrong from {limit:g})" in found
