"""Cases of a function: sizes that find bugs, each by its name alone."""

from pathlib import Path

import numpy as np
import pytest
from gradparity.errors import OptionError
from gradparity.functions.cases import FunctionSpec, named_case, select_function_cases, simpler, suite_of
from gradparity.functions.inputs import Quirk
from gradparity.functions.loading import read_reference

FUNCTIONS = read_reference(Path(__file__).parents[1] / "user_functions.py").functions
RIDGE = FUNCTIONS["ridge"]


def test_sizes_differ_are_one_each_alone_and_pass_the_usual_blocks() -> None:
    sizes = [tuple(spec.sizes.values()) for spec in suite_of(RIDGE)]
    assert sizes[0] == (5, 4)
    assert {(1, 1), (1, 4), (5, 1), (67, 4), (5, 67), (300, 4), (5, 1100)} <= set(sizes)
    assert {spec.dtype for spec in suite_of(RIDGE)} == {"float64", "float32"}


def test_nothing_is_empty_where_that_is_not_declared() -> None:
    assert all(0 not in spec.sizes.values() for spec in suite_of(RIDGE))
    empty = [spec for spec in suite_of(FUNCTIONS["outer3"]) if 0 in spec.sizes.values()]
    assert [spec.sizes["n"] for spec in empty] == [0]


def test_every_case_has_a_name_of_its_own_that_makes_it_again() -> None:
    for function in FUNCTIONS.values():
        names = [spec.name for spec in suite_of(function)]
        assert len(set(names)) == len(names)
        for spec in suite_of(function):
            again = named_case(FUNCTIONS, spec.name)
            assert again
            a, b = spec.drawn(3), again.drawn(3)
            assert all(np.array_equal(a[name], b[name]) for name in a)
    assert named_case(FUNCTIONS, "ridge-n0-d4-float64") is None
    assert named_case(FUNCTIONS, "ridge-n5-float64") is None


def test_a_draw_is_read_only_and_the_seed_s() -> None:
    spec = suite_of(RIDGE)[0]
    one = spec.drawn(0)
    assert not one["X"].flags.writeable
    assert not np.array_equal(one["X"], spec.drawn(1)["X"])
    assert not np.array_equal(one["X"], spec.drawn(0, again=1)["X"])


def test_cases_are_chosen_by_name_pattern_and_dtype() -> None:
    assert set(select_function_cases(FUNCTIONS, ("ridge-n5-d4-*",), ("float32",))) == {"ridge-n5-d4-float32"}
    assert list(select_function_cases(FUNCTIONS, ("ridge-n9-d2-float64-ties",))) == ["ridge-n9-d2-float64-ties"]
    with pytest.raises(OptionError, match="no such case; there are ridge-n5-d4-float64"):
        select_function_cases(FUNCTIONS, ("ridge-n5",))


def test_shrinking_ends() -> None:
    spec, steps = FunctionSpec(RIDGE, {"n": 300, "d": 67}, "float64", Quirk.TIES), 0
    while smaller := list(simpler(spec)):
        spec, steps = smaller[-1], steps + 1
        assert steps < 500
    assert spec.name == "ridge-n1-d1-float64-whole"
