"""Ports: a folder with a port.toml that says how to build it and how to run it. Nothing here knows a language."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import OptionError, UsageError, first_problem
from .installed import working_copy
from .once import Once
from .programs import environment, expand, find_program

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
Command = Annotated[list[str], Field(min_length=1)]

PACKAGE = Path(__file__).resolve().parents[1]
CHECKOUT_PORTS = PACKAGE.parents[1] / "ports"
THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "RAYON_NUM_THREADS",
)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RunnerSpec(_Table):
    """One way to run the port: a command that speaks the protocol."""

    name: Name
    command: Command
    requires: list[str] = []


class CommandSpec(_Table):
    """A command of the port's own: its setup or its tests."""

    command: Command


class BuildSpec(CommandSpec):
    """The command that builds the port: at each start or, where it names inputs, when one of them changed."""

    inputs: list[str] = []
    outputs: list[str] = []


class Manifest(_Table):
    """port.toml. docs/ports.md describes every key."""

    name: Name
    language: str
    hint: str
    blas_hint: str = ""
    setup: CommandSpec | None = None
    build: BuildSpec | None = None
    test: CommandSpec | None = None
    env: dict[str, str] = {}
    runner: Annotated[list[RunnerSpec], Field(min_length=1)]


@dataclass(frozen=True)
class Port:
    """A port on disk, as it was read. It is built once: by the first of its runners that starts, or before that."""

    folder: Path
    manifest: Manifest
    once: Once = field(default_factory=Once, compare=False, repr=False)

    @property
    def runners(self) -> list[Runner]:
        """Its runners, the preferred one first."""
        return [Runner(self, spec) for spec in self.manifest.runner]


@dataclass(frozen=True)
class Runner:
    """A port and one way to run it. ``option`` is what ``--port`` calls it, where that is not its label."""

    port: Port
    spec: RunnerSpec
    option: str = ""

    @property
    def label(self) -> str:
        """ "julia:native", or just "rust" where the port has one runner."""
        name = self.port.manifest.name
        return name if len(self.port.manifest.runner) == 1 else f"{name}:{self.spec.name}"

    @property
    def command(self) -> list[str]:
        """The command, with {python} filled in."""
        return expand(self.spec.command)

    @property
    def lacking(self) -> list[str]:
        """The programs that it requires and that are neither beside this Python nor on PATH."""
        return [program for program in self.spec.requires if find_program(program) is None]

    def asks(self, cases: Sequence[str], seed: int) -> list[str]:
        """The arguments of `gradparity check` for this runner and these cases, in this order."""
        named = [word for case in cases for word in ("--case", case)]
        return ["--port", self.option or self.label, *named, "--seeds", str(seed)]

    def environment(self, threads: int) -> dict[str, str]:
        """The process environment: ours, one thread count for every known library, then the port's own [env]."""
        own = {key: value.replace("{threads}", str(threads)) for key, value in self.port.manifest.env.items()}
        return {**environment(), **dict.fromkeys(THREAD_VARIABLES, str(threads)), "LC_ALL": "C.UTF-8", **own}


def read_port(folder: Path) -> Port:
    """The port in this folder. Raises UsageError with the file, the field and what is wrong with it."""
    path = folder / "port.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest.model_validate(table)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; a port is a folder with a port.toml") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    except ValidationError as error:
        raise UsageError(f"{path}: {first_problem(error)}") from None
    names = [runner.name for runner in manifest.runner]
    if len(set(names)) < len(names):
        raise UsageError(f"{path}: expected each runner to have a name of its own, came {', '.join(names)}")
    return Port(folder.resolve(), manifest)


def ports_folder() -> Path:
    """Where the ports that come with gradparity are: in a checkout, or in the installed package."""
    return CHECKOUT_PORTS if CHECKOUT_PORTS.is_dir() else PACKAGE / "_ports"


def peers_folder() -> Path:
    """Where the peers are, frameworks to be timed beside the ports: in a checkout, or in an installed package."""
    checkout = PACKAGE.parents[1] / "benchmarks" / "peers"
    return checkout if checkout.is_dir() else PACKAGE / "_peers"


def peers() -> list[Runner]:
    """The peers' runners, by name."""
    return [runner for port in _ports_in(peers_folder()) for runner in port.runners]


def known_ports() -> list[Port]:
    """The ports that come with gradparity, by name, only to be read."""
    return _ports_in(ports_folder())


def own_ports() -> list[Port]:
    """The same ports in folders that they can be built and run in. Raises UsageError, of an installed package alone."""
    folder = ports_folder()
    return _ports_in(folder if folder == CHECKOUT_PORTS else working_copy(folder))


def _ports_in(folder: Path) -> list[Port]:
    return [read_port(path.parent) for path in sorted(folder.glob("*/port.toml"))]


def select_runners(wanted: tuple[str, ...]) -> list[Runner]:
    """The runners that ``--port`` values name: a port, a folder with a port.toml, or either with ":" and one runner.

    None: all. Raises UsageError for a name that is not there, with those that are, and for two ports of one name, which
    no table could tell apart.
    """
    if not wanted:
        return [runner for port in own_ports() for runner in port.runners]
    chosen: dict[str, Runner] = {}
    ports: dict[str, Port] = {}
    for text in wanted:
        for runner in _runners_of(text):
            name, folder = runner.port.manifest.name, runner.port.folder
            port = ports.setdefault(name, runner.port)
            if port.folder != folder:
                told = f"{port.folder} and {folder} are two ports of one name, {name}"
                raise OptionError("--port", text, f"{told}: give one of them another, in its port.toml")
            chosen[runner.label] = replace(runner, port=port)
    return list(chosen.values())


def by_name(runners: list[Runner], wanted: tuple[str, ...]) -> list[str]:
    """The runners that ``--port`` values name one by one: for these another runner of the port is no substitute."""
    return [runner.label for runner in runners if runner.label in wanted or runner.option in wanted]


def _runners_of(text: str) -> list[Runner]:
    """Raises UsageError where there is no such port, or it has no such runner."""
    name, colon, kind = text.rpartition(":")
    if not colon or Path(text).exists():
        name, kind = text, ""
    there = _all_runners(name)
    found = [runner for runner in there if kind in ("", runner.spec.name)]
    if not found:
        has = ", ".join(runner.spec.name for runner in there)
        raise OptionError("--port", text, f"{name} has no such runner, it has {has}")
    return found


def _all_runners(name: str) -> list[Runner]:
    """Of the port in a folder, or of one of ours: a name alone is ours, unless here is a folder with a port of it."""
    if Path(name).name == "port.toml":
        name = os.path.dirname(name) or "."
    folder, own = Path(name), {port.manifest.name: port for port in known_ports()}
    if os.sep in name or (folder / "port.toml").is_file() or (folder.exists() and name not in own):
        if folder.is_file():
            raise OptionError("--port", name, f"expected a port's folder, came a file; its folder is {folder.parent}")
        port = read_port(folder)
        return [Runner(port, spec, f"{name}:{spec.name}") for spec in port.manifest.runner]
    if name not in own:
        known = [text for port in own.values() for text in (port.manifest.name, *(r.label for r in port.runners))]
        here = f"or give a port's folder (in {Path.cwd()} is none of this name)"
        raise OptionError("--port", name, f"no such port; there are {', '.join(dict.fromkeys(known))}, {here}")
    return next(port.runners for port in own_ports() if port.manifest.name == name)
