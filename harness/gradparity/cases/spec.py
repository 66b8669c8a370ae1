"""What a case is made of, and its name."""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from gradparity_reference import LAYERS as REFERENCES
from gradparity_reference import LayerSpec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..errors import UsageError, first_problem
from ..functions.layers import known_activation
from ..functions.network import placed
from ..functions.notation import Described, described

Dtype = Literal["float64", "float32"]
Activation = Annotated[str, AfterValidator(known_activation)]
OfSizes = Literal["exact-zeros", "saturated", "steep", "negative-logits", "tied-logits", "nan-logits"]
Quirk = Literal["zero-rows", "denormals", "ties", OfSizes]

IMAGE_SIZES = {"digits": 64, "mnist": 784}
NAME = re.compile(
    r"(?P<data>[a-z]+)-((?P<sizes>\d+(-\d+)+)-(?P<activation>[a-z]+)|(?P<network>\d[\dx]*-[a-z][\w.-]*?))"
    r"-n(?P<batch>\d+)-(?P<dtype>float\d+)(-(?P<labels>integer))?(-fortran)?(-eps(?P<epsilon>[\d.e+-]+?))?"
    r"(-decay(?P<weight_decay>[\d.e+-]+?))?(-x(?P<scale>[\d.e+-]+?))?"
    rf"(-(?P<quirk>{'|'.join(get_args(Quirk))}))?(-(?P<numerical>numerical))?"
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
        if self.network and self.quirk in get_args(OfSizes):
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
    def without_gradient(self) -> bool:
        """Whether NaN is in it: the gradient is NaN wherever it comes, and 0 times NaN need not be formed."""
        return self.quirk == "nan-logits"

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


def read_case_file(path: Path) -> CaseSpec:
    """The case in a TOML file. Raises UsageError with the file, the key and what is wrong with it."""
    try:
        return CaseSpec.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    except ValidationError as error:
        raise UsageError(f"{path}: {first_problem(error)}") from None
