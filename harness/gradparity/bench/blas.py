"""Which BLAS libraries a port's process has loaded, seen from outside: no port has to know, and none can be wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping

import psutil

BLAS = re.compile(r"(openblas|libblas|mkl_rt|blis|atlas|accelerate|flexiblas)", re.IGNORECASE)
ASK = """
import ctypes, json, sys
for path in sys.argv[1:]:
    ctypes.CDLL(path)
from threadpoolctl import threadpool_info
print(json.dumps([i for i in threadpool_info() if i["user_api"] == "blas"]))
"""
NAMES = {"openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS", "flexiblas": "FlexiBLAS"}
SECONDS = 20.0


def loaded_blas(pid: int, environment: Mapping[str, str], says: str = "") -> list[str]:
    """For each, its name, version and the kernels that it picks on this machine in this environment.

    Where there are several, as in a bridge beside NumPy's own, those whose version the port ``says``.

    Each is loaded into a process of its own to be asked, with threadpoolctl. Empty where the process has none, and
    where the system does not tell which libraries a process has loaded (only Linux and FreeBSD do).
    """
    try:
        maps = psutil.Process(pid).memory_maps()
    except (AttributeError, psutil.Error, OSError):
        return []
    paths = sorted({one.path for one in maps if BLAS.search(one.path.rpartition("/")[2]) and ".so" in one.path})
    found = {name: version for path in paths for name, version in _ask(path, environment)}
    said = [name for name, version in found.items() if version and version in says]
    return said or list(found)


def _ask(path: str, environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """(described, version) of the library in this file."""
    command = [sys.executable, "-c", ASK, path]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=True)
        found = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        found = []
    told = []
    for one in found:
        name = NAMES.get(one["internal_api"], one["internal_api"])
        version = one.get("version") or ""
        told.append((" ".join(word for word in (name, version, one.get("architecture")) if word), version))
    return told or [(path.rpartition("/")[2], "")]
