"""The plumbing between gradparity and my_network.py. You need not open this file."""

import platform
import sys
import time
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import my_network as mine
import numpy as np
from gradparity.serve import Refusal, serve

FILE = "my_network.py"
LAYERS = {
    "affine": ("out", "dx", "dW", "db"),
    "relu": ("out", "dx"),
    "sigmoid": ("out", "dx"),
    "softmax_with_loss": ("loss", "y", "dx"),
    "tanh": ("out", "dx"),
    "squared_error": ("loss", "dx"),
    "batch_norm": ("out", "running_mean", "running_var", "dx", "dgamma", "dbeta"),
    "dropout": ("out", "dx"),
    "convolution": ("out", "dx", "dW", "db"),
    "max_pooling": ("out", "dx"),
}
RESULTS = {
    **LAYERS,
    "gradient": ("loss", "dW", "db"),
    "numerical_gradient": ("dW", "db"),
    "gradient_layers": ("loss", "gradients"),
}
# What a layer of a kind holds: its parameters, and other arrays; and its numbers.
LEARNT = {"affine": ("W", "b"), "convolution": ("W", "b"), "batch_norm": ("gamma", "beta")}
RUNNING = ("running_mean", "running_var")
ARRAYS = {**LEARNT, "batch_norm": (*LEARNT["batch_norm"], *RUNNING), "dropout": ("mask",)}
NUMBERS = {
    "softmax_with_loss": ("epsilon",),
    "batch_norm": ("momentum", "epsilon"),
    "dropout": ("ratio",),
    "convolution": ("stride", "pad"),
    "max_pooling": ("height", "width", "stride", "pad"),
}
# What an optimizer's function is given after p and dp: the state, and the numbers of the request.
OPTIMIZERS = {
    "sgd": ((), ("learning_rate",)),
    "momentum": (("v",), ("learning_rate", "momentum")),
    "nesterov": (("v",), ("learning_rate", "momentum")),
    "adagrad": (("h",), ("learning_rate",)),
    "rmsprop": (("h",), ("learning_rate", "decay")),
    "adam": (("m", "v"), ("learning_rate", "beta1", "beta2")),
}


@dataclass
class Network:
    """What my_network.py gets as net."""

    W: list
    b: list
    activation: str
    epsilon: float

    suffix = ""  # of the functions of my_network.py that are for such networks

    @property
    def learnt(self):
        """The parameters, W1, b1, ..., by name."""
        return parameters("", self.W, self.b)

    held = learnt  # what params gives

    @property
    def copy(self):
        """One with parameters of its own."""
        return Network([p.copy() for p in self.W], [p.copy() for p in self.b], self.activation, self.epsilon)

    @property
    def fresh(self):
        """What a function is given that must leave the network as it was."""
        return self

    def call(self, name, *arguments):
        """A call of the function of this name, and of these arguments, ready to be made."""
        need(name)
        return partial(getattr(mine, name), self.fresh, *arguments)

    def gradients(self, name, came):
        """The loss, if this function gives one, and the gradients by name."""
        *loss, dW, db = results(name, came)
        for key, one in (("dW", dW), ("db", db)):
            if not hasattr(one, "__len__") or len(one) != len(self.W):
                raise wrong(name, f"{key} to be a list, one array for each layer", one)
        return dict(zip(["loss"], loss, strict=False)) | parameters("d", dW, db)

    def gradient(self, x, t):
        """The call of gradient."""
        return self.call("gradient", x, t)

    def training(self, x, t, masks):
        """The same, for a step of training."""
        return self.gradient(x, t)

    def loss_in_test(self, x, t, logits):
        """The mean loss."""
        return results("gradient", self.gradient(x, t)())[0]


