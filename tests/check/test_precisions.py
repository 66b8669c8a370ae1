"""Which precision wrong numbers have: proven by their bits, by exact candidates, or by asking again nearby."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gradparity.arithmetic.carried import Arithmetic, bare
from gradparity.arithmetic.envelope import LIMIT
from gradparity.arithmetic.significant import rounded_to, significant_bits, truncated_to
from gradparity.arithmetic.verdicts import Allowance
from gradparity.cases import Case, CaseSpec, draw, nearby
from gradparity.diagnosis.explain import explain
from gradparity.diagnosis.precisions import Confidence, Difference, Rounded, fewer_bits, looks_rounded, usual
from gradparity.diagnosis.reduced_networks import reduced_networks
from gradparity.diagnosis.steps import of_trace
from gradparity.diagnosis.variants import results
from gradparity.functions.evidence import Evidence
from gradparity.reference import Reference
from gradparity_reference import LAYERS, LOSS, LOSSES, Network, Relu, Sigmoid, SoftmaxWithLoss
from hypothesis import given
from hypothesis import strategies as st

Gradient = Mapping[str, Any]
SINGLE, REDUCED = "single precision inside", "reduced precision inside"


def evidence(key: str, **spec: Any) -> Evidence:
    reference = Reference(draw(CaseSpec(sizes=(9, 6, 4), **spec), 0))
    return dict(of_trace(reference.case, 0.0, reference.trace))[key].evidence


@given(st.floats(1e-3, 1e3), st.integers(2, 50), st.sampled_from([rounded_to, truncated_to]))
def test_a_number_of_so_many_bits_has_no_more_and_is_as_near_as_that(value: float, bits: int, cut: Any) -> None:
    a = np.asarray(value)
    short = cut(a, bits)
    assert significant_bits(short) <= bits
    assert abs(short - a) <= a * 2.0 ** (1 - bits)
    assert cut(short, bits) == short


@pytest.mark.parametrize(("bits", "dtype"), [(24, np.float32), (11, np.float16)])
def test_rounding_is_that_of_the_format(bits: int, dtype: Any) -> None:
    a = np.random.default_rng(0).normal(size=1000)
    assert np.array_equal(rounded_to(a, bits), a.astype(dtype).astype(np.float64))


@pytest.mark.parametrize("bits", [24, 11, 8, 17])
def test_a_result_of_fewer_bits_is_recognised(bits: int) -> None:
    e = evidence("affine1.dW")
    found = fewer_bits(replace(e, came=rounded_to(e.expected, bits)))
    assert found
    assert (found.confidence, found.known or found.bits) == (Confidence.BITS, bits)


def test_few_bits_by_nature_or_of_wrong_numbers_are_no_evidence() -> None:
    e = evidence("affine1.dW")
    whole = np.rint(100 * e.expected)
    assert fewer_bits(replace(e, expected=whole, came=whole + 1)) is None
    assert fewer_bits(replace(e, came=rounded_to(1.01 * e.expected, 24))) is None
    assert fewer_bits(replace(e, came=e.expected * (1 + 1e-9))) is None


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("cut", [rounded_to, truncated_to])
@pytest.mark.parametrize("bits", [24, 11, 8])
def test_operands_of_fewer_bits_are_told(bits: int, cut: Any, dtype: str) -> None:
    e = evidence("affine1.out", dtype=dtype)
    x, W = (cut(e.inputs[name], bits) for name in "xW")
    fits = explain(replace(e, came=x @ W + e.inputs["b"]))
    if (bits, dtype) == (24, "float32"):
        assert not fits
    else:
        assert [fit.name for fit in fits] == [SINGLE if bits == 24 else REDUCED]


def test_an_exp_of_few_bits_is_seen_in_what_softmax_gives_of_it() -> None:
    e = evidence("softmax.y")
    z = e.inputs["x"] - e.inputs["x"].max(axis=1, keepdims=True)
    for powers, names in ((np.exp(z.astype("f4")).astype("f8"), [SINGLE]), (np.exp(z * (1 + 1e-7)), [])):
        y = powers / powers.sum(axis=1, keepdims=True)
        assert [fit.name for fit in explain(replace(e, came=y))] == names


def test_products_of_fewer_bits_in_a_whole_network_are_a_candidate() -> None:
    reference = Reference(draw(CaseSpec(sizes=(9, 6, 4), dtype="float32"), 0))
    came = gradient(reference.case, Short(11, products_alone=True))
    found = [results(reference, [one]) for one in reduced_networks(reference) if one.name == REDUCED]
    for name, value in came.items():
        differences = [float(abs(one["gradient", name] - value).max()) for one in found]
        assert min(differences) <= 1e-6 * abs(value).max()


class Short(Arithmetic):
    """Every result is rounded to fewer bits; or the operands of products are, and nothing else."""

    def __init__(self, bits: int, products_alone: bool = False) -> None:
        self.bits, self.products_alone = bits, products_alone

    def apply(self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        raw = tuple(bare(one) for one in inputs)
        if self.products_alone:
            raw = tuple(rounded_to(one, self.bits) for one in raw) if ufunc is np.matmul else raw
            return getattr(ufunc, method)(*raw, **options)
        value = getattr(ufunc, method)(*raw, **options)
        return rounded_to(value, self.bits) if value.dtype.kind == "f" else value


def gradient(case: Case, arithmetic: Arithmetic | None = None, layers: Any = None, losses: Any = None) -> Gradient:
    """That of the reference's code, in an arithmetic, or of other layers."""
    given = {name: arithmetic.array(a) if arithmetic else a for name, a in {"x": case.x, **case.held}.items()}
    network = Network(case.spec.kinds, given, 0.0, {**LAYERS, **(layers or {})}, {**LOSSES, **(losses or {})})
    return {name: np.asarray(bare(value)) for name, value in network.gradient(given["x"], case.t).items()}


