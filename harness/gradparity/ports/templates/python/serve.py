"""The plumbing between gradparity and my_network.py. You need not open this file."""

import platform
import sys
import time
from dataclasses import dataclass
from functools import partial

import my_network as mine
import numpy as np
from gradparity.serve import Refusal, serve

FILE = "my_network.py"
LAYERS = {
    "affine": ("out", "dx", "dW", "db"),
    "relu": ("out", "dx"),
    "sigmoid": ("out", "dx"),
    "softmax_with_loss": ("loss", "y", "dx"),
}
RESULTS = {**LAYERS, "gradient": ("loss", "dW", "db")}


@dataclass
class Network:
    """What my_network.py gets as net."""

    W: list
    b: list
    activation: str
    epsilon: float


@dataclass
class Images:
    """A set of images as bytes, and their labels."""

    pixels: np.ndarray
    labels: np.ndarray
    scale: float

    def batch(self, rows, dtype):
        """These rows, as a batch."""
        if rows.size and not 0 <= rows.min() <= rows.max() < len(self.labels):
            raise ValueError(f"expected rows of the set, came {rows.min()} to {rows.max()}")
        return self.pixels[rows].astype(dtype) / dtype.type(self.scale), self.labels[rows].astype(np.int32)


last = {}  # the arrays that came last, to be given back by inputs
case = None  # the network, its batch and its labels
sets = {}


class Unsupported(Exception):
    """Answered as unsupported. NotImplementedError is not: a function that raises that is not written, and listed."""


def need(name):
    if name not in mine.WRITTEN:
        raise Unsupported(f"{name} is not written yet: fill it in in {FILE}, and add it to WRITTEN there")


def loaded():
    if case is None:
        raise ValueError("expected a case to be loaded")
    return case


def labels(t):
    """As numbers, from numbers or from one-hot rows."""
    return t if t.ndim == 1 else t.argmax(axis=1)


# What my_network.py gives.


def wrong(name, expected, came):
    """The function of this name returned something else."""
    listed = f"{len(came)} results" if isinstance(came, tuple | list) else type(came).__name__
    return Refusal(f"{name} in {FILE}: expected {expected}, came {'None' if came is None else listed}")


def results(name, came):
    """As many as the function of this name should return."""
    if not isinstance(came, tuple | list) or len(came) != len(RESULTS[name]):
        raise wrong(name, ", ".join(RESULTS[name]), came)
    return came


def sent(name, arrays):
    """Results of the function of this name, by the names that they travel by."""
    for key, result in arrays.items():
        dtype = np.asarray(result).dtype
        if dtype.kind != "f":
            raise wrong(name, f"{key} to be floating-point numbers", result if dtype.kind == "O" else dtype.type())
    return arrays


def hello(request):
    def has(*names):
        return set(names) <= set(mine.WRITTEN)

    if unknown := [name for name in mine.WRITTEN if not callable(getattr(mine, name, None))]:
        raise ValueError(f"WRITTEN in {FILE}: expected functions of that file, came {', '.join(unknown)}")
    layers = [kind for kind in LAYERS if has(kind)]
    operations = ["hello", "load"]
    operations += ["inputs", "null", "time"] if mine.WRITTEN else []
    operations += ["layer"] if layers else []
    operations += ["predict", "accuracy"] if has("predict") else []
    operations += ["gradient"] if has("gradient") else []
    operations += ["update"] if has("sgd") else []
    operations += ["data", "train", "params", "evaluate"] if has("predict", "gradient", "sgd") else []
    return {
        "name": "PORT_NAME",
        "language": "Python",
        "version": f"{platform.python_version()} (NumPy {np.__version__})",
        "blas": "NumPy's",
        "threads": 1,
        "dtypes": ",".join(mine.DTYPES),
        "layers": ",".join(layers),
        "operations": ",".join(operations),
        "optimizers": "sgd" if has("sgd") else "",
        "epsilon": mine.EPSILON,
    }, {}


def load(request):
    global case, last
    fields, last = request.fields, request.arrays
    if fields["dtype"] not in mine.DTYPES:
        raise Unsupported(f"no {fields['dtype']}")
    depth = len(fields["sizes"].split(",")) - 1
    W, b = ([last[f"{name}{i}"] for i in range(1, depth + 1)] for name in "Wb")
    net = Network(W, b, fields["activation"], float(fields["epsilon"]))
    supported = mine.supports(net)
    if supported is None:
        raise wrong("supports", "True or False", None)
    if not supported:
        raise Unsupported(f"no such network: supports in {FILE} says so")
    case = net, last["x"], labels(last["t"])
    return {}, {}


