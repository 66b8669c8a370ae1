"""Cases: a network, its parameters and a batch, drawn once from a seed and sent to every port as the same bytes."""

from __future__ import annotations

import re
import tomllib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from gradparity_reference import Network, dense
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator

from .data import find_mnist, load_digits, load_mnist
from .errors import UsageError, first_problem
from .functions.layers import ACTIVATIONS, LAYERS, known_activation

Array = NDArray[Any]
Dtype = Literal["float64", "float32"]
Activation = Annotated[str, AfterValidator(known_activation), WithJsonSchema({"enum": list(ACTIVATIONS)})]
Quirk = Literal["zero-rows", "exact-zeros", "saturated", "denormals"]

DRAWS = 100  # to find parameters whose pre-activations are clear of relu's kink
CLEARANCE = 32.0  # in rounding errors of the layer
IMAGE_SIZES = {"digits": 64, "mnist": 784}
NAME = re.compile(
    r"(?P<data>[a-z]+)-(?P<sizes>\d+(-\d+)+)-(?P<activation>[a-z]+)-n(?P<batch>\d+)-(?P<dtype>float\d+)"
    r"(-(?P<labels>integer))?(-fortran)?(-eps(?P<epsilon>[\d.e+-]+?))?(-x(?P<scale>[\d.e+-]+?))?"
    r"(-(?P<quirk>zero-rows|exact-zeros|saturated|denormals))?(-(?P<numerical>numerical))?"
)


class CaseSpec(BaseModel):
    """What a case is made of. In a case file (TOML) these are the keys; `sizes` alone is required."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Literal["random", "digits", "mnist"] = "random"
    sizes: tuple[int, ...] = Field(min_length=2, max_length=65)
    activation: Activation = "relu"
    batch: int = Field(default=7, ge=1, le=10_000)
    dtype: Dtype = "float64"
    labels: Literal["onehot", "integer"] = "onehot"
    order: Literal["C", "F"] = "C"
    epsilon: float = Field(default=0.0, ge=0.0, lt=1.0)
    scale: float = Field(default=1.0, gt=0.0, le=1e6)
    quirk: Quirk | None = None
    numerical: bool = False

    @model_validator(mode="after")
    def _sizes_fit(self) -> CaseSpec:
        if not all(1 <= size <= 100_000 for size in self.sizes):
            raise ValueError("expected every size to be from 1 to 100000")
        inputs = IMAGE_SIZES.get(self.data)
        if inputs and (self.sizes[0] != inputs or self.sizes[-1] != 10):
            raise ValueError(f"expected {self.data} to have {inputs} inputs and 10 classes")
        return self

    @property
    def kinds(self) -> list[str]:
        """The network's layers, in order: affine ones with the activation between."""
        return dense(len(self.sizes) - 1, self.activation)

    @property
    def name(self) -> str:
        """All of the above in one word, unique: "mnist-784-50-10-relu-n100-float64"."""
        words = [self.data, *map(str, self.sizes), self.activation, f"n{self.batch}", self.dtype]
        words += ["integer"] * (self.labels == "integer") + ["fortran"] * (self.order == "F")
        words += [f"eps{self.epsilon:g}"] * bool(self.epsilon) + [f"x{self.scale:g}"] * (self.scale != 1)
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
        keys |= {"sizes": keys["sizes"].split("-"), "numerical": "numerical" in keys}
        keys |= {"order": "F"} if "-fortran" in name else {}
        try:
            spec = CaseSpec.model_validate(keys)
        except ValidationError:
            return None
        return spec if spec.name == name else None


@dataclass(frozen=True)
class Case:
    """A drawn case. Every array is read-only and of the case's dtype, but int32 labels."""

    spec: CaseSpec
    seed: int
    x: Array
    t: Array
    params: dict[str, Array]

    @property
    def arrays(self) -> dict[str, Array]:
        """What `load` sends, in its order: x, t, W1, b1, W2, ..."""
        return {"x": self.x, "t": self.t, **self.params}

    @property
    def fields(self) -> dict[str, str]:
        """The fields of `load`."""
        sizes = ",".join(map(str, self.spec.sizes))
        return {
            "sizes": sizes,
            "activation": self.spec.activation,
            "dtype": self.spec.dtype,
            "epsilon": repr(self.spec.epsilon),
        }

    @property
    def labels(self) -> Array:
        """The labels as integers, (batch,)."""
        return self.t if self.t.ndim == 1 else self.t.argmax(axis=1)

    def network(self, dtype: Any = None, epsilon: float | None = None) -> Network:
        """The reference's network with copies of these parameters, in the case's dtype or in another."""
        dtype = dtype or self.spec.dtype
        epsilon = self.spec.epsilon if epsilon is None else epsilon
        # A copy in the same memory order, as BLAS rounds the two orders differently.
        params = {name: p.astype(dtype, order="K") for name, p in self.params.items()}
        return Network(self.spec.kinds, params, epsilon)


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
    drawn = {
        name: rng.normal(size=p.shape) * (0.1 if p.ndim == 1 else 1 / np.sqrt(len(p)))
        for name, p in sorted(case.params.items(), key=lambda pair: -pair[1].ndim)  # first the matrices
    }
    params = {name: _frozen(drawn[name], case.spec) for name in case.params}
    x, t = _frozen(case.x[turned], case.spec), _frozen(case.t[back], case.spec)
    return Case(case.spec, case.seed, x, t, params)


