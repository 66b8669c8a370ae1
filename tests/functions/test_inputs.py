"""How inputs are drawn: as declared, from the seed alone, the same in either dtype."""

import numpy as np
import pytest
from gradparity.functions.inputs import (
    Input,
    Quirk,
    booleans,
    drawn,
    floats,
    increasing,
    integers,
    positive,
    probabilities,
)

SIZES = {"n": 40, "k": 5}


def draw(one: Input, dtype: str = "float64", quirk: Quirk | None = None) -> np.ndarray:
    return one.drawn(np.random.default_rng(3), SIZES, dtype, quirk)


def test_each_kind_is_what_it_says() -> None:
    assert (draw(positive("n k")) > 0).all()
    assert (np.diff(draw(increasing("n k")), axis=1) > 0).all()
    assert np.allclose(draw(probabilities("n k")).sum(axis=1), 1)
    between = draw(floats("n", 2.0, 3.0))
    assert 2 <= between.min() < between.max() <= 3
    labels = draw(integers("n", 0, "k"))
    assert labels.dtype == np.int32
    assert set(labels) == set(range(5))
    assert set(draw(booleans("n"))) == {True, False}
    assert draw(drawn("n n", lambda rng, shape: np.eye(shape[0]))).shape == (40, 40)


def test_the_numbers_are_the_same_in_either_dtype() -> None:
    one = floats("n k")
    assert np.array_equal(draw(one).astype("float32"), draw(one, "float32"))


def test_quirks() -> None:
    one = floats("n k")
    assert draw(one, quirk=Quirk.FORTRAN).flags.f_contiguous
    assert 0 < (draw(one, quirk=Quirk.ZERO_ROWS) == 0).all(axis=1).sum() < 40
    assert len(np.unique(draw(one, quirk=Quirk.TIES))) < 30
    small = abs(draw(one, "float32", Quirk.DENORMALS))
    assert 0 < np.sum((small > 0) & (small < np.finfo("float32").tiny)) < small.size / 2
    assert np.array_equal(draw(one, quirk=Quirk.LARGE), 1000 * draw(one))
    whole = draw(one, quirk=Quirk.WHOLE)
    assert np.array_equal(whole, np.round(whole))


def test_what_must_stay_as_it_is_has_no_quirk_but_its_order() -> None:
    for one in (probabilities("n k"), integers("n k", 0, 3), booleans("n k")):
        assert np.array_equal(draw(one, quirk=Quirk.LARGE), draw(one))
        assert draw(one, quirk=Quirk.FORTRAN).flags.f_contiguous


def test_a_generator_that_gives_another_shape_is_told() -> None:
    with pytest.raises(ValueError, match=r"expected shape \(40,\), came \(3,\)"):
        draw(drawn("n", lambda rng, shape: np.zeros(3)))


def test_one_bound_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="expected low and high"):
        floats("n", low=2.0)
