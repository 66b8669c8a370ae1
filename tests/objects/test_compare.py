"""`gradparity.compare` takes a class, a function or a network, and says what else it cannot take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import gradparity
import gradparity_reference as reference
import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases import CaseSpec
from gradparity.check.records import CaseResult, Quantity
from gradparity.check.wording import place
from gradparity.errors import UsageError
from gradparity.objects import selection
from gradparity.objects.comparison import Comparison
from gradparity.suite import default_suite
from gradparity_reference import MultiLayerNet, Network, dense
from own_networks import BatchNormalization, TwoLayerNet

SMALL = CaseSpec(sizes=(5, 4, 3), batch=2)
SUITE = ["random-9-6-4-*", "random-6-5-4-3-*"]
LAYERS = {
    "multiply": reference.Multiply,
    "add": reference.Add,
    "relu": reference.Relu,
    "sigmoid": reference.Sigmoid,
    "tanh": reference.Tanh,
    "affine": reference.Affine,
    "softmax_with_loss": reference.SoftmaxWithLoss,
}


def gradient(x: Any, t: Any, params: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The reference's, as a function that gives (loss, gradients)."""
    depth = len(params) // 2
    network = Network(dense(depth, "relu"), params)
    found = network.gradient(x, t)
    return found.pop("loss"), {name.removeprefix("d"): value for name, value in found.items()}


def two_layers(sizes: tuple[int, ...]) -> TwoLayerNet:
    """The book's network, with weights of its own."""
    if len(sizes) != 3:
        raise NotImplementedError("two layers only")
    return TwoLayerNet(*sizes)


def verdicts(cases: list[CaseResult], quantity: Quantity | None = None) -> set[Verdict]:
    return {cell.verdict for case in cases for cell in case.cells if quantity in (None, cell.quantity)}


def test_the_reference_is_identical_with_itself_in_all_that_is_asked() -> None:
    result = gradparity.compare(MultiLayerNet, layers=LAYERS, cases=SUITE)
    assert {case.verdict for case in result.cases} == {Verdict.IDENTICAL}
    asked = {cell.quantity for cell in result.cases[0].cells if cell.verdict is Verdict.IDENTICAL}
    assert asked == set(Quantity) - {Quantity.UPDATE, Quantity.NUMERICAL, Quantity.PARTS, Quantity.RESULTS}
    assert result
    result.assert_agrees()


@pytest.mark.parametrize("is_here", [False, True])
def test_the_default_is_the_suite_and_mnist_where_it_is_here(is_here: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "find_mnist", lambda folder: None)
    monkeypatch.setattr(selection, "is_at_hand", lambda folder: is_here)
    suite = {spec.name for spec in default_suite() if is_here or spec.data != "mnist"}
    assert set(selection.chosen_cases((), ())) == suite


def test_where_nothing_was_compared_there_is_no_agreement() -> None:
    class Never:
        def __init__(self, weights: Any, biases: Any) -> None:
            raise NotImplementedError("nothing yet")

    with pytest.raises(AssertionError, match=r"^nothing was compared: load: nothing yet"):
        gradparity.compare(Never, cases=SMALL).assert_agrees()


def test_a_function_is_a_port_of_one_activation() -> None:
    result = gradparity.compare(gradient, cases=SUITE)
    of = {word: [case for case in result.cases if f"-{word}-" in case.case] for word in ("relu", "sigmoid")}
    assert {case.verdict for case in of["relu"]} == {Verdict.IDENTICAL}
    assert verdicts(of["sigmoid"]) == {Verdict.NOT_IMPLEMENTED}
    assert "has relu alone" in of["sigmoid"][0].refused
    assert result


def test_a_function_takes_what_it_names() -> None:
    def named(x: Any, t: Any, weights: Any, biases: Any, activation: str, epsilon: float) -> Any:
        return MultiLayerNet(weights, biases, activation, epsilon).gradient(x, t)

    result = gradparity.compare(named, cases=SUITE)
    lacking = {case.case for case in result.cases if case.verdict is not Verdict.IDENTICAL}
    assert lacking == {case.case for case in result.cases if "-tanh-" in case.case}, "it does not say that it has it"
    says_so = gradparity.compare(named, cases=SUITE, activation="tanh")
    assert {case.verdict for case in says_so.cases} == {Verdict.IDENTICAL}