def _frozen(a: Array, spec: CaseSpec) -> Array:
    """A read-only copy in the case's memory order, and, but for integer labels, its dtype."""
    a = np.array(a, a.dtype if a.dtype == np.int32 else spec.dtype, order=spec.order)
    a.flags.writeable = False
    return a


def _draw_once(spec: CaseSpec, seed: int, rng: np.random.Generator, data_dir: Path | None) -> Case:
    x, labels = _draw_batch(spec, rng, data_dir)
    gain = LAYERS[spec.activation].gain
    params: dict[str, Array] = {}
    for i, (inputs, outputs) in enumerate(zip(spec.sizes, spec.sizes[1:], strict=False), start=1):
        params[f"W{i}"] = rng.normal(size=(inputs, outputs)) * spec.scale * np.sqrt(gain / inputs)
        params[f"b{i}"] = rng.normal(size=outputs) * 0.1
    _apply_quirk(spec, x, params)
    t = labels.astype(np.int32) if spec.labels == "integer" else np.eye(spec.sizes[-1])[labels]

    frozen = {name: _frozen(p, spec) for name, p in params.items()}
    return Case(spec, seed, _frozen(x, spec), _frozen(t, spec), frozen)


def _draw_batch(spec: CaseSpec, rng: np.random.Generator, data_dir: Path | None) -> tuple[Array, Array]:
    if spec.data == "random":
        return rng.normal(size=(spec.batch, spec.sizes[0])), rng.integers(spec.sizes[-1], size=spec.batch)
    images, labels = load_digits() if spec.data == "digits" else load_mnist("test", find_mnist(data_dir))
    rows = rng.choice(len(images), spec.batch, replace=spec.batch > len(images))
    return images[rows], labels[rows]


def _apply_quirk(spec: CaseSpec, x: Array, params: dict[str, Array]) -> None:
    single = spec.dtype == "float32"
    if spec.quirk in ("zero-rows", "exact-zeros"):
        x[::2] = 0.0
    if spec.quirk == "exact-zeros":  # whole columns and rows of pre-activations that are 0 in any order of summation
        params["b1"][:] = 0.0
        params["W1"][:, ::3] = 0.0
    if spec.quirk == "saturated":  # logits so large that most probabilities underflow to 0
        params[f"W{len(spec.sizes) - 1}"] *= 60.0 if single else 500.0
    if spec.quirk == "denormals":
        x[:, ::4] *= 1e-40 if single else 1e-310


def _kinks_are_clear(case: Case) -> bool:
    """Whether every pre-activation is either exactly 0 or many rounding errors away from it."""
    if not LAYERS[case.spec.activation].kink:
        return True
    single, double = (_pre_activations(case, dtype) for dtype in (np.float32, np.float64))
    shrink = np.finfo(case.spec.dtype).eps / np.finfo(np.float32).eps
    for z32, z64 in zip(single, double, strict=True):
        error = np.sqrt(np.mean((z32 - z64) ** 2)) * shrink
        if np.any((z64 != 0) & (abs(z64) < CLEARANCE * error)):
            return False
    return True


def _pre_activations(case: Case, dtype: Any) -> list[Array]:
    trace = case.network(dtype).trace(case.x.astype(dtype), case.t)
    return [trace[f"affine{i}.out"] for i in range(1, len(case.spec.sizes) - 1)]


def read_case_file(path: Path) -> CaseSpec:
    """The case in a TOML file. Raises UsageError with the file, the key and what is wrong with it."""
    try:
        return CaseSpec.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    except ValidationError as error:
        raise UsageError(f"{path}: {first_problem(error)}") from None
