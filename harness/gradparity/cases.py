"""Cases: a network, its parameters and a batch, drawn once from a seed and sent to every port as the same bytes."""

from __future__ import annotations

import math
import re
import tomllib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from gradparity_reference import LAYERS as REFERENCES
from gradparity_reference import LayerSpec, MaxPooling, Network, Relu
from gradparity_reference.layers.windows import im2col
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from .data import find_mnist, load_digits, load_mnist
from .errors import UsageError, first_problem
from .functions.layers import LAYERS, known_activation
from .functions.network import placed
from .functions.notation import Described, described

Array = NDArray[Any]
Dtype = Literal["float64", "float32"]
Activation = Annotated[str, AfterValidator(known_activation)]
Quirk = Literal["zero-rows", "exact-zeros", "saturated", "denormals", "ties"]

DRAWS = 100  # to find parameters whose pre-activations are clear of relu's kink
MOST_DECISIONS = 20_000  # of kinks, that a draw could be clear of
CLEARANCE = 32.0  # in rounding errors of the layer
IMAGE_SIZES = {"digits": 64, "mnist": 784}
NAME = re.compile(
    r"(?P<data>[a-z]+)-((?P<sizes>\d+(-\d+)+)-(?P<activation>[a-z]+)|(?P<network>\d[\dx]*-[a-z][\w.-]*?))"
    r"-n(?P<batch>\d+)-(?P<dtype>float\d+)(-(?P<labels>integer))?(-fortran)?(-eps(?P<epsilon>[\d.e+-]+?))?"
    r"(-decay(?P<weight_decay>[\d.e+-]+?))?(-x(?P<scale>[\d.e+-]+?))?"
    r"(-(?P<quirk>zero-rows|exact-zeros|saturated|denormals|ties))?(-(?P<numerical>numerical))?"
)


