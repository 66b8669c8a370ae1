"""The diagnosis of a whole case: the first wrong array, what inherits it, and whether the layer is wrong alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gradparity.cases import CaseSpec, draw
from gradparity.check.wording import place
from gradparity.diagnosis.answers import Answers, mutated
from gradparity.diagnosis.diagnose import diagnose
from gradparity.diagnosis.records import Asked, Where
from gradparity.functions.evidence import Inputs
from gradparity.functions.layers import ACTIVATIONS
from gradparity.reference import OPERATIONS, Reference
from gradparity_reference import Affine, Network, dense
from hypothesis import given, settings
from hypothesis import strategies as st


def right(spec: CaseSpec | None = None) -> Answers:
    """The answers of a port that is the reference."""
    reference = Reference(draw(spec or CaseSpec(sizes=(9, 6, 5, 4), numerical=True), 0))
    operations: dict[str, Inputs] = {name: dict(getattr(reference, name)) for name in OPERATIONS}
    layers: dict[str, Inputs] = {layer.name: dict(layer.expected) for layer in reference.layers}
    return Answers(reference, operations, layers)


def test_nothing_wrong_nothing_said() -> None:
    assert diagnose(right()) == []


def wrong_bias_gradient(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network's db are means: in the trace, and in the gradient."""

    def backward_parameters(self: Any, dout: np.ndarray[Any, Any]) -> None:
        self.dW = self.x.T @ dout
        self.db = dout.mean(axis=0)

    with monkeypatch.context() as patch:
        patch.setattr(Affine, "backward_parameters", backward_parameters)
        reference = Reference(answers.reference.case)
        answers.operations["trace"] = dict(reference.trace)
        answers.operations["gradient"] = dict(reference.gradient)


def test_the_first_wrong_array_is_named_and_its_layer_was_right_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = right()
    wrong_bias_gradient(answers, monkeypatch)
    told = diagnose(answers)[0]
    assert (place(told.where), told.alone, told.inherited) == (
        "affine3 backward db",
        "right",
        ["affine2.db", "affine1.db"],
    )
    assert told.explanations[0].name == "mean for sum"


def test_what_follows_rightly_from_a_wrong_array_has_inherited_it() -> None:
    answers = right()
    reference = answers.reference
    x = reference.trace["relu1.out"]
    moved = {**reference.trace, "affine2.out": x @ reference.case.params["W2"]}
    wrong_out = moved["affine2.out"]
    moved["relu2.out"] = np.maximum(wrong_out, 0)
    moved["affine3.out"] = moved["relu2.out"] @ reference.case.params["W3"] + reference.case.params["b3"]
    answers.operations["trace"] = moved
    told = diagnose(answers)[0]
    assert place(told.where) == "affine2 forward out"
    assert told.inherited[:2] == ["relu2.out", "affine3.out"]
    assert told.explanations[0].name == "missing bias"


def test_a_layer_that_is_wrong_alone_is_said_to_be() -> None:
    answers = right()
    answers.layers["relu1"] = {**answers.layers["relu1"], "dx": -answers.layers["relu1"]["dx"]}
    told = diagnose(answers)[0]
    assert (place(told.where), told.alone) == ("relu1 backward dx, called alone", "wrong")
    assert told.explanations[0].name == "sign"


@pytest.mark.parametrize(
    ("operation", "array", "change", "where", "name"),
    [
        ("gradient", "dW2", lambda a: a * 7, "gradient dW2", "sum for mean"),
        ("gradient", "dW2", lambda a: a.T, "gradient dW2", "transposed"),
        ("gradient", "loss", lambda a: -a, "gradient loss", "sign"),
        ("predict", "out", lambda a: np.exp(a) / np.exp(a).sum(axis=1, keepdims=True), "predict out",
         "probabilities for logits"),
        ("accuracy", "accuracy", lambda a: a * 0, "accuracy accuracy", "labels compared as a whole"),
        ("numerical_gradient", "db1", lambda a: a * 2, "numerical_gradient db1", "constant factor"),
    ],
)  # fmt: skip
def test_a_result_that_is_wrong_where_the_trace_is_right(
    operation: str, array: str, change: Any, where: str, name: str
) -> None:
    answers = right()
    came = answers.operations[operation]
    answers.operations[operation] = {**came, array: np.asarray(change(came[array]))}
    told = diagnose(answers)[0]
    assert (place(told.where), told.alone) == (where, "layers right")
    assert told.explanations[0].name == name


def answered_by(network: Network, answers: Answers) -> Answers:
    """The answers of a port whose network as a whole is this one."""
    case = answers.reference.case
    answers.operations["gradient"] = {k: np.asarray(v) for k, v in network.gradient(case.x, case.t).items()}
    answers.operations["predict"] = {"out": network.predict(case.x)}
    answers.operations["accuracy"] = {"accuracy": np.asarray(network.accuracy(case.x, case.t))}
    del answers.operations["trace"], answers.operations["numerical_gradient"]
    return answers


def test_a_network_that_knows_one_activation_is_that_and_predict_is_told_first() -> None:
    answers = right(CaseSpec(sizes=(9, 6, 5, 4), activation="sigmoid"))
    case = answers.reference.case
    told = diagnose(answered_by(Network(dense(3, "relu"), case.params), answers))[0]
    assert place(told.where) == "predict out" and {"loss", "dW1", "db3"} <= set(told.beside)
    assert told.explanations[0].name == "another activation"
    assert told.explanations[0].sentence.startswith("relu, where the case has sigmoid")