def test_the_books_network_is_filled_with_the_cases_parameters() -> None:
    result = gradparity.compare(two_layers, cases=[*SUITE, "random-11-8-5-3-relu-n7-float64"], epsilon=1e-7)
    ran = {case.case for case in result.cases if case.verdict.passes}
    assert ran == {c.case for c in result.cases if "-9-6-4-relu-" in c.case and c.case.startswith("random-9")} & {
        c.case for c in result.cases if c.dtype == "float64"
    }
    assert verdicts([case for case in result.cases if case.case not in ran]) == {Verdict.NOT_IMPLEMENTED}
    details = {case.refused or case.cells[0].detail for case in result.cases if case.case not in ran}
    assert {"load: two layers only", "load: it takes no activation, and has relu alone"} < details
    assert "load: its parameters are float64, and those of the case float32" in details


def test_the_epsilon_of_a_port_that_does_not_take_one_is_declared() -> None:
    eps = "random-9-6-4-relu-n7-float64-eps1e-07"
    assert gradparity.compare(two_layers, cases=eps, epsilon=1e-7)
    wrong = gradparity.compare(two_layers, cases=eps)
    assert Verdict.WRONG in verdicts(wrong.cases, Quantity.LOSS)


def test_a_network_is_judged_in_its_own_sizes_and_keeps_its_parameters() -> None:
    network = TwoLayerNet(13, 7, 5)
    before = {name: array.copy() for name, array in network.params.items()}
    result = gradparity.compare(network, epsilon=1e-7)
    result.assert_agrees()
    assert {case.case.split("-relu-")[0] for case in result.cases} == {"random-13-7-5"}
    assert {case.dtype for case in result.cases} == {"float64"}
    assert all("-n7" not in case.case for case in result.cases)  # a batch of 7 would make a square array
    assert all(np.array_equal(network.params[name], before[name]) for name in before)


@pytest.mark.parametrize("copies", [True, False])
def test_layers_that_hold_copies_of_the_params_are_told(copies: bool) -> None:
    class Net(TwoLayerNet):
        def __init__(self, *sizes: int) -> None:
            super().__init__(*sizes)
            if copies:
                self.affine1 = reference.Affine(np.random.normal(size=sizes[:2]), self.params["b1"].copy())
                self.affine2 = reference.Affine(self.params["W2"].copy(), self.params["b2"].copy())

        def gradient(self, x: Any, t: Any) -> dict[str, Any]:
            return {**super().gradient(x, t), "b1": np.zeros_like(self.affine1.db)}

    for port in (lambda sizes: Net(*sizes)), Net(9, 6, 4):
        result = gradparity.compare(port, cases="random-9-6-4-relu-n7-float64", epsilon=1e-7)
        assert not result
        told = "stale weights: what is written into its params does not change its predict"
        assert (told in result.report()) is copies


def test_a_network_lacks_the_cases_of_other_sizes() -> None:
    result = gradparity.compare(TwoLayerNet(9, 6, 4), cases=["random-9-6-4-relu-n7-float64", SMALL], epsilon=1e-7)
    assert [case.verdict for case in result.cases] == [Verdict.IDENTICAL, Verdict.NOT_IMPLEMENTED]
    assert "W1 (9, 6), b1 (6,), W2 (6, 4), b2 (4,)" in result.cases[1].refused


def test_a_maker_that_was_told_the_sizes_and_has_others_could_not_run() -> None:
    result = gradparity.compare(lambda sizes: TwoLayerNet(3, 2, 4), cases=SMALL, epsilon=1e-7)
    assert {case.verdict for case in result.cases} == {Verdict.COULD_NOT_RUN}
    assert result.exit_code == 3
    deeper = gradparity.compare(lambda sizes: TwoLayerNet(*sizes), cases="random-6-5-4-3-relu-n7-float64")
    for case in *result.cases, *deeper.cases:
        cell = next(cell for cell in case.cells if cell.verdict is Verdict.COULD_NOT_RUN)
        assert cell.detail.endswith("where it has no such network, let it raise NotImplementedError")