class CaseSpec(BaseModel):
    """What a case is made of. In a case file (TOML) these are the keys; `sizes` or `network` alone is required.

    ``sizes`` are those of affine layers with ``activation`` between each two; ``network`` writes any other down, as
    `functions.notation` has it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Literal["random", "digits", "mnist"] = "random"
    sizes: tuple[int, ...] = Field(default=(), max_length=65)
    network: str = ""
    activation: Activation = "relu"
    batch: int = Field(default=7, ge=1, le=10_000)
    dtype: Dtype = "float64"
    labels: Literal["onehot", "integer"] = "onehot"
    order: Literal["C", "F"] = "C"
    epsilon: float = Field(default=0.0, ge=0.0, lt=1.0)
    weight_decay: float = Field(default=0.0, ge=0.0, lt=1e6)
    scale: float = Field(default=1.0, gt=0.0, le=1e6)
    quirk: Quirk | None = None
    numerical: bool = False

    @model_validator(mode="after")
    def _sizes_fit(self) -> CaseSpec:
        if bool(self.sizes) == bool(self.network):
            raise ValueError("expected sizes, of affine layers, or a network, of any layers: one of them")
        if not self.network and len(self.sizes) < 2:
            raise ValueError("expected at least two sizes: the inputs and the classes")
        if not all(1 <= size <= 100_000 for size in self.sizes):
            raise ValueError("expected every size to be from 1 to 100000")
        network = self.described
        if self.network and self.quirk in ("exact-zeros", "saturated"):
            raise ValueError(f"expected sizes, and no network, where the quirk is {self.quirk}")
        inputs = IMAGE_SIZES.get(self.data)
        if inputs and (math.prod(network.input) != inputs or network.classes != 10):
            raise ValueError(f"expected {self.data} to have {inputs} inputs and 10 classes")
        return self

    @property
    def described(self) -> Described:
        """The network: its layers, and the shapes of what they hold."""
        if self.network:
            return described(self.network)
        inputs, *others = self.sizes
        return described(f"{inputs}-" + f"-{self.activation}-".join(f"affine{size}" for size in others))

    @property
    def kinds(self) -> tuple[LayerSpec, ...]:
        """The network's layers, in order, and the loss."""
        return self.described.layers

    @property
    def is_dense(self) -> bool:
        """Whether it is affine layers with one activation, softmax with cross-entropy, and nothing else."""
        return bool(self.sizes) and not self.weight_decay

    @property
    def beside_the_trace(self) -> list[tuple[str, str]]:
        """Operations and arrays of theirs that are in no trace: of the test phase, and with weight decay."""
        layers = placed(self.kinds)
        found = [("predict", "out")] if any(layer.layer.phased for layer in layers) else []
        if self.weight_decay:
            weights = [layer.params[name] for layer in layers for name in REFERENCES[layer.layer.kind].weights]
            found += [("gradient", "loss"), *(("gradient", f"d{name}") for name in weights)]
        return found

    @property
    def classes(self) -> int:
        """How many outputs the network has."""
        return self.described.classes

    @property
    def architecture(self) -> str:
        """The network in a word: "784-50-10-relu", or as it is written down."""
        return self.network or "-".join([*map(str, self.sizes), self.activation])

    @property
    def name(self) -> str:
        """All of the above in one word, unique: "mnist-784-50-10-relu-n100-float64"."""
        words = [self.data, self.architecture, f"n{self.batch}", self.dtype]
        words += ["integer"] * (self.labels == "integer") + ["fortran"] * (self.order == "F")
        words += [f"eps{self.epsilon:g}"] * bool(self.epsilon) + [f"decay{self.weight_decay:g}"] * bool(
            self.weight_decay
        )
        words += [f"x{self.scale:g}"] * (self.scale != 1)
        words += [self.quirk] if self.quirk else []
        words += ["numerical"] * self.numerical
        return "-".join(words)

    @staticmethod
    def named(name: str) -> CaseSpec | None:
        """The case of this name, in the suite or not; None where it is the name of none."""
        found = NAME.fullmatch(name)
        if not found:
            return None
        keys: dict[str, Any] = {key: text for key, text in found.groupdict().items() if text}
        keys |= {"sizes": keys["sizes"].split("-")} if "sizes" in keys else {}
        keys |= {"numerical": "numerical" in keys}
        keys |= {"order": "F"} if "-fortran" in name else {}
        try:
            spec = CaseSpec.model_validate(keys)
        except ValidationError:
            return None
        return spec if spec.name == name else None


@dataclass(frozen=True)
class Case:
    """A drawn case. Every array is read-only and of the case's dtype, but int32 labels and uint8 masks.

    ``held`` is what the layers hold, in the order of the layers: W1, b1, gamma2, ..., running_mean2, mask2.
    """

    spec: CaseSpec
    seed: int
    x: Array
    t: Array
    held: dict[str, Array]

    @property
    def params(self) -> dict[str, Array]:
        """What is learnt of it: W1, b1, W2, ..."""
        learnt = [name for layer in placed(self.spec.kinds) for name in layer.params.values()]
        return {name: self.held[name] for name in learnt}

    @property
    def arrays(self) -> dict[str, Array]:
        """What `load` sends, in its order: x, t, W1, b1, W2, ..."""
        return {"x": self.x, "t": self.t, **self.held}

    @property
    def fields(self) -> dict[str, str]:
        """The fields of `load`."""
        spec = self.spec
        if spec.is_dense:
            network = {"sizes": ",".join(map(str, spec.sizes)), "activation": spec.activation}
            return {**network, "dtype": spec.dtype, "epsilon": repr(spec.epsilon)}
        numbers = {f"{one.name}.{key}": repr(value) for one in placed(spec.kinds) for key, value in one.numbers.items()}
        return {
            "layers": ",".join(layer.kind for layer in spec.kinds),
            "dtype": spec.dtype,
            "epsilon": repr(spec.epsilon),
            "weight_decay": repr(spec.weight_decay),
            **numbers,
        }

    @property
    def labels(self) -> Array:
        """The labels as integers, (batch,)."""
        return self.t if self.t.ndim == 1 else self.t.argmax(axis=1)

    def network(self, dtype: Any = None, epsilon: float | None = None) -> Network:
        """The reference's network with copies of what is held, in the case's dtype or in another."""
        dtype = dtype or self.spec.dtype
        epsilon = self.spec.epsilon if epsilon is None else epsilon
        # A copy in the same memory order, as BLAS rounds the two orders differently.
        held = {
            name: a.astype(dtype, order="K") if a.dtype.kind == "f" else a.copy(order="K")
            for name, a in self.held.items()
        }
        return Network(self.spec.kinds, held, epsilon, weight_decay=self.spec.weight_decay)