def test_where_forward_is_right_only_backward_is_blamed() -> None:
    answers = right(CaseSpec(sizes=(9, 6, 5, 4)))
    network = answers.reference.case.network()
    for layer in network.layers.values():
        if not layer.params:
            layer.backward = lambda dout: dout  # type: ignore[method-assign]
    told = diagnose(answered_by(network, answers))[0]
    assert place(told.where) == "gradient dW2"
    assert told.explanations[0].sentence == "the activation between the layers, in backward"


def test_an_accuracy_is_no_evidence_where_the_logits_never_came() -> None:
    answers = right(CaseSpec(sizes=(9, 6, 5, 4)))
    del answers.operations["predict"]
    answers.operations["accuracy"] = {"accuracy": np.asarray(0.0)}
    assert diagnose(answers) == []


def test_a_result_of_another_type_is_that_and_nothing_else() -> None:
    answers = right(CaseSpec(sizes=(9, 6, 5, 4)))
    layer = answers.layers["affine1"]
    answers.layers["affine1"] = {**layer, "dx": layer["dx"].astype(np.float32)}
    told = diagnose(answers)[0]
    assert place(told.where) == "affine1 backward dx, called alone"
    assert told.explanations[0].sentence == "the elements are float32, where the case has float64"


def test_zero_times_a_logarithm_of_zero_is_no_overflow_of_exp() -> None:
    """The probabilities are right: the row's maximum was subtracted."""
    answers = right(CaseSpec(sizes=(5, 4, 3), quirk="saturated"))
    answers.layers["softmax"] = {**answers.layers["softmax"], "loss": np.asarray(np.nan)}
    told = diagnose(answers)[0]
    assert told.explanations[0].sentence == "0 times the logarithm of a probability that underflowed to 0"


def test_a_transposed_array_in_the_trace_does_not_stop_the_diagnosis() -> None:
    answers = right()
    answers.operations["trace"] = {**answers.operations["trace"], "affine2.dW": answers.reference.trace["affine2.dW"].T}
    told = diagnose(answers)[0]
    assert place(told.where) == "affine2 backward dW"
    assert told.explanations[0].name == "transposed"


def test_a_mutated_argument_hides_nothing_and_is_nothing_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = right()
    wrong_bias_gradient(answers, monkeypatch)
    dout = answers.reference.trace["softmax.dx"]
    where = Where(operation="layer", layer="affine3", array="dout", asked=Asked.ARGUMENT)
    answers.state.append(mutated(where, np.zeros_like(dout), dout))
    names = [told.explanations[0].name for told in diagnose(answers)]
    assert names == ["mean for sum"]


def test_what_is_kept_from_the_case_before_shows_in_the_next() -> None:
    answers = right()
    following = Answers(answers.reference.following)
    following.operations["gradient"] = dict(answers.reference.gradient)
    answers.following = following
    told = diagnose(answers)[0]
    assert told.where.asked is Asked.NEXT
    assert told.explanations[0].name == "stale state"


def test_without_trace_and_layers_the_gradient_is_diagnosed() -> None:
    answers = right()
    gradient = answers.operations["gradient"]
    answers.operations = {"gradient": {**gradient, "db3": gradient["db3"] * 7}}
    answers.layers = {}
    told = diagnose(answers)[0]
    assert (place(told.where), told.alone) == ("gradient db3", "not asked")
    assert told.explanations[0].name == "sum for mean"


CORRUPT: dict[str, Any] = {
    "nan": lambda a, rng: a * np.nan,
    "one nan": lambda a, rng: np.where(np.arange(a.size).reshape(a.shape) == a.size // 2, np.nan, a).astype(a.dtype),
    "infinite": lambda a, rng: np.full_like(a, np.inf),
    "huge": lambda a, rng: a * a.dtype.type(1e30),
    "zero": lambda a, rng: np.zeros_like(a),
    "denormal": lambda a, rng: np.full_like(a, np.finfo(a.dtype).smallest_subnormal),
    "noise": lambda a, rng: rng.normal(size=a.shape).astype(a.dtype),
    "transposed": lambda a, rng: a.T,
    "flat": lambda a, rng: a.reshape(-1),
    "empty": lambda a, rng: a[:0] if a.ndim else np.empty(0, a.dtype),
    "other dtype": lambda a, rng: a.astype(np.float32 if a.dtype == np.float64 else np.float64),
    "labels": lambda a, rng: np.zeros(a.shape, np.int32),
}


@settings(max_examples=30)
@given(data=st.data())
def test_whatever_a_port_answers_there_is_a_diagnosis_and_no_exception(data: st.DataObject) -> None:
    spec = CaseSpec(
        sizes=data.draw(st.sampled_from([(5, 4, 3), (3, 1), (4, 3, 2, 6)])),
        batch=data.draw(st.sampled_from([1, 2, 7])),
        activation=data.draw(st.sampled_from(ACTIVATIONS)),
        dtype=data.draw(st.sampled_from(["float64", "float32"])),
        numerical=True,
    )
    answers = right(spec)
    rng = np.random.default_rng(0)
    for _ in range(data.draw(st.integers(1, 3))):
        group = data.draw(st.sampled_from([answers.operations, answers.layers]))
        name = data.draw(st.sampled_from(sorted(group)))
        array = data.draw(st.sampled_from(sorted(group[name])))
        corrupt = CORRUPT[data.draw(st.sampled_from(sorted(CORRUPT)))]
        with np.errstate(all="ignore"):
            group[name] = {**group[name], array: np.asarray(corrupt(group[name][array], rng))}
    assert all(told.where for told in diagnose(answers))
