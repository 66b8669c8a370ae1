"""A reference file, and a port of it in Python, for the tests of what follows a check of functions."""

from __future__ import annotations

from pathlib import Path

import gradparity
from gradparity.ports.manifest import Port, read_port

TEMPLATE = Path(gradparity.__file__).parent / "ports" / "function_templates" / "python"
REFERENCE = """
import numpy as np
from gradparity import function


@function(x="n d")
def center(x):
    return x - x.mean(axis=0)


@function(x="n", y="n", dtypes=("float64",))
def slope(x, y):
    return {"slope": (x @ y) / (x @ x)}
"""
PORT = """
import numpy as np

DTYPES = ["float64", "float32"]


def center(x):
    return {"result": x - x.mean(axis=AXIS, keepdims=True)}


def slope(x, y):
    return {"slope": (x @ y) / (x @ x)}


FUNCTIONS = [center, slope]
"""
RIGHT = PORT.replace("AXIS", "0")
WRONG = PORT.replace("AXIS", "1")


def made_functions(folder: Path, port: str = RIGHT, reference: str = REFERENCE) -> Port:
    """reference.py in this folder, and beside it the port ``mine``."""
    (folder / "reference.py").write_text(reference)
    mine = folder / "mine"
    mine.mkdir()
    (mine / "port.toml").write_text((TEMPLATE / "port.toml").read_text().replace("PORT_NAME", "mine"))
    (mine / "serve.py").write_text((TEMPLATE / "serve.py").read_text())
    (mine / "functions.py").write_text(port)
    return read_port(mine)