def draw(spec: CaseSpec, seed: int, data_dir: Path | None = None, attempts: int = DRAWS) -> Case:
    """The case of this seed: Philox, a counter-based generator, so the same everywhere.

    Where a pre-activation lies so close to relu's kink that rounding decides the mask, the next draw of the
    seed is taken; ``attempts=1`` where nothing is compared. Raises UsageError for a bad data folder, DataMissing
    where MNIST cannot be had.
    """
    key = zlib.crc32(spec.model_copy(update={"dtype": "float64"}).name.encode())
    for attempt in range(attempts):
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, key, attempt])))
        case = _draw_once(spec, seed, rng, data_dir)
        if attempt == attempts - 1 or _kinks_are_clear(case):
            break
    return case


def following(case: Case) -> Case:
    """Another case of the same sizes, with other weights, and the batch's rows and its labels in other orders.

    What a port keeps from one case to the next shows when this one comes after it. The labels go another way than the
    rows, or else the old weights would give the old loss and the old gradient: both are sums over the batch.
    """
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([case.seed, len(case.x), 1])))

    turned, back = np.roll(np.arange(len(case.x)), 1), np.roll(np.arange(len(case.x)), -1)
    held = {name: _frozen(a, case.spec) for name, a in draw_held(case.spec, len(case.x), rng, gain=1.0).items()}
    x, t = _frozen(case.x[turned], case.spec), _frozen(case.t[back], case.spec)
    return Case(case.spec, case.seed, x, t, held)


def _frozen(a: Array, spec: CaseSpec) -> Array:
    """A read-only copy in the case's memory order, and, but for labels and masks, its dtype."""
    a = np.array(a, spec.dtype if a.dtype.kind == "f" else a.dtype, order=spec.order)
    a.flags.writeable = False
    return a


def _draw_once(spec: CaseSpec, seed: int, rng: np.random.Generator, data_dir: Path | None) -> Case:
    x, labels = _draw_batch(spec, rng, data_dir)
    gain = next((LAYERS[layer.kind].gain for layer in spec.kinds if LAYERS[layer.kind].activation), 1.0)
    held = draw_held(spec, len(x), rng, LAYERS[spec.activation].gain if spec.sizes else gain, spec.scale)
    _apply_quirk(spec, x, held)
    t = labels.astype(np.int32) if spec.labels == "integer" else np.eye(spec.classes)[labels]

    frozen = {name: _frozen(p, spec) for name, p in held.items()}
    return Case(spec, seed, _frozen(x, spec), _frozen(t, spec), frozen)


def draw_held(
    spec: CaseSpec, batch: int, rng: np.random.Generator, gain: float, scale: float = 1.0
) -> dict[str, Array]:
    """What the network's layers hold, in the order of the layers.

    Weights are normal, of the variance ``gain`` over the terms of a sum, times ``scale``; biases 0.1 x normal; all else
    as its layer says.
    """
    network, found = spec.described, {}
    for layer in placed(spec.kinds):
        for name, held in layer.arrays.items():
            masked = held in network.masks
            shape = (batch, *network.masks[held]) if masked else network.arrays[held]
            if name in layer.layer.draws:
                found[held] = layer.layer.draws[name](rng, shape, layer.numbers)
            elif name in REFERENCES[layer.layer.kind].weights:
                found[held] = rng.normal(size=shape) * scale * np.sqrt(gain / terms_of(shape))
            else:
                found[held] = rng.normal(size=shape) * 0.1
    return found


