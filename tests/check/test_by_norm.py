"""Right numbers, and another fault: a fast product, and a layer that writes into its argument."""

from __future__ import annotations

from collections import Counter
from typing import Any

import gradparity
import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.records import CaseResult, Quantity
from gradparity.check.wording import told_findings
from gradparity_reference import Affine, MultiLayerNet, Network, Relu
from gradparity_reference.layers import LAYERS
from gradparity_reference.network import dense

PAIRS = ("random-9-6-4-relu-n7-*", "random-14-12-11-9-8-5-*", "random-40-30-20-*", "digits-64-30-10-sigmoid-*")


def strassen(a: Any, b: Any) -> Any:
    """a @ b in seven products of halves, down to single numbers; padded with zeros to a power of two."""
    n = 1 << (max(*a.shape, *b.shape) - 1).bit_length()
    square_a, square_b = np.zeros((1, n, n), a.dtype), np.zeros((1, n, n), b.dtype)
    square_a[0, : a.shape[0], : a.shape[1]], square_b[0, : b.shape[0], : b.shape[1]] = a, b
    return _halved(square_a, square_b)[0, : a.shape[0], : b.shape[1]]


def _halved(x: Any, y: Any) -> Any:
    """Of many pairs at once: (pairs, n, n)."""
    pairs, n, _ = x.shape
    if n == 1:
        return x * y
    m = n // 2
    a, b, c, d = x[:, :m, :m], x[:, :m, m:], x[:, m:, :m], x[:, m:, m:]
    e, f, g, h = y[:, :m, :m], y[:, :m, m:], y[:, m:, :m], y[:, m:, m:]
    left = np.concatenate([a + d, c + d, a, d, a + b, c - a, b - d])
    right = np.concatenate([e + h, e, f - h, g - e, h, e + f, g + h])
    p = _halved(left, right).reshape(7, pairs, m, m)
    top = np.concatenate([p[0] + p[3] - p[4] + p[6], p[2] + p[4]], axis=2)
    return np.concatenate([top, np.concatenate([p[1] + p[3], p[0] - p[1] + p[2] + p[5]], axis=2)], axis=1)


class FastAffine(Affine):
    """With Strassen's product."""

    def forward(self, x: Any) -> Any:
        self.x = x
        return strassen(x, self.W) + self.b

    def backward(self, dout: Any) -> Any:
        self.dW, self.db = strassen(self.x.T, dout), dout.sum(axis=0)
        return strassen(dout, self.W.T)

    def backward_parameters(self, dout: Any) -> None:
        self.backward(dout)


class FlushingAffine(Affine):
    """Denormal results are flushed: they are not as rounding is."""

    def backward_parameters(self, dout: Any) -> None:
        super().backward_parameters(dout)
        self.dW = np.where(abs(self.dW) < np.finfo(self.dW.dtype).tiny, 0, self.dW)


class OffInOne(Affine):
    """One element is off, by little."""

    def forward(self, x: Any) -> Any:
        out = super().forward(x)
        out[0, 0] += 64 * np.finfo(out.dtype).eps * abs(out).max()
        return out


def network_of(**layers: Any) -> Any:
    """A maker of networks with these classes."""

    def mine(weights: Any, biases: Any, activation: str, epsilon: float) -> Network:
        named = enumerate(zip(weights, biases, strict=True), start=1)
        params = {name: array for i, (W, b) in named for name, array in ((f"W{i}", W), (f"b{i}", b))}
        return Network(dense(len(weights), activation), params, epsilon, {**LAYERS, **layers})

    return mine


def cells_of(case: CaseResult, verdict: Verdict) -> set[tuple[str, str]]:
    return {(str(cell.quantity), cell.array) for cell in case.cells if cell.verdict is verdict}


@pytest.fixture(scope="module")
def fast() -> gradparity.Comparison:
    return gradparity.compare(network_of(affine=FastAffine), cases=PAIRS, layers={"affine": FastAffine})


def test_a_fast_product_is_accurate_by_norm_and_that_passes(fast: gradparity.Comparison) -> None:
    verdicts = Counter(case.verdict for case in fast.cases)
    assert set(verdicts) <= {Verdict.ROUNDING, Verdict.BY_NORM}
    assert verdicts[Verdict.BY_NORM] > len(fast.cases) / 2
    assert fast.exit_code == 0
    by_norm = [cell for case in fast.cases for cell in case.cells if cell.verdict is Verdict.BY_NORM]
    assert {cell.quantity for cell in by_norm} >= {Quantity.LAYERS, Quantity.TRACE, Quantity.GRADIENT}
    assert all(cell.units is None or 0 < cell.units < 1e3 for cell in by_norm)
    without = [
        (case.case, cell) for case in fast.cases for cell in case.cells if cell in by_norm and cell.units is None
    ]
    # Relu's inputs are 0 in any order of summation; and in a few rows all that a product adds up may be.
    assert all(case.endswith("exact-zeros") or cell.quantity is Quantity.STATE for case, cell in without)
    [told] = told_findings(fast)
    assert told.verdict is Verdict.BY_NORM and "units by norm, and not by element" in told.what


def test_whoever_is_strict_has_it_fail(fast: gradparity.Comparison) -> None:
    assert fast.model_copy(update={"strict": True}).exit_code == 1


@pytest.mark.parametrize("layer", [FlushingAffine, OffInOne])
def test_what_is_not_scattered_as_rounding_is_stays_wrong(layer: type[Affine]) -> None:
    result = gradparity.compare(network_of(affine=layer), cases="random-9-6-4-relu-n7-*denormals")
    assert {case.verdict for case in result.cases} == {Verdict.WRONG}


class BookRelu(Relu):
    """The book's, which writes into dout."""

    def backward(self, dout: Any) -> Any:
        dout[self.inactive] = 0
        return dout


def test_a_layer_that_writes_into_its_argument_changes_it_and_its_numbers_are_judged() -> None:
    result = gradparity.compare(MultiLayerNet, cases=PAIRS[0], layers={"relu": BookRelu, "affine": Affine})
    verdicts = Counter(case.verdict for case in result.cases)
    assert set(verdicts) <= {Verdict.MUTATES, Verdict.IDENTICAL}  # where all that it writes is 0 before, too
    assert verdicts[Verdict.MUTATES] > len(result.cases) / 2
    assert cells_of(result.cases[0], Verdict.MUTATES) == {("state", "layer relu1 dout")}
    assert any(cell.array.startswith("next case") for cell in result.cases[0].cells)  # all of it was asked
    assert result and not result.model_copy(update={"strict": True})
    [told] = told_findings(result)
    assert (told.verdict, told.what) == (Verdict.MUTATES, "layer relu1 dout; its numbers are right")
    assert "with changed arguments" in str(result)


def test_wrong_numbers_are_wrong_and_the_argument_is_told_beside() -> None:
    class Both(BookRelu):
        def forward(self, x: Any) -> Any:
            return 1.5 * super().forward(x)

    result = gradparity.compare(MultiLayerNet, cases=PAIRS[0], layers={"relu": Both})
    assert {case.verdict for case in result.cases} == {Verdict.WRONG}
    assert [told.verdict for told in told_findings(result)] == [Verdict.WRONG, Verdict.MUTATES]
    assert "its numbers are right" not in told_findings(result)[1].what
