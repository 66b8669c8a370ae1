"""`gradparity new`: a port to fill in, made from the template of its language.

A template is a folder of templates/, for the network, or of function_templates/, for functions of the user's own: a
template.toml, and the port's files as they are, but for its name; those that end in .j2 are filled in with the
functions. Nothing here knows a language.
"""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ..errors import UsageError
from ..functions.signature import Signature
from .manifest import Port, known_ports, ports_folder, read_port

TEMPLATES = Path(__file__).parent / "templates"
FUNCTION_TEMPLATES = Path(__file__).parent / "function_templates"
ABOUT = "template.toml"
PLACEHOLDER = "PORT_NAME"
FILLED_IN = ".j2"
NAME = re.compile(r"[a-z][a-z0-9_-]*")


class About(BaseModel):
    """template.toml: the language, the file to fill in, and files that it shares, by where they go in the new port.

    ``copies`` are of our own ports, ``shares`` of the templates for the network.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str
    open: str
    copies: Mapping[str, str] = {}
    shares: Mapping[str, str] = {}


@dataclass(frozen=True)
class Functions:
    """What a port for functions is made for: the name of the reference's file, and what is in it."""

    reference: str
    signatures: Sequence[Signature]


NONE = Functions("", ())


@dataclass(frozen=True)
class Template:
    """A template on disk."""

    folder: Path
    about: About

    def files(self, name: str, functions: Functions = NONE) -> dict[str, str]:
        """The text of each file of the port, by its path in the port's folder."""
        own = {str(path.relative_to(self.folder)): path for path in sorted(self.folder.rglob("*")) if path.is_file()}
        copied = {path: ports_folder() / source for path, source in self.about.copies.items()}
        shared = {path: TEMPLATES / source for path, source in self.about.shares.items()}
        sources = {path: source for path, source in (own | copied | shared).items() if path != ABOUT}
        texts = {path: source.read_text(encoding="utf-8") for path, source in sources.items()}
        return {
            path.removesuffix(FILLED_IN): _filled_in(text, functions) if path.endswith(FILLED_IN) else text
            for path, text in ((path, text.replace(PLACEHOLDER, name)) for path, text in texts.items())
        }


def _filled_in(text: str, functions: Functions) -> str:
    from jinja2 import Environment, StrictUndefined  # of all commands, `new` alone needs it here

    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    return environment.from_string(text).render(reference=functions.reference, functions=functions.signatures)


def templates(root: Path = TEMPLATES) -> dict[str, Template]:
    """The templates by what ``--language`` calls them."""
    found = {}
    for path in sorted(root.glob(f"*/{ABOUT}")):
        about = About.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        found[path.parent.name] = Template(path.parent, about)
    return found


def find_template(language: str, root: Path = TEMPLATES) -> Template:
    """The template of this name, or of the language that calls itself so ("C++"). Raises UsageError."""
    found = templates(root)
    names = found | {template.about.language.lower(): template for template in found.values()}
    if language.lower() not in names:
        raise UsageError(
            f"--language {language}: no such template; there are {', '.join(found)}. For another language, "
            "docs/protocol.md opens with a complete session"
        )
    return names[language.lower()]


def make_port(template: Template, folder: Path, name: str | None = None, functions: Functions = NONE) -> Port:
    """The port, in a folder that is empty or not there yet; its name is the folder's where none is given.

    Raises UsageError; then nothing is left behind.
    """
    if name is None:
        name = folder.resolve().name.lower()
        if not NAME.fullmatch(name):
            raise UsageError(
                f"{folder}: the folder's name is no port's name; add one in lower case: --name {_usable(name)}"
            )
    if not NAME.fullmatch(name):
        raise UsageError(f"--name: expected a lower-case word such as my-net, came {name!r}")
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder}: expected an empty folder, or none yet; nothing was written")
        texts = template.files(name, functions)
        _write(folder, texts)
    except OSError as error:
        raise UsageError(f"{folder}: cannot make the port there: {error.strerror or error}") from None
    return read_port(folder)


def _usable(name: str) -> str:
    """The name that is nearest to it, my-net where nothing is left."""
    return re.sub(r"[^a-z0-9_]+", "-", name).lstrip("-_0123456789").rstrip("-_") or "my-net"


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    """All of the files, or none."""
    was_there = folder.exists()
    try:
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        if was_there:
            folder.mkdir()
        raise


def next_steps(template: Template, port: Port, folder: Path, functions: Functions = NONE) -> str:
    """What to do next, in a few lines."""
    opened = shlex.quote(str(folder / template.about.open))
    given = str(folder)
    if any(given == own.manifest.name for own in known_ports()):
        given = (
            f"./{given}"  # the name alone is taken for the folder here, and elsewhere for the port that comes with us
        )
    lacking = port.runners[0].lacking
    lines = [
        f"{folder}: a port in {template.about.language}, named {port.manifest.name}, that can do nothing yet.",
        f"  1. Open {opened}: what is left to you is marked YOURS.",
    ]
    if functions.signatures:
        check = f"gradparity check --reference {shlex.quote(functions.reference)} --port {shlex.quote(given)}"
        lines += [f"  2. {check}", "  docs/your-function.md goes through it step by step."]
    else:
        lines += [
            f"  2. gradparity check --port {shlex.quote(given)} --case 'random-9-6-4-*-n7-float64'",
            "  3. The same without --case: the whole suite. docs/add-a-port.md goes through it step by step.",
        ]
    lines += [f"  {', '.join(lacking)} is not on PATH: {port.manifest.hint}"] if lacking else []
    return "\n".join(lines)