@dataclass
class Layers:
    """A network of any layers: its layers, the names of what they hold, and the two numbers."""

    layers: list
    numbered: list  # of each layer, its number
    weight_decay: float
    epsilon: float

    suffix = "_layers"

    def named(self, kinds):
        """The arrays of the layers that these kinds hold, by name and number."""
        pairs = zip(self.layers, self.numbered, strict=True)
        return {f"{name}{i}": getattr(one, name) for one, i in pairs for name in kinds.get(one.kind, ())}

    @property
    def learnt(self):
        """The parameters by name, in order."""
        return self.named(LEARNT)

    @property
    def held(self):
        """What params gives."""
        return self.named({**LEARNT, "batch_norm": ARRAYS["batch_norm"]})

    @property
    def copy(self):
        """One with parameters of its own."""
        return self._with([name for names in ARRAYS.values() for name in names])

    @property
    def fresh(self):
        """Its layers for a function that must leave the network as it was: it may move the running ones on."""
        return self._with(RUNNING).layers

    def _with(self, copied):
        def own(one):
            return {key: value.copy() if key in copied else value for key, value in vars(one).items()}

        layers = [SimpleNamespace(**own(one)) for one in self.layers]
        return Layers(layers, self.numbered, self.weight_decay, self.epsilon)

    call = Network.call

    def gradients(self, name, came):
        """The loss and the gradients by name."""
        loss, came = results(name, came)
        names = [f"d{name}" for name in self.learnt]
        if not hasattr(came, "__len__") or len(came) != len(names):
            raise wrong(name, f"a list of the {len(names)} gradients {', '.join(names)}", came)
        return {"loss": loss} | dict(zip(names, came, strict=True))

    def gradient(self, x, t):
        """The call of gradient_layers."""
        return self.call("gradient_layers", x, t, self.weight_decay, self.epsilon)

    def training(self, x, t, masks):
        """The same, for a step of training with these masks: the running ones that it moves on stay so."""
        for one, i in zip(self.layers, self.numbered, strict=True):
            if one.kind == "dropout":
                one.mask = masks[f"mask{i}"]
        return partial(mine.gradient_layers, self.layers, x, t, self.weight_decay, self.epsilon)

    def loss_in_test(self, x, t, logits):
        """The mean loss of these logits, without weight decay."""
        kind = self.layers[-1].kind
        need(kind)
        epsilon = [self.epsilon] if "epsilon" in NUMBERS.get(kind, ()) else []
        return results(kind, getattr(mine, kind)(logits, t, *epsilon))[0]


@dataclass
class Images:
    """A set of images as bytes, and their labels."""

    pixels: np.ndarray
    labels: np.ndarray
    scale: float

    def batch(self, rows, like):
        """These rows, as a batch that is like this one."""
        if rows.size and not 0 <= rows.min() <= rows.max() < len(self.labels):
            raise ValueError(f"expected rows of the set, came {rows.min()} to {rows.max()}")
        x = self.pixels[rows].astype(like.dtype) / like.dtype.type(self.scale)
        return x.reshape(len(x), *like.shape[1:]), self.labels[rows].astype(np.int32)


class Optimizer:
    """The optimizer that the fields of a request name, with a state for each parameter that it has updated."""

    def __init__(self, fields):
        self.name = fields["optimizer"]
        if self.name not in OPTIMIZERS:
            raise Unsupported(f"no optimizer {self.name}")
        need(self.name)
        self.state, numbers = OPTIMIZERS[self.name]
        self.fields = fields
        self.numbers = [float(fields[name]) for name in numbers]
        self.kept = {}
        self.iteration = 0

    def update(self, params, gradients):
        """Both by name: W1, ... and dW1, ..."""
        self.iteration += 1
        for name, p in params.items():
            if name not in self.kept:
                self.kept[name] = [np.zeros_like(p) for _ in self.state]
            self.update_one(p, gradients[f"d{name}"], self.kept[name])

    def update_one(self, p, dp, state):
        """One parameter and its state, in place."""
        iteration = [self.iteration] if self.name == "adam" else []
        getattr(mine, self.name)(p, dp, *state, *self.numbers, *iteration)


last = {}  # the arrays that came last, to be given back by inputs
case = None  # the network, its batch and its labels
sets = {}
optimizer = None  # of the last train since load


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


def has(*names):
    return set(names) <= set(mine.WRITTEN)