def test_transposed_weights_are_turned_both_ways() -> None:
    class Turned(MultiLayerNet):
        def __init__(self, weights: Any, biases: Any, activation: str) -> None:
            super().__init__([W.T for W in weights], biases, activation)

        def gradient(self, x: Any, t: Any) -> dict[str, Any]:
            return {name: g.T if name[:2] == "dW" else g for name, g in super().gradient(x, t).items()}

        def trace(self, x: Any, t: Any) -> dict[str, Any]:
            return {name: g.T if name.endswith("dW") else g for name, g in super().trace(x, t).items()}

    def square(layout: Any) -> Comparison:
        return gradparity.compare(Turned, layout=layout, cases=CaseSpec(sizes=(4, 4, 4)))

    assert square("out_in")
    assert not square("in_out")
    assert gradparity.compare(Turned, layout="out_in", cases=SUITE)


def test_layers_are_asked_alone_and_named_by_the_diagnosis() -> None:
    class Relu(reference.Relu):
        def backward(self, dout: Any) -> Any:
            return dout

    result = gradparity.compare(MultiLayerNet, layers={**LAYERS, "relu": Relu}, cases=SMALL)
    [case] = result.cases
    assert {(cell.quantity, cell.array) for cell in case.cells if cell.verdict is Verdict.WRONG} == {
        (Quantity.LAYERS, "relu1.dx")
    }
    assert case.diagnosis and place(case.diagnosis.where) == "relu1 backward dx, called alone"


def test_layers_of_the_book_have_an_epsilon_of_their_own() -> None:
    class Last(reference.SoftmaxWithLoss):
        def __init__(self) -> None:
            super().__init__(1e-7)

        def backward(self, dout: int = 1) -> Any:
            return super().backward()

    kept = {"softmax_with_loss": Last}
    result = gradparity.compare(two_layers, layers=kept, cases="random-9-6-4-relu-n7-float64", epsilon=1e-7)
    judged = {c.array: c.verdict for c in result.cases[0].cells if c.quantity is Quantity.LAYERS}
    assert {judged[f"softmax.{name}"] for name in ("loss", "y", "dx")} == {Verdict.IDENTICAL}
    assert judged["affine1"] is Verdict.NOT_IMPLEMENTED


