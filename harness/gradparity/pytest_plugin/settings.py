"""What pytest's options and settings ask for: runners, cases and seeds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..cases import CaseSpec
from ..errors import OptionError, UsageError
from ..ports.manifest import Runner, by_name, select_runners
from ..seeds import parse_seeds
from ..suite import DTYPES, kept, select_cases
from . import Selection


@dataclass(frozen=True)
class Settings:
    """``required`` are the runners that were named one by one; ``specs`` are by what ``--case`` calls them."""

    runners: list[Runner]
    required: list[str]
    specs: dict[str, CaseSpec]
    seeds: list[int]


def read_settings(config: pytest.Config, asked: Selection) -> Settings:
    """Raises UsageError that names the option or setting."""
    folder = config.inipath.parent if config.inipath else config.rootpath
    ports = tuple(asked.given or [_from(folder, text) for text in asked.set])
    with _called("--gradparity-port" if asked.given else "gradparity_ports"):
        runners = select_runners(ports) if ports else []
    texts = tuple(str(folder / text) if text.endswith(".toml") else text for text in _ini(config, "cases"))
    with _called("gradparity_cases"):
        specs = select_cases(texts)
    dtypes = _ini(config, "dtypes")
    if unknown := [dtype for dtype in dtypes if dtype not in DTYPES]:
        raise UsageError(f"gradparity_dtypes: expected some of {', '.join(DTYPES)}, came {unknown[0]}")
    specs = kept(specs, dtypes, mnist=bool(texts))
    if not specs:
        raise UsageError(f"gradparity_dtypes: none of the cases is of {', '.join(dtypes)}")
    try:
        seeds = parse_seeds(str(config.getini("gradparity_seeds")))
    except ValueError as error:
        raise UsageError(f"gradparity_seeds: {error}") from None
    return Settings(runners, by_name(runners, ports), specs, seeds)


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
