"""The reference as a port, with one thing wrong: its argument says what."""

import os
import runpy
import sys
from pathlib import Path

import numpy as np
from gradparity.ports.wire import Message
from gradparity.serve import Reply, serve

reference = runpy.run_path(str(Path(__file__).parents[2] / "ports" / "python" / "serve.py"))
HANDLERS, port = dict(reference["HANDLERS"]), reference["port"]
wrong = sys.argv[1]
calls = {"gradient": 0}
stale: dict[str, Reply] = {}
buffers: dict[str, np.ndarray] = {}


def hello(request: Message) -> Reply:
    """What is missing or different is said."""
    fields = dict(HELLO(request)[0])
    if wrong.startswith("no-float32"):
        fields["dtypes"] = "float64"
    if wrong == "few-operations":
        fields["operations"] = "hello,load,gradient"
    if wrong.startswith("only="):  # operations, and layers after a slash
        operations, _, layers = wrong.removeprefix("only=").partition("/")
        fields |= {"operations": operations, "layers": layers}
    if wrong == "few-layers":
        fields["layers"] = "affine,relu"
    if wrong.startswith("older"):
        fields["layers"] = "affine,relu,softmax_with_loss" if wrong == "older" else ""
    if wrong == "not-yet":
        fields |= {"operations": "hello,load,inputs,gradient", "layers": ""}
    if wrong.startswith("own-epsilon"):
        fields["epsilon"] = "1e-7"
    return fields, {}


def gradient(request: Message) -> Reply:
    """The whole pass."""
    if wrong == "not-yet":
        raise NotImplementedError("not yet")
    _, arrays = GRADIENT(request)
    arrays = {name: np.array(array) for name, array in arrays.items()}
    calls["gradient"] += 1
    if wrong == "kept-buffer":
        kept = buffers.setdefault(arrays["db1"].dtype.str, np.zeros(100))
        kept[: len(arrays["db1"])] += arrays["db1"]
        arrays["db1"] = kept[: len(arrays["db1"])].astype(arrays["db1"].dtype)
    if wrong == "batch-size":
        arrays["dW2"] = arrays["dW2"] * len(port.x)
    if wrong == "one-element":
        arrays["dW1"][-1, -1] *= 1.001
    if wrong == "own-epsilon-and-an-ulp":
        arrays["loss"] = np.nextafter(arrays["loss"], np.inf, dtype=arrays["loss"].dtype)
    if wrong == "all-doubled":
        print(f"loss {arrays['loss']}", file=sys.stderr)
        arrays = {name: array if name == "loss" else 2 * array for name, array in arrays.items()}
    if wrong == "no-float32-and-dies":
        sys.exit(1)
    if wrong == "one-ulp":
        arrays["db1"] = np.nextafter(arrays["db1"], np.inf, dtype=arrays["db1"].dtype)
    if wrong == "keeps-the-first-batch-size":
        first = buffers.setdefault("first", np.array(len(port.x)))
        arrays["db2"] = arrays["db2"] * arrays["db2"].dtype.type(len(port.x) / first)
    if wrong == "log10":
        arrays["loss"] = np.asarray(arrays["loss"] / np.log(10), arrays["loss"].dtype)
    if wrong == "drifts" and calls["gradient"] % 4 == 2:
        arrays["db1"] = arrays["db1"] + arrays["db1"].dtype.type(1)
    if wrong == "stale":
        before = stale.get(str(arrays["dW1"].shape))
        stale[str(arrays["dW1"].shape)] = {}, arrays
        return before or ({}, arrays)
    if wrong == "mutates":
        port.arrays["W1"] = port.arrays["W1"] * 2
    return {}, arrays


def die() -> None:
    """As a crash does."""
    print("about to die", file=sys.stderr, flush=True)
    os._exit(1)


def layer(request: Message) -> Reply:
    """One layer."""
    reply: Reply = LAYER(request)
    if wrong == "fails-at-sigmoid" and request.fields["kind"] == "sigmoid":
        print("no sigmoid here", file=sys.stderr)
        raise ZeroDivisionError
    if wrong.startswith("sigmoid-layer-dies") and request.fields["kind"] == "sigmoid":
        die()
    if wrong == "relu-only-wrong-sigmoid" and request.fields["kind"] == "sigmoid":
        return {}, {name: -array for name, array in reply[1].items()}
    if wrong == "mutates-dout" and request.fields["kind"] == "relu":
        request.arrays["dout"][request.arrays["x"] <= 0] = 0
    return reply


def load(request: Message) -> Reply:
    """A fixed epsilon replaces the request's; one activation is lacking."""
    calls["gradient"] = 0
    if wrong.startswith("relu-only") and request.fields["activation"] != "relu":
        raise NotImplementedError("no sigmoid")
    if wrong.startswith("older") and request.fields["activation"] not in ("relu", "sigmoid"):
        raise ValueError("an older port does not know this name")
    if wrong == "dies-with-sigmoid" and request.fields["activation"] == "sigmoid":
        die()
    if wrong == "sigmoid-layer-dies-and-load":
        die()
    if wrong.startswith("own-epsilon"):
        request.fields["epsilon"] = "1e-7"
    reply: Reply = LOAD(request)
    return reply


HELLO, GRADIENT, LAYER, LOAD = (HANDLERS[name] for name in ("hello", "gradient", "layer", "load"))

if __name__ == "__main__":
    serve({**HANDLERS, "hello": hello, "gradient": gradient, "layer": layer, "load": load})