def test_a_case_file_and_several_seeds(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("sizes = [6, 5, 3]\nbatch = 2\n")
    result = gradparity.compare(MultiLayerNet, cases=str(file), seeds=np.array([3, 5]))
    assert [(case.case, case.seed) for case in result.cases] == [("random-6-5-3-relu-n2-float64", s) for s in (3, 5)]
    assert result.cases[1].command == f"gradparity.compare(MultiLayerNet, cases={str(file)!r}, seeds=5)"


def test_the_command_holds_what_was_given() -> None:
    result = gradparity.compare(two_layers, cases=SMALL, epsilon=1e-7, layout="in_out", layers=LAYERS)
    call = "epsilon=1e-07, layout='in_out', layers=<your layers>)"
    assert result.cases[0].command == f"gradparity.compare(two_layers, cases='{SMALL.name}', seeds=0, {call}"


def test_what_has_no_name_is_no_code_in_the_command() -> None:
    named = gradparity.compare(lambda weights, biases: None, cases=SMALL, name="mine", activation="sigmoid")
    assert named.cases[0].runner == "mine"
    assert named.command == "gradparity.compare(<your lambda>, name='mine', activation='sigmoid')"
    of_its_own = gradparity.compare(TwoLayerNet(13, 7, 5))
    assert of_its_own.command == "gradparity.compare(<your TwoLayerNet>)"


@pytest.mark.parametrize("layers", [{}, {"sigmoid": reference.Sigmoid}])
def test_where_no_result_was_compared_nothing_agrees(layers: dict[str, Any]) -> None:
    def todo(x: Any, t: Any, params: Any) -> Any:
        raise NotImplementedError("todo")

    result = gradparity.compare(todo, cases=SUITE, activation="sigmoid", layers=layers)
    assert bool(result) is bool(layers)
    if not layers:
        assert result.report().splitlines()[-1] == "nothing was compared: gradient: todo"
        with pytest.raises(AssertionError, match=r"^nothing was compared: gradient: todo$"):
            result.assert_agrees()


def test_advice_is_for_the_call_and_not_for_a_process() -> None:
    case = "random-9-6-4-relu-n7-float64"
    sigmoid = gradparity.compare(lambda weights, biases: MultiLayerNet(weights, biases, "sigmoid"), cases=case)
    assert "another activation: sigmoid, where the case has relu; fits" in sigmoid.report()
    assert "a network that can be no other says so: compare(..., activation=...), or raise" in sigmoid.report()
    book = gradparity.compare(two_layers, cases=case)
    assert "the logarithm is of p + 1e-07; fits" in book.report()
    assert "if that is meant, say so: compare(..., epsilon=...)" in book.report()
    for report in sigmoid.report(), book.report(), str(gradparity.compare(two_layers, cases="*-eps*")):
        assert not any(words in report for words in ("hello", "protocol", "gradparity new", "one file", "not reached"))


@pytest.mark.parametrize(
    ("port", "keywords", "error", "words"),
    [
        (3, {}, TypeError, "expected a class, a function, a network with gradient.* came int"),
        (
            lambda a, b: None,
            {},
            TypeError,
            "takes a, and there is none; wrap it in a function that takes some of sizes",
        ),
        (
            TwoLayerNet,
            {},
            TypeError,
            r"such as lambda sizes: TwoLayerNet\(\*sizes\); for depths that it lacks let it raise",
        ),
        (TwoLayerNet(2, 3, 4).gradient, {}, TypeError, "takes no params, .*; give the network itself"),
        ("my-net", {}, TypeError, "came my-net; a port's folder: gradparity check --port my-net"),
        ({"affine": reference.Affine}, {}, TypeError, "came a dict; layers={...} are given beside one"),
        (reference.Affine, {}, TypeError, "layers are given beside one, as layers={'affine': Affine}"),
        (lambda x, t: None, {}, TypeError, "takes no params, and no weights and biases"),
        (lambda x, t, W: None, {}, TypeError, r"takes W, .* such as lambda x, t, params: it\(x, t, params"),
        (dict, {}, TypeError, "dict does not tell its parameters"),
        (type("Bare", (), {"gradient": 0})(), {}, TypeError, "expected Bare to have a dict params"),
        (MultiLayerNet, {"layout": "rows"}, ValueError, "layout: expected in_out or out_in, came 'rows'"),
        (MultiLayerNet, {"activation": "elu"}, ValueError, "activation: expected one of .*, tanh, came 'elu'"),
        (
            MultiLayerNet,
            {"layers": [reference.Affine]},
            ValueError,
            "layers: expected a dict such as .*, came .*Affine",
        ),
        (MultiLayerNet, {"layers": {"affine": 3}}, ValueError, "layers: expected a class for affine, came 3"),
        (
            MultiLayerNet,
            {"epsilon": "1e-7"},
            ValueError,
            "epsilon: expected a number such as 1e-7, not below 0, came '1e-7'",
        ),
        (MultiLayerNet, {"epsilon": -1}, ValueError, "epsilon: .* came -1"),
        (MultiLayerNet, {"epsilon": np.nan}, ValueError, "epsilon: .* came nan"),
        (MultiLayerNet, {"loss": "mean"}, ValueError, "loss: expected a function of logits and labels, came 'mean'"),
        (
            MultiLayerNet,
            {"cases": 5},
            ValueError,
            "cases: expected names, patterns .*, .toml files or CaseSpecs, came 5",
        ),
        (MultiLayerNet, {"cases": [5]}, ValueError, "cases: .* came 5"),
        (MultiLayerNet, {"dtypes": np.float64}, ValueError, "dtypes: .* came <class 'numpy.float64'>"),
        (MultiLayerNet, {"seeds": 1.5}, ValueError, "seeds: expected whole numbers .* came 1.5"),
        (MultiLayerNet, {"seeds": "0-2"}, ValueError, "seeds: .* came '0-2'"),
        (MultiLayerNet, {"name": 5}, ValueError, "name: .* came 5"),
        (MultiLayerNet, {"layers": {"dense": 0}}, ValueError, "layers: expected some of multiply.*, came 'dense'"),
        (MultiLayerNet, {"cases": "nonsense"}, ValueError, "cases: nonsense: no such case"),
        (MultiLayerNet, {"dtypes": "float16"}, ValueError, "dtypes: expected some of float64, float32, came 'float16'"),
        (MultiLayerNet, {"cases": SMALL, "dtypes": "float32"}, ValueError, "dtypes: none of the cases is of float32"),
        (MultiLayerNet, {"seeds": -1}, ValueError, "seeds: expected whole numbers from 0 to 4294967295, came -1"),
        (MultiLayerNet, {"seeds": []}, ValueError, "seeds: .* came none"),
        (MultiLayerNet, {"seeds": [0.5]}, ValueError, "seeds: .* came 0.5"),
        (MultiLayerNet, {"name": "My Net"}, ValueError, "name: expected a lower-case letter, .* came 'My Net'"),
        (MultiLayerNet, {"loss": np.sum}, ValueError, "layout: a module needs one"),
    ],
)
def test_what_cannot_be_compared_is_said_at_once(
    port: Any, keywords: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        gradparity.compare(port, **keywords)


def test_a_network_that_cannot_be_copied_says_so() -> None:
    class Stuck(TwoLayerNet):
        def __deepcopy__(self, memo: Any) -> Any:
            raise RuntimeError("it holds a device")

    with pytest.raises(TypeError, match=r"Stuck cannot be copied \(RuntimeError: it holds a device\); give the class"):
        gradparity.compare(Stuck(5, 4, 3))


def test_a_network_of_odd_parameters_says_so() -> None:
    network = TwoLayerNet(5, 4, 3)
    network.params["W2"] = np.zeros((7, 3))
    with pytest.raises(
        ValueError, match=r"expected each layer's outputs to be the next one's inputs, came W1 \(5, 4\)"
    ):
        gradparity.compare(network)
    network.params["W2"] = np.zeros((4, 3), np.float32)
    with pytest.raises(ValueError, match="expected parameters of float64 or of float32, came float32, float64"):
        gradparity.compare(network)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_data_folder_that_is_not_there_is_no_verdict(tmp_path: Path, kind: Any) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        gradparity.compare(MultiLayerNet, cases="mnist-784-50-10-relu-n100-float64", data_dir=kind(tmp_path / "no"))


def test_the_import_alone_costs_nothing() -> None:
    code = "import gradparity, sys; print([m for m in ('numpy', 'pydantic', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        gradparity.nothing  # noqa: B018


def test_the_books_own_class_of_batch_normalization_is_asked_alone_in_both_phases() -> None:
    """Its network is no list of layers, so that of these cases only the layer is compared."""

    class Unbiased(BatchNormalization):
        def forward(self, x: Any, train_flg: bool = True) -> Any:
            out = super().forward(x, train_flg)
            return out * x.dtype.type(((len(x) - 1) / len(x)) ** 0.5) if train_flg else out

    cases = ["random-12-affine9-batch_norm-*float64"]
    for made_of, word in ((BatchNormalization, Verdict.ROUNDING), (Unbiased, Verdict.WRONG)):
        result = gradparity.compare(MultiLayerNet, layers={"batch_norm": made_of}, cases=cases)
        assert Verdict.WRONG not in verdicts(result.cases) or word is Verdict.WRONG
        layers = [cell for case in result.cases for cell in case.cells if cell.quantity is Quantity.LAYERS]
        passed = {cell.array for cell in layers if cell.verdict.passes}
        assert "batch_norm2:test.dx" in passed
        assert ("batch_norm2.out" in passed) == (word is Verdict.ROUNDING)