def call_of(request):
    """The layer's function with its arguments, ready to be called."""
    global last
    kind, a = request.fields["kind"], request.arrays
    if kind not in LAYERS:
        raise Unsupported(f"no layer {kind}")
    need(kind)
    last = a
    if kind == "affine":
        return partial(mine.affine, a["x"], a["W"], a["b"], a["dout"])
    if kind == "softmax_with_loss":
        return partial(mine.softmax_with_loss, a["x"], labels(a["t"]), float(request.fields["epsilon"]))
    return partial(getattr(mine, kind), a["x"], a["dout"])


def layer(request):
    kind, call = request.fields["kind"], call_of(request)
    return {}, sent(kind, dict(zip(LAYERS[kind], results(kind, call()), strict=True)))


def inputs(request):
    return {}, last


def null(request):
    return {}, {}


def predict(request):
    need("predict")
    net, x, _ = loaded()
    return {}, sent("predict", {"out": mine.predict(net, x)})


def accuracy_of(out, t):
    return np.mean(np.argmax(out, axis=1) == t)


def accuracy(request):
    return {}, {"accuracy": accuracy_of(predict(request)[1]["out"], loaded()[2])}


def parameters(prefix, W, b):
    pairs = enumerate(zip(W, b, strict=True), start=1)
    return {f"{prefix}{name}{i}": a for i, pair in pairs for name, a in zip("Wb", pair, strict=True)}


def gradient(request):
    need("gradient")
    loss, dW, db = results("gradient", mine.gradient(*loaded()))
    for key, came in (("dW", dW), ("db", db)):
        if not hasattr(came, "__len__") or len(came) != len(loaded()[0].W):
            raise wrong("gradient", f"{key} to be a list, one array for each layer", came)
    return {}, sent("gradient", {"loss": loss, **parameters("d", dW, db)})


def step(net, x, t, rate):
    """A gradient, and the update of every parameter; the loss."""
    loss, dW, db = results("gradient", mine.gradient(net, x, t))
    for p, dp in zip(net.W + net.b, [*dW, *db], strict=True):
        mine.sgd(p, dp, rate)
    return loss


def rate_of(fields):
    if fields["optimizer"] != "sgd":
        raise Unsupported(f"no optimizer {fields['optimizer']}")
    need("sgd")
    return float(fields["learning_rate"])


def timed(request):
    """The call that is to be timed."""
    operation = request.fields["operation"]
    if operation == "null":
        return lambda: None
    if operation == "layer":
        return call_of(request)
    if operation not in ("predict", "gradient", "train_step"):
        raise Unsupported(f"no operation {operation} to time")
    net, x, t = loaded()
    if operation == "predict":
        need("predict")
        return partial(mine.predict, net, x)
    need("gradient")
    if operation == "gradient":
        return partial(mine.gradient, net, x, t)
    copy = Network([p.copy() for p in net.W], [p.copy() for p in net.b], net.activation, net.epsilon)
    return partial(step, copy, x, t, rate_of(request.fields))


def take_time(request):
    call, took = timed(request), []
    for _ in range(int(request.fields["samples"])):
        begin = time.perf_counter_ns()
        for _ in range(int(request.fields["calls"])):
            call()
        took.append(float(time.perf_counter_ns() - begin))
    return {}, {"nanoseconds": took}


def data(request):
    a, fields = request.arrays, request.fields
    sets[fields["set"]] = Images(a["images"], a["labels"], float(fields["scale"]))
    return {}, {}


def images(name):
    """The set of this name, which must fit the loaded network."""
    W, found = loaded()[0].W, sets.get(name)
    if found is None or found.pixels.shape[1] != len(W[0]) or found.labels.max(initial=0) >= W[-1].shape[1]:
        raise ValueError(f"expected the set {name}, with images and labels that fit the loaded network")
    return found


def train(request):
    need("gradient")
    rate, net, chosen = rate_of(request.fields), loaded()[0], images("train")
    begin, dtype = time.perf_counter_ns(), net.W[0].dtype
    losses = [step(net, *chosen.batch(rows, dtype), rate) for rows in request.arrays["batches"]]
    took = float(time.perf_counter_ns() - begin)
    return {}, {"loss": np.array(losses, dtype), "nanoseconds": took}


def params(request):
    net = loaded()[0]
    return {}, parameters("", net.W, net.b)


def evaluate(request):
    need("predict")
    need("gradient")
    net, chosen = loaded()[0], images(request.fields["set"])
    x, t = chosen.batch(np.arange(len(chosen.labels)), net.W[0].dtype)
    loss, _, _ = results("gradient", mine.gradient(net, x, t))
    return {}, {"loss": loss, "accuracy": accuracy_of(mine.predict(net, x), t)}


def update(request):
    p = request.arrays["p"]
    mine.sgd(p, request.arrays["dp"], rate_of(request.fields))
    return {}, {"p": p}


sys.stdout.reconfigure(line_buffering=True)  # what you print is not lost where it crashes
operations = (hello, load, layer, inputs, null, predict, accuracy, gradient, data, train, params, evaluate, update)
serve({function.__name__: function for function in operations} | {"time": take_time}, Unsupported)