class OffExp(Sigmoid):
    def forward(self, x: Any) -> Any:
        self.out = 1 / (1 + np.exp(-x) * x.dtype.type(1 + 1e-9))
        return self.out


class Leaky(Relu):
    def forward(self, x: Any) -> Any:
        super().forward(x)
        return np.where(x > 0, x, x.dtype.type(1e-6) * x)


class MoreRows(SoftmaxWithLoss):
    def backward(self) -> Any:
        return super().backward() * (len(self.y) / (len(self.y) + 1e-7))


class EpsilonToo(SoftmaxWithLoss):
    def backward(self) -> Any:
        p = self.y[self.rows, self.labels]
        return super().backward() * (p / (p + p.dtype.type(1e-7)))[:, None]


SMOOTH: dict[str, Callable[[Case], Gradient]] = {
    "exp off by 1e-9": lambda case: gradient(case, layers={"sigmoid": OffExp}),
    "leaky slope of 1e-6": lambda case: gradient(case, layers={"relu": Leaky}),
    "N + 1e-7": lambda case: gradient(case, losses={LOSS: MoreRows}),
    "epsilon in the gradient": lambda case: gradient(case, losses={LOSS: EpsilonToo}),
    "1 + 3e-5": lambda case: {name: value * value.dtype.type(1 + 3e-5) for name, value in gradient(case).items()},
}
SEEDS = st.integers(0, 1000)
SIZES = st.lists(st.integers(2, 20), min_size=2, max_size=4).map(tuple)


def asked(port: Callable[[Case], Gradient], spec: CaseSpec, seed: int) -> tuple[Rounded | None, Rounded | None]:
    """What is told of the arrays that are wrong in a case: at once, and when two more are asked nearby."""
    case = draw(spec, seed)
    reference = Reference(case)

    def differences(case: Case, names: Iterable[str]) -> dict[str, Difference]:
        came, right = port(case), gradient(case)
        allowance = {name: reference.allowance("gradient", name) for name in names}
        return {name: Difference(came[name] - right[name], right[name], allowance[name]) for name in names}

    every = differences(case, reference.gradient)
    wrong = {name: one for name, one in every.items() if one.allowance.ratio(one.difference) > 1}
    first = looks_rounded([*wrong.values()])
    near = [nearby(case, first.disturbance, k) for k in range(2)] if first else []
    again = [[*differences(one, wrong).values()] for one in near if one]
    return first, looks_rounded([*wrong.values()], again) if len(again) == 2 else None


@given(SIZES, st.sampled_from(["float64", "float32"]), st.sampled_from(sorted(SMOOTH)), SEEDS)
def test_the_errors_of_a_formula_are_never_proven_to_be_roundings(sizes: Any, dtype: Any, name: str, seed: int) -> None:
    activation = "sigmoid" if "exp" in name else "relu"
    _, found = asked(SMOOTH[name], CaseSpec(sizes=sizes, activation=activation, dtype=dtype), seed)
    assert found is None


@pytest.mark.parametrize(("bits", "dtype"), [(24, "float64"), (17, "float64"), (11, "float32"), (8, "float32")])
def test_arithmetic_of_fewer_bits_is_proven_nearby(bits: int, dtype: Any) -> None:
    spec = CaseSpec(sizes=(9, 12, 4), activation="sigmoid", dtype=dtype)
    first, found = asked(lambda case: gradient(case, Short(bits)), spec, 0)
    assert first
    assert found
    assert (first.proven, found.confidence) == (False, Confidence.REDRAWN)
    assert found.known == (None if bits == 17 else bits)
    assert found.bug == {24: SINGLE, 17: None}.get(bits, REDUCED)
    assert abs(found.bits - bits) < 1.5


def test_correlation_is_asked_of_some_elements() -> None:
    one = Difference(np.full(3, 1e-9), np.ones(3), Allowance(limit=np.full(3, 1e-15), spread=1e-15))
    assert looks_rounded([one]) is None
    assert looks_rounded([]) is None


def test_what_roundings_usually_explain_in_a_layer_is_less_than_its_bound() -> None:
    e = evidence("affine1.dW")
    found = usual(e)
    assert found.spread is not None
    assert e.allowance.limit is not None
    assert 0 < found.spread / LIMIT < e.allowance.limit.mean()
