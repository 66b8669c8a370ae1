"""What a template says where the user's file returns, or does, the wrong thing: whose, what was expected, what came.

Each port is the language's solution with some of its lines changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import required
from gradparity.cases import CaseSpec, draw
from gradparity.ports.new import find_template
from gradparity.ports.session import Failure, PortFailure, Session
from made_ports import fill_in

Words = Mapping[str, str]

X = np.ones((2, 3))
CASE = draw(CaseSpec(sizes=(5, 4, 3)), 0)
ANY = draw(CaseSpec(network="6-affine4-batch_norm-affine3"), 0)
MOMENTUM = {"optimizer": "momentum", "learning_rate": "1", "momentum": "0.5", "iteration": "1"}
REQUESTS: dict[str, tuple[str, dict[str, str], Any]] = {
    "load": ("load", CASE.fields, CASE.arrays),
    "relu": ("layer", {"kind": "relu"}, {"x": X, "dout": X}),
    "sigmoid": ("layer", {"kind": "sigmoid"}, {"x": X, "dout": X}),
    "loss": ("layer", {"kind": "softmax_with_loss", "epsilon": "0"}, {"x": X, "t": np.zeros(2, np.int32)}),
    "predict": ("predict", {}, {}),
    "accuracy": ("accuracy", {}, {}),
    "gradient": ("gradient", {}, {}),
    "any": ("load", ANY.fields, ANY.arrays),
    "numerical": ("numerical_gradient", {"step": "0.5"}, {}),
    "momentum": ("update", MOMENTUM, {"p": X, "dp": X, "v": X}),
}
# The changes, and what a request then fails with, or nothing.
WRONG: list[tuple[str, Words, Words]] = [
    (
        "python",
        {
            "    return loss, gradients\n": "    return loss, gradients[1:]\n",
            "    return np.mean(predict_layers": "    np.mean(predict_layers",
            "    return [slopes(W) for W in net.W], [": "    return None, [",
        },
        {
            "numerical": "numerical_gradient in my_network.py: expected dW to be a list, one array",
            "any": "",
            "gradient": "gradient_layers in my_network.py: expected a list of the 6 gradients dW1, db1, dgamma2",
            "accuracy": "accuracy_layers in my_network.py: expected a number, came None",
        },
    ),
    (
        "python",
        {"\n\ndef supports_layers(layers):": "\n\ndef supports_layers(layers):\n    return None\n"},
        {"any": "supports_layers in my_network.py: expected True or False, came None"},
    ),
    (
        "r",
        {
            "  list(loss = loss, gradients = gradients)": "  list(loss = loss, gradients = gradients[-1])",
            "  share(predict_layers(layers, x), t)": "  NULL",
            "  list(p = p + v, v = v)": "  list(p = p + v)",
        },
        {
            "momentum": "momentum in my_network.R: expected p, v, came p",
            "any": "",
            "gradient": "gradient_layers in my_network.R: expected gradients to be a list of 6, came a list of 5",
            "accuracy": "accuracy_layers in my_network.R: expected a number, came NULL",
        },
    ),
    (
        "julia",
        {"    loss, gradients\n": "    loss, gradients[2:end]\n", "    share(predict_layers(layers, x), t)\n": ""},
        {
            "any": "",
            "gradient": "gradient_layers in my_network.jl: expected a vector of the 6 gradients dW1, db1, dgamma2",
            "accuracy": "accuracy_layers in my_network.jl: expected a number, came nothing",
        },
    ),
    (
        "javascript",
        {
            "return { loss, gradients };": "return { loss, gradients: gradients.slice(1) };",
            "return shareOf(predictLayers": "shareOf(predictLayers",
        },
        {
            "any": "",
            "gradient": "gradients: expected an array of 6, came 5",
            "accuracy": "accuracyLayers: expected a number, came undefined",
        },
    ),
    (
        "python",
        {
            "return np.maximum(x, 0), np": "return np.maximum(x, 0), 0, np",
            "return out, dout * out": 'raise NotImplementedError("listed")\n    return out, dout * out',
            "return -picked.mean(), y": "return None, y",
            "return forward(net, x)[1][-1]": "return X",
            "    inputs, outs = forward(net, x)\n": "    return 1.0, net.W\n",
        },
        {
            "relu": "relu in my_network.py: expected out, dx, came 3 results",
            "sigmoid": 'in sigmoid\n    raise NotImplementedError("listed")\n',
            "loss": "softmax_with_loss in my_network.py: expected loss to be floating-point numbers, came None",
            "predict": "in predict\n    return X\n",
            "gradient": "gradient in my_network.py: expected loss, dW, db, came 2 results",
        },
    ),
    (
        "python",
        {
            "return np.maximum(x, 0), np": "return np",
            "return forward(net, x)[1][-1]": "pass",
            "    inputs, outs = forward(net, x)\n": "    return 1.0, [net.W[0], x > 0], net.b\n",
        },
        {
            "relu": "relu in my_network.py: expected out, dx, came ndarray",
            "predict": "predict in my_network.py: expected out to be floating-point numbers, came None",
            "gradient": "gradient in my_network.py: expected dW2 to be floating-point numbers, came bool",
        },
    ),
    (
        "python",
        {"    return True": "    pass", "return np.maximum(x, 0)": "import os, signal; os.kill(0, signal.SIGINT)"},
        {
            "load": "supports in my_network.py: expected True or False, came None",
            "relu": "in relu\n    import os, signal; os.kill(0, signal.SIGINT)",
        },
    ),
    (
        "python",
        {"    inputs, outs = forward(net, x)\n": "    return 1.0, None, net.b\n"},
        {"gradient": "gradient in my_network.py: expected dW to be a list, one array for each layer, came None"},
    ),
    (
        "r",
        {
            "0, x), dx = ifelse(x <= 0, 0, dout)": "0, x), dX = ifelse(x <= 0, 0, dout)",
            "list(out = out, dx = dout": "list(out, dout",
            "loss = -mean(at_label)": "loss = NULL",
            "forward(net, x)$outs[[length(net$W)]]": "NULL",
            "  pass <- forward(net, x)\n": "  return(NULL)\n",
        },
        {
            "relu": "relu in my_network.R: expected out, dx, came out, dX",
            "sigmoid": "sigmoid in my_network.R: expected out, dx, came a list of 2 without names",
            "loss": "softmax_with_loss in my_network.R: expected loss to be a number, came NULL",
            "predict": "predict_logits in my_network.R: expected out to be a matrix of numbers, came NULL",
            "gradient": "gradient in my_network.R: expected loss, dW, db, came NULL",
        },
    ),
    (
        "r",
        {
            "  TRUE\n": "  invisible(NULL)\n",
            "dx = ifelse(x <= 0, 0, dout)": "dx = x <= 0",
        },
        {
            "load": "supports in my_network.R: expected TRUE or FALSE, came NULL",
            "relu": "relu in my_network.R: expected dx to be a matrix of numbers, came a matrix of logical",
        },
    ),
    (
        "r",
        {"  pass <- forward(net, x)\n": "  return(list(loss = 1, dW = net$W[1], db = net$b))\n"},
        {"gradient": "expected dW to be a list, one for each layer, came a list of 1 without names"},
    ),
    (
        "julia",
        {
            "max.(x, 0), ifelse": "max.(x, 0), 0, ifelse",
            "    out, dout .* out": "    nothing\nend\nfunction other()\n    out, dout .* out",
            "    -sum(at_label) / size(x, 1), y": "    nothing, y",
            "    forward(net, x)[2][end]": "    nothing",
            "    inputs, outs = forward(net, x)\n    dW": "    return 1.0, net.W, net.b[1:1]\n    dW",
            ":affine, :relu, :sigmoid, :softmax_with_loss,": '"affine", "relu", "sigmoid", "softmax_with_loss",',
        },
        {
            "relu": "relu in my_network.jl: expected out, dx, came 3 results",
            "sigmoid": "sigmoid in my_network.jl: expected out, dx, came nothing",
            "loss": "softmax_with_loss in my_network.jl: expected loss to be of Float64 or Float32, came nothing",
            "predict": "predict in my_network.jl: expected out to be of Float64 or Float32, came nothing",
            "gradient": "gradient in my_network.jl: expected db to be a vector, one array for each layer, came",
        },
    ),
    (
        "julia",
        {
            "    true\nend": 'end\n\ninclude("../elsewhere.jl")',
            "    max.(x, 0), ifelse": "    elsewhere(x), ifelse",
        },
        {
            "load": "supports in my_network.jl: expected true or false, came nothing",
            "relu": "../elsewhere.jl:1 in elsewhere",
        },
    ),
    (
        "javascript",
        {
            "return { out: map(x, (v) => (v <= 0 ? 0 : v)), dx:": "return { out: map(x, (v) => v), dX:",
            "loss: loss / x.rows": "loss: undefined",
            "return forward(net, x).outs.at(-1);": "",
            "  const { inputs, outs } = forward(net, x);\n": "  return { loss: 1, dW: net.W, dB: net.b };\n",
        },
        {
            "relu": "dx: expected an object, came undefined",
            "loss": "loss: expected a number, came undefined",
            "predict": "expected an object, came undefined",
            "gradient": "db: expected an array, one for each layer, came undefined",
        },
    ),
    ("javascript", {"  return true;\n": ""}, {"load": "supports: expected true or false, came undefined"}),
    (
        "javascript",
        {
            "// YOURS: the networks": 'import elsewhere from "../elsewhere.js";\n\n// YOURS: the networks',
            "return { out: map(x, (v) => (v <= 0 ? 0 : v)), dx:": "return { out: elsewhere(x), dx:",
            "export function sigmoid(x, dout) {\n": 'export function sigmoid(x, dout) {\n  throw { message: "mine" };',
            "export function predict": "export async function predict",
            "export function accuracy": "export async function accuracy",
        },
        {
            "relu": "elsewhere.js:1:35)\n",
            "sigmoid": "mine",
            "predict": "the result: expected an object, came a Promise (no function may be async)",
            "accuracy": "accuracy: expected a number, came a Promise (no function may be async)",
        },
    ),
]


def changed(language: str, changes: Words, folder: Path) -> Session:
    """A running port; skips where its toolchain is not here."""
    port = fill_in(language, folder / "port")
    path = folder / "port" / find_template(language).about.open
    text = path.read_text()
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text)
    (folder / "elsewhere.jl").write_text("elsewhere(x) = x + 1\n")  # of a matrix: no such method
    (folder / "elsewhere.js").write_text("module.exports = (x) => x.missing.one;\n")
    try:
        return Session(port.runners[0])
    except PortFailure as failure:
        if failure.kind is Failure.NOT_AVAILABLE and not required():
            pytest.skip(str(failure))
        raise


@pytest.mark.parametrize(("language", "changes", "expected"), WRONG)
def test_it_says_whose_what_was_expected_and_what_came(
    language: str, changes: Words, expected: Words, tmp_path: Path
) -> None:
    with changed(language, changes, tmp_path) as session:
        if "load" not in expected:
            session.request(*REQUESTS["load"])
        for name, words in expected.items():
            if not words:
                session.request(*REQUESTS[name])
                continue
            with pytest.raises(PortFailure) as caught:
                session.request(*REQUESTS[name])
            failure = caught.value
            assert failure.kind in (Failure.ERROR, Failure.EXITED, Failure.KILLED)
            assert words in failure.what or words in failure.stderr, f"{failure}\n{failure.stderr}"
            assert "\n" not in failure.what


def test_in_r_a_loss_of_one_by_one_is_a_number(tmp_path: Path) -> None:
    with changed("r", {"list(loss = -mean(at_label)": "list(loss = matrix(-mean(at_label))"}, tmp_path) as session:
        expect = {"loss": ((), np.float64), **dict.fromkeys(("y", "dx"), (X.shape, np.float64))}
        assert session.request(*REQUESTS["loss"], expect).arrays["loss"] > 0