def hello(request):
    if unknown := [name for name in mine.WRITTEN if not callable(getattr(mine, name, None))]:
        raise ValueError(f"WRITTEN in {FILE}: expected functions of that file, came {', '.join(unknown)}")
    layers = [kind for kind in LAYERS if has(kind)]
    optimizers = [name for name in OPTIMIZERS if has(name)]
    dense, any_layers = has("predict", "gradient"), has("predict_layers", "gradient_layers")
    operations = ["hello", "load"]
    operations += ["inputs", "null", "time"] if mine.WRITTEN else []
    operations += ["layer"] if layers else []
    operations += ["predict"] if has("predict") or any_layers else []
    operations += ["accuracy"] if has("accuracy") or (any_layers and has("accuracy_layers")) else []
    operations += ["gradient"] if has("gradient") or any_layers else []
    operations += ["numerical_gradient"] if has("numerical_gradient") else []
    operations += ["update"] if optimizers else []
    operations += ["data", "train", "params", "evaluate"] if optimizers and (dense or any_layers) else []
    return {
        "name": "PORT_NAME",
        "language": "Python",
        "version": f"{platform.python_version()} (NumPy {np.__version__})",
        "blas": "NumPy's",
        "threads": 1,
        "dtypes": ",".join(mine.DTYPES),
        "layers": ",".join(layers),
        "operations": ",".join(operations),
        "optimizers": ",".join(optimizers),
        "epsilon": mine.EPSILON,
        "step": getattr(mine, "STEP", "any"),
        **({"networks": "any"} if any_layers else {}),
        **({"declares": mine.DECLARES} if hasattr(mine, "DECLARES") else {}),  # such as "log_base=10"
    }, {}


def as_number(text):
    return int(text) if text.isdecimal() else float(text)


def layers_of(fields, arrays):
    """The network of any layers that these fields describe."""
    if not has("predict_layers", "gradient_layers"):
        raise Unsupported("no networks of any layers: predict_layers and gradient_layers are not written yet")
    layers, numbered, number = [], [], 0
    for kind in fields["layers"].split(","):
        if kind not in LAYERS:
            raise Unsupported(f"no layer {kind}")
        number += kind in LEARNT
        is_loss = LAYERS[kind][0] == "loss"
        numbers = {} if is_loss else {key: as_number(fields[f"{kind}{number}.{key}"]) for key in NUMBERS.get(kind, ())}
        held = {name: arrays[f"{name}{number}"] for name in ARRAYS.get(kind, ())}
        layers.append(SimpleNamespace(kind=kind, **numbers, **held))
        numbered.append(number)
    return Layers(layers, numbered, float(fields["weight_decay"]), float(fields["epsilon"]))


def affines_of(fields, arrays):
    """The network of affine layers with one activation."""
    depth = len(fields["sizes"].split(",")) - 1
    W, b = ([arrays[f"{name}{i}"] for i in range(1, depth + 1)] for name in "Wb")
    return Network(W, b, fields["activation"], float(fields["epsilon"]))


def load(request):
    global case, last, optimizer
    case, fields, last = None, request.fields, request.arrays
    if fields["dtype"] not in mine.DTYPES:
        raise Unsupported(f"no {fields['dtype']}")
    net = (layers_of if "layers" in fields else affines_of)(fields, last)
    name = f"supports{net.suffix}"
    supported = getattr(mine, name, lambda net: True)(net.fresh)
    if supported is None:
        raise wrong(name, "True or False", None)
    if not supported:
        raise Unsupported(f"no such network: {name} in {FILE} says so")
    case, optimizer = (net, last["x"], labels(last["t"])), None
    return {}, {}


def call_of(request):
    """The layer's function with its arguments, ready to be called."""
    global last
    kind, a, fields = request.fields["kind"], request.arrays, request.fields
    if kind not in LAYERS:
        raise Unsupported(f"no layer {kind}")
    need(kind)
    last = a
    numbers = [as_number(fields[name]) for name in NUMBERS.get(kind, ())]
    if LAYERS[kind][0] == "loss":
        return partial(getattr(mine, kind), a["x"], labels(a["t"]), *numbers)
    if "phase" in fields:
        numbers.append(fields["phase"] == "train")
    images = kind in ("convolution", "max_pooling")  # all other layers are given them as rows
    x, dout = (a[name] if images else a[name].reshape(len(a[name]), -1) for name in ("x", "dout"))
    held = [a[name].reshape(x.shape) if name == "mask" else a[name] for name in ARRAYS.get(kind, ())]
    return partial(getattr(mine, kind), x, *held, *numbers, dout)


def layer(request):
    kind, call, x = request.fields["kind"], call_of(request), request.arrays["x"]
    came = sent(kind, dict(zip(LAYERS[kind], results(kind, call()), strict=True)))
    if request.fields.get("phase") == "test":
        came = {name: array for name, array in came.items() if name not in RUNNING}
    if x.ndim == 4 and kind not in ("convolution", "max_pooling"):
        rows = {"dx"} if kind == "affine" else {"out", "dx"}
        came |= {name: np.reshape(came[name], x.shape) for name in rows if np.size(came[name]) == x.size}
    return {}, came


def inputs(request):
    return {}, last


def null(request):
    return {}, {}