def terms_of(weights: tuple[int, ...]) -> int:
    """How many terms a sum has in an affine layer, or a convolution, with weights of this shape."""
    return weights[0] if len(weights) == 2 else math.prod(weights[1:])


def _draw_batch(spec: CaseSpec, rng: np.random.Generator, data_dir: Path | None) -> tuple[Array, Array]:
    if spec.data == "random":
        return rng.normal(size=(spec.batch, *spec.described.input)), rng.integers(spec.classes, size=spec.batch)
    images, labels = load_digits() if spec.data == "digits" else load_mnist("test", find_mnist(data_dir))
    rows = rng.choice(len(images), spec.batch, replace=spec.batch > len(images))
    return images[rows].reshape(len(rows), *spec.described.input), labels[rows]


def _apply_quirk(spec: CaseSpec, x: Array, params: dict[str, Array]) -> None:
    single = spec.dtype == "float32"
    if spec.quirk in ("zero-rows", "exact-zeros"):
        x[::2] = 0.0
    if spec.quirk == "exact-zeros":  # whole columns and rows of pre-activations that are 0 in any order of summation
        params["b1"][:] = 0.0
        params["W1"][:, ::3] = 0.0
    if spec.quirk == "saturated":  # logits so large that most probabilities underflow to 0
        params[f"W{len(spec.sizes) - 1}"] *= 60.0 if single else 500.0
    if spec.quirk == "ties":  # few numbers, so that the largest of a window is often there twice
        x[...] = np.round(x)
    if spec.quirk == "denormals":
        x[:, ::4] *= 1e-40 if single else 1e-310


def _kinks_are_clear(case: Case) -> bool:
    """Whether what decides at a kink is either exactly on it or many rounding errors away: relu's 0, a window's tie."""
    if not any(LAYERS[layer.kind].kink for layer in case.spec.kinds):
        return True
    single = _decisions(case, np.float32)
    if sum(gaps.size for _, gaps in single) > MOST_DECISIONS:
        return True  # some are always close: the envelope sees them going both ways
    double = _decisions(case, np.float64)
    shrink = np.finfo(case.spec.dtype).eps / np.finfo(np.float32).eps
    for (z32, _), (z64, gaps) in zip(single, double, strict=True):
        error = np.sqrt(np.mean((z32 - z64) ** 2)) * shrink
        if np.any((gaps != 0) & (abs(gaps) < CLEARANCE * error)):
            return False
    return True


def _decisions(case: Case, dtype: Any) -> list[tuple[Array, Array]]:
    """What each layer with a kink is given, and how far each of its decisions is from going the other way."""
    network = case.network(dtype)
    trace = network.trace(case.x.astype(dtype), case.t)
    given = [case.x.astype(dtype), *(trace[f"{name}.out"] for name in network.layers)]
    return [
        (x, x if isinstance(layer, Relu) else _leads(layer, x))
        for layer, x in zip(network.layers.values(), given, strict=False)
        if isinstance(layer, Relu | MaxPooling)
    ]


def _leads(layer: MaxPooling, x: Array) -> Array:
    """By how much the largest element of each window is above the next."""
    windows = im2col(x, (layer.height, layer.width), layer.stride, layer.pad)
    ordered = np.sort(windows.reshape(*windows.shape[:4], -1), axis=-1)
    leads: Array = ordered[..., -1] - ordered[..., -2] if ordered.shape[-1] > 1 else ordered[..., -1]
    return leads


def read_case_file(path: Path) -> CaseSpec:
    """The case in a TOML file. Raises UsageError with the file, the key and what is wrong with it."""
    try:
        return CaseSpec.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    except ValidationError as error:
        raise UsageError(f"{path}: {first_problem(error)}") from None
