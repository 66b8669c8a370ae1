"""The default suite: batch, inputs, hidden sizes and classes differ pairwise in every case.

Square cases hide transposes, and a matrix product written for an element-wise one; here neither has anywhere to hide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from .cases import CaseSpec, Dtype, read_case_file
from .data import find_mnist, load_mnist
from .errors import DataMissing, OptionError
from .functions.layers import ACTIVATIONS

DEPTHS = {
    2: (9, 6, 4),
    3: (11, 8, 5, 3),
    4: (12, 10, 9, 6, 4),
    5: (14, 12, 11, 9, 8, 5),
    6: (16, 15, 13, 12, 10, 8, 6),
    7: (19, 17, 16, 14, 13, 11, 9, 5),
    8: (23, 21, 19, 18, 16, 14, 13, 11, 8),
}
ANY_LAYERS = (
    "2x9x8-convolution4k3p1-relu-max_pooling2-convolution5k2s2-relu-affine6-relu-affine3",
    "3x8x10-convolution5k3x2s2p1-sigmoid-max_pooling3x2s1p1-affine6-tanh-dropout0.3-affine4",
    "1x11x10-convolution2k4-relu-convolution3k2p1-relu-max_pooling3s2-affine9-batch_norm-relu-affine5",
    "12-affine9-batch_norm-relu-dropout-affine8-batch_norm-sigmoid-dropout0.3-affine5",
    "11-affine8-tanh-affine4-squared_error",
)
SMALL = ("1x4x5-convolution2k2-relu-max_pooling2s1-affine3", "6-affine4-batch_norm-relu-dropout-affine3-squared_error")
# A port may be right at small sizes only. Beyond 1,000 inputs, 256 units and the classes that 8 bits hold:
# a batch of several blocks of 64 and some rows more, no multiple of 8.
LARGE = {(1100, 6, 4): 5, (7, 257, 4): 5, (13, 9, 300): 40, (11, 8, 5): 300}
EVERYWHERE = ("relu", "sigmoid")
DTYPES: tuple[Dtype, ...] = ("float64", "float32")


def _both_dtypes(**keys: object) -> Iterable[CaseSpec]:
    return [CaseSpec.model_validate({**keys, "dtype": dtype}) for dtype in DTYPES]


def default_suite() -> list[CaseSpec]:
    """Depths two to eight with relu and sigmoid, edge cases, digits and MNIST, each in float64 and float32.

    Any other activation has a few cases: what is around it has been seen with those two.
    """
    specs: list[CaseSpec] = []
    for sizes in DEPTHS.values():
        for activation in EVERYWHERE:
            specs += _both_dtypes(sizes=sizes, activation=activation)
    for activation in EVERYWHERE:
        # A sigmoid's slope is at most 1/4: larger weights keep the early layers' gradients above the loss's rounding.
        scale = 3 if activation == "sigmoid" else 1
        keys = {"activation": activation, "numerical": True, "scale": scale}
        specs += _both_dtypes(sizes=(5, 4, 3), batch=2, **keys)
        specs += _both_dtypes(sizes=(6, 5, 4, 3), batch=7, labels="integer", **keys)
    for activation in (kind for kind in ACTIVATIONS if kind not in EVERYWHERE):
        specs += _both_dtypes(sizes=DEPTHS[4], activation=activation)
        specs += _both_dtypes(sizes=(6, 5, 4, 3), batch=7, labels="integer", activation=activation, numerical=True)
    specs += _both_dtypes(sizes=(6, 5, 3), batch=1)
    specs += _both_dtypes(sizes=(6, 5, 1), batch=4)
    specs += _both_dtypes(sizes=(9, 6, 4), order="F", labels="integer")
    specs += _both_dtypes(sizes=(9, 6, 4), epsilon=1e-7)
    specs += _both_dtypes(sizes=(9, 6, 4), scale=30)
    specs += _both_dtypes(sizes=(40, 30, 20), batch=50, scale=0.01)
    for network in ANY_LAYERS:
        specs += _both_dtypes(network=network)
    for network in SMALL:
        specs += _both_dtypes(network=network, batch=8, labels="integer", weight_decay=0.1, numerical=True)
    specs += _both_dtypes(network=ANY_LAYERS[0], order="F", labels="integer", weight_decay=0.01)
    specs += _both_dtypes(network=ANY_LAYERS[-1], quirk="zero-rows")
    specs += _both_dtypes(network="2x8x9-max_pooling3x2s2p1-convolution3k2-relu-affine4", quirk="ties")
    for quirk in ("zero-rows", "exact-zeros", "saturated", "denormals", "negative-logits"):
        specs += _both_dtypes(sizes=(9, 6, 4), quirk=quirk)
    for quirk in ("tied-logits", "nan-logits"):
        specs += _both_dtypes(sizes=(9, 6, 5), quirk=quirk)
    specs += _both_dtypes(sizes=(13, 9, 4), activation="sigmoid", batch=67, quirk="steep")
    for sizes, batch in LARGE.items():
        specs += _both_dtypes(sizes=sizes, batch=batch, labels="integer")
    for activation in EVERYWHERE:
        specs += _both_dtypes(data="digits", sizes=(64, 30, 10), batch=25, activation=activation)
        specs += _both_dtypes(data="digits", sizes=(64, 40, 20, 10), batch=50, activation=activation, labels="integer")
        specs += _both_dtypes(data="mnist", sizes=(784, 50, 10), batch=100, activation=activation)
    specs += _both_dtypes(
        data="digits", network="1x8x8-convolution6k3-relu-max_pooling2-affine12-relu-affine10", batch=25
    )
    specs += _both_dtypes(data="mnist", network="1x28x28-simple_conv_net", batch=5)
    specs += _both_dtypes(data="mnist", sizes=(784, 100, 50, 10), batch=60, labels="integer", order="F")
    return specs


def select_cases(wanted: tuple[str, ...], dtypes: tuple[Dtype, ...] = ()) -> dict[str, CaseSpec]:
    """The cases that ``--case`` values name: a name, a pattern of the suite's names (*), or a case file (.toml).

    None: the whole suite. ``dtypes`` keeps cases of these dtypes only. Keys: the value that names this case alone.
    Raises UsageError for a name that matches nothing, or where nothing is left.
    """
    suite = default_suite()
    chosen: dict[str, CaseSpec] = {} if wanted else {spec.name: spec for spec in suite}
    for text in wanted:
        if text.endswith(".toml"):
            found = {text: read_case_file(Path(text))}
        else:
            found = {spec.name: spec for spec in suite if fnmatchcase(spec.name, text)}
            named = None if found else CaseSpec.named(text)
            found |= {text: named} if named else {}
        if not found:
            raise OptionError("--case", text, "no such case; `gradparity cases` lists them, and * matches anything")
        chosen.update(found)
    found = kept(chosen, dtypes)
    if not found:
        raise OptionError("--dtype", ", ".join(dtypes), "none of the chosen cases has it")
    return found


def kept(specs: Mapping[str, CaseSpec], dtypes: Collection[str], mnist: bool = True) -> dict[str, CaseSpec]:
    """Those of these dtypes, of any where none is named; without ``mnist``, those on other data."""
    return {
        option: spec
        for option, spec in specs.items()
        if (not dtypes or spec.dtype in dtypes) and (mnist or spec.data != "mnist")
    }


def with_data(specs: dict[str, CaseSpec], data_dir: Path | None, asked: bool) -> tuple[dict[str, CaseSpec], list[str]]:
    """The cases whose data is here; the rest, with the reason, is left out.

    Raises DataMissing where the rest was asked for, or there is nothing else.
    """
    if not any(spec.data == "mnist" for spec in specs.values()):
        return specs, []
    try:
        load_mnist("test", find_mnist(data_dir))
    except DataMissing as missing:
        rest = kept(specs, (), mnist=False)
        if asked or not rest:
            raise
        return rest, [f"{len(specs) - len(rest)} MNIST cases: {missing}"]
    return specs, []
