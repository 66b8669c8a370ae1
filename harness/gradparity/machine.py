"""Where something was run, and by what: the machine, the packages beside it, the command."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import sys
from functools import cache
from importlib import metadata

import cpuinfo
from pydantic import BaseModel, ConfigDict

PACKAGES = ("numpy", "scipy", "juliacall", "rpy2")  # what a figure may depend on


class Machine(BaseModel):
    """Where it was measured. ``name`` is a digest of the host's name, which tells machines apart and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cpu: str = "unknown"
    cores: int = 0
    architecture: str = "unknown"
    system: str = "unknown"
    name: str = ""


@cache  # py-cpuinfo takes a second
def this_machine() -> Machine:
    """What tells this machine from others."""
    cpu = cpuinfo.get_cpu_info()
    return Machine(
        cpu=cpu.get("brand_raw", platform.processor() or "unknown"),
        cores=os.cpu_count() or 1,
        architecture=platform.machine(),
        system=f"{platform.system()} {platform.release()}",
        name=hashlib.sha256(platform.node().encode()).hexdigest()[:12],
    )


def packages() -> dict[str, str]:
    """The versions of Python and of the packages that are here."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def this_command() -> str:
    """The command line of this process; bytes in it that are not UTF-8 are escaped."""
    return shlex.join(["gradparity", *sys.argv[1:]]).encode(errors="backslashreplace").decode()
