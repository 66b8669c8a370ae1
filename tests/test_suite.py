"""The default suite covers what it promises, and selection by name finds it."""

from __future__ import annotations

from pathlib import Path

import pytest
from gradparity.errors import UsageError
from gradparity.functions.layers import ACTIVATIONS, LAYERS
from gradparity.suite import default_suite, select_cases

SUITE = default_suite()


def test_at_least_60_cases_each_with_a_name_of_its_own() -> None:
    assert len(SUITE) >= 60
    assert len({spec.name for spec in SUITE}) == len(SUITE)


@pytest.mark.parametrize("spec", SUITE, ids=lambda spec: spec.name)
def test_batch_and_sizes_differ_pairwise(spec) -> None:  # type: ignore[no-untyped-def]
    """Of networks of any layers the outputs of the layers that learn, and the rows and columns of an image."""
    learnt = [
        shape[0] if len(shape) == 4 else shape[-1] for name, shape in spec.described.arrays.items() if name[0] == "W"
    ]
    given = spec.described.input if spec.data == "random" else spec.described.input[:1]
    sizes = [spec.batch, *given, *learnt] if spec.network else [spec.batch, *spec.sizes]
    assert len(set(sizes)) == len(sizes)


def test_the_suite_covers_depths_activations_dtypes_data_and_edges() -> None:
    assert {len(spec.sizes) - 1 for spec in SUITE if spec.sizes} == set(range(2, 9))
    assert {kind for spec in SUITE for kind in spec.described.kinds} == set(LAYERS) - {"multiply", "add"}
    for attribute, values in {
        "activation": set(ACTIVATIONS),
        "dtype": {"float64", "float32"},
        "data": {"random", "digits", "mnist"},
        "labels": {"onehot", "integer"},
        "order": {"C", "F"},
        "quirk": {None, "zero-rows", "exact-zeros", "saturated", "denormals", "ties"},
        "numerical": {True, False},
    }.items():
        assert {getattr(spec, attribute) for spec in SUITE} == values
    assert any(spec.batch == 1 for spec in SUITE)
    assert any(spec.classes == 1 for spec in SUITE)
    assert any(spec.epsilon for spec in SUITE)
    assert any(spec.weight_decay for spec in SUITE)


def test_selection() -> None:
    assert list(select_cases(()).values()) == SUITE
    assert {spec.data for spec in select_cases(("mnist-*",)).values()} == {"mnist"}
    assert select_cases((SUITE[3].name, SUITE[3].name)) == {SUITE[3].name: SUITE[3]}
    assert {spec.dtype for spec in select_cases((), ("float32",)).values()} == {"float32"}


def test_a_case_that_is_not_in_the_suite_is_selected_by_its_name() -> None:
    [(option, spec)] = select_cases(("random-784-50-10-relu-n100-float64",)).items()
    assert option == spec.name == "random-784-50-10-relu-n100-float64" and spec not in SUITE


def test_a_case_file_is_selected_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("sizes = [6, 5, 2]")
    [(option, spec)] = select_cases((str(path),)).items()
    assert option == str(path)
    assert spec.sizes == (6, 5, 2)


def test_what_matches_nothing_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="--case nope: no such case"):
        select_cases(("nope",))
    with pytest.raises(UsageError, match="none of the chosen cases has it"):
        select_cases((SUITE[0].name,), ("float32",))