def predicted(net, x):
    """The logits, as sent."""
    name = f"predict{net.suffix}"
    return sent(name, {"out": net.call(name, x)()})["out"]


def predict(request):
    net, x, _ = loaded()
    return {}, {"out": predicted(net, x)}


def share(name, came):
    """What accuracy has returned."""
    if np.ndim(came) or np.asarray(came).dtype.kind not in "fiu":
        raise wrong(name, "a number", came)
    return np.float64(came)


def accuracy(request):
    net, x, t = loaded()
    name = f"accuracy{net.suffix}"
    return {}, {"accuracy": share(name, net.call(name, x, t)())}


def parameters(prefix, W, b):
    pairs = enumerate(zip(W, b, strict=True), start=1)
    return {f"{prefix}{name}{i}": a for i, pair in pairs for name, a in zip("Wb", pair, strict=True)}


def gradient(request):
    net, x, t = loaded()
    name = f"gradient{net.suffix}"
    return {}, sent(name, net.gradients(name, net.gradient(x, t)()))


def numerical(request):
    """The call of numerical_gradient."""
    step = getattr(mine, "STEP", "any")
    net, x, t = loaded()
    if net.suffix:
        raise Unsupported("no numerical gradient of networks of any layers")
    return net.call("numerical_gradient", x, t, float(request.fields["step"] if step == "any" else step))


def numerical_gradient(request):
    call, name = numerical(request), "numerical_gradient"
    return {}, sent(name, loaded()[0].gradients(name, call()))


def step(net, call, one):
    """A gradient, and the update of every parameter; the loss."""
    came = net.gradients(f"gradient{net.suffix}", call())
    one.update(net.learnt, came)
    return came["loss"]


def timed(request):
    """The call that is to be timed."""
    operation = request.fields["operation"]
    if operation == "null":
        return lambda: None
    if operation == "layer":
        return call_of(request)
    net, x, t = loaded()
    if operation == "predict":
        return net.call(f"predict{net.suffix}", x)
    if operation == "gradient":
        return net.gradient(x, t)
    if operation == "numerical_gradient":
        return numerical(request)
    if operation != "train_step":
        raise Unsupported(f"no operation {operation} to time")
    copy = net.copy
    return partial(step, copy, copy.gradient(x, t), Optimizer(request.fields))


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
    (net, x, _), found = loaded(), sets.get(name)
    classes = list(net.learnt.values())[-1].shape[-1]
    if found is None or found.pixels.shape[1] != x[0].size or found.labels.max(initial=0) >= classes:
        raise ValueError(f"expected the set {name}, with images and labels that fit the loaded network")
    return found


def train(request):
    global optimizer
    net, like, _ = loaded()
    need(f"gradient{net.suffix}")
    one = optimizer if optimizer and optimizer.fields == request.fields else Optimizer(request.fields)
    chosen, masks = images("train"), dict(request.arrays)
    batches = masks.pop("batches")
    optimizer = one
    begin = time.perf_counter_ns()
    losses = []
    for i, rows in enumerate(batches):
        now = {name: steps[i] for name, steps in masks.items()}
        losses.append(step(net, net.training(*chosen.batch(rows, like), now), one))
    took = float(time.perf_counter_ns() - begin)
    return {}, {"loss": np.array(losses, like.dtype), "nanoseconds": took}


def params(request):
    return {}, loaded()[0].held


def evaluate(request):
    net, like, _ = loaded()
    chosen = images(request.fields["set"])
    x, t = chosen.batch(np.arange(len(chosen.labels)), like)
    logits, name = predicted(net, x), f"accuracy{net.suffix}"
    right = share(name, net.call(name, x, t)()) if has(name) else np.mean(np.argmax(logits, axis=1) == t)
    return {}, {"loss": net.loss_in_test(x, t, logits), "accuracy": right}


def update(request):
    one = Optimizer(request.fields)
    one.iteration = int(request.fields["iteration"])
    p, dp, *state = (request.arrays[name] for name in ("p", "dp", *one.state))
    one.update_one(p, dp, state)
    return {}, {"p": p} | dict(zip(one.state, state, strict=True))


sys.stdout.reconfigure(line_buffering=True)  # what you print is not lost where it crashes
operations = (
    hello, load, layer, inputs, null, predict, accuracy, gradient, numerical_gradient, data, train, params, evaluate,
    update,
)  # fmt: skip
serve({function.__name__: function for function in operations} | {"time": take_time}, Unsupported)
