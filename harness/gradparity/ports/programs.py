"""Where a port's programs are looked for: beside this Python first, where `setup` installs what the machine lacks."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def search_path() -> str:
    """PATH with the folder of this Python's programs in front, whether its environment was activated or not."""
    beside = str(Path(sys.executable).parent)
    others = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder not in ("", beside)]
    return os.pathsep.join([beside, *others])


def environment() -> dict[str, str]:
    """This process's environment variables, with that PATH: what every command of a port runs in."""
    return {**os.environ, "PATH": search_path()}


def find_program(name: str) -> str | None:
    """The file that a port's command of this name runs, if there is one."""
    return shutil.which(name, path=search_path())


def expand(command: list[str]) -> list[str]:
    """The command with {python} replaced by the interpreter that runs gradparity."""
    return [word.replace("{python}", sys.executable) for word in command]
