"""What pytest's options and settings ask for: runners, cases and seeds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..check.question import Spec
from ..errors import OptionError, UsageError
from ..functions.cases import select_function_cases
from ..functions.loading import read_reference
from ..ports.manifest import Runner, by_name, select_runners
from ..seeds import parse_seeds
from ..suite import DTYPES, default_suite, kept, select_cases
from . import Selection


@dataclass(frozen=True)
class Settings:
    """``required`` are the runners that were named one by one; ``specs`` are by what ``--case`` calls them.

    ``suite`` are the names of all default cases, chosen or not; ``reference`` is the file of the functions, if they
    are functions.
    """

    runners: list[Runner]
    required: list[str]
    specs: Mapping[str, Spec]
    seeds: list[int]
    suite: list[str]
    reference: Path | None
    strict: bool


def read_settings(config: pytest.Config, asked: Selection) -> Settings:
    """Raises UsageError that names the option or setting."""
    folder = config.inipath.parent if config.inipath else config.rootpath
    ports = tuple(asked.given or [_from(folder, text) for text in asked.set])
    with _called("--gradparity-port" if asked.given else "gradparity_ports"):
        runners = select_runners(ports) if ports else []
    dtypes = _ini(config, "dtypes")
    if unknown := [dtype for dtype in dtypes if dtype not in DTYPES]:
        raise UsageError(f"gradparity_dtypes: expected some of {', '.join(DTYPES)}, came {unknown[0]}")
    reference = _reference(config, folder)
    specs, suite = _of_functions(reference, config, dtypes) if reference else _of_network(config, folder, dtypes)
    try:
        seeds = parse_seeds(str(config.getini("gradparity_seeds")))
    except ValueError as error:
        raise UsageError(f"gradparity_seeds: {error}") from None
    strict = bool(config.option.gradparity_strict or config.getini("gradparity_strict"))
    return Settings(runners, by_name(runners, ports), specs, seeds, suite, reference, strict)


def _reference(config: pytest.Config, folder: Path) -> Path | None:
    if given := config.option.gradparity_reference:
        return Path(given)
    text = config.getini("gradparity_reference")
    return Path(os.path.relpath(folder / text)) if text else None


def _of_network(config: pytest.Config, folder: Path, dtypes: list[str]) -> tuple[Mapping[str, Spec], list[str]]:
    texts = tuple(str(folder / text) if text.endswith(".toml") else text for text in _ini(config, "cases"))
    with _called("gradparity_cases"):
        specs = select_cases(texts)
    specs = kept(specs, dtypes, mnist=bool(texts))
    if not specs:
        raise UsageError(f"gradparity_dtypes: none of the cases is of {', '.join(dtypes)}")
    return specs, [spec.name for spec in default_suite()]


def _of_functions(reference: Path, config: pytest.Config, dtypes: list[str]) -> tuple[Mapping[str, Spec], list[str]]:
    with _called("--gradparity-reference" if config.option.gradparity_reference else "gradparity_reference"):
        functions = read_reference(reference).functions
    for one in functions.values():
        one.signature()  # runs it once: what is broken in it is found here, and not in each of its cases
    with _called("gradparity_cases"):
        specs = select_function_cases(functions, tuple(_ini(config, "cases")))
    chosen = {name: spec for name, spec in specs.items() if not dtypes or spec.dtype in dtypes}
    if not chosen:
        raise UsageError(f"gradparity_dtypes: none of the cases is of {', '.join(dtypes)}")
    return chosen, list(select_function_cases(functions, ()))


def _ini(config: pytest.Config, name: str) -> list[str]:
    return list(config.getini(f"gradparity_{name}"))


def _from(folder: Path, text: str) -> str:
    """A port's folder, which the setting gives from its own file on, from here; the name of a port of ours as it is."""
    is_folder = os.sep in text or (folder / text).is_dir() or (folder / text.rpartition(":")[0] / "port.toml").is_file()
    return os.path.relpath(folder / text) if is_folder else text


@contextmanager
def _called(option: str) -> Iterator[None]:
    """In an error, the option as it is called here."""
    try:
        yield
    except OptionError as error:
        raise OptionError(option, error.value, error.what) from None
