"""The packages and modules of harness/gradparity import each other in one direction, as docs/house.md has them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import gradparity
import pytest

ROOT = Path(gradparity.__file__).parent
PAGE = Path(__file__).parents[1] / "docs" / "house.md"
TOP = "gradparity"  # what its own __init__.py is called here
Imports = dict[tuple[str, str], str]


def part(path: Path) -> str:
    """The package, or the module that is in none, of a file."""
    first = path.relative_to(ROOT).parts[0].removesuffix(".py")
    return TOP if first == "__init__" else first


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """What a file imports of gradparity, wherever in the file it does, and the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT.parent).parts[: -node.level] if node.level else ()
            head = [*package, *(node.module or "").split(".")] if node.module else [*package]
            names = [[*head, alias.name] for alias in node.names]
        else:
            continue
        for first, *rest in names:
            if first == TOP:
                module = rest and ((ROOT / rest[0]).is_dir() or (ROOT / f"{rest[0]}.py").is_file())
                yield (rest[0] if module else TOP), node.lineno


@pytest.fixture(scope="module")
def imports() -> Imports:
    """(who, whom): the first line that says so. The commands are imported by name."""
    found: Imports = {("cli", "commands"): "cli.py"}
    for path in sorted(ROOT.rglob("*.py")):
        if not {"templates", "function_templates"} & set(path.parts):
            for whom, line in imported(path):
                if whom != part(path):
                    found.setdefault((part(path), whom), f"{path.relative_to(ROOT)}:{line}")
    return found


def test_no_circle(imports: Imports) -> None:
    graph: dict[str, set[str]] = {}
    for who, whom in imports:
        graph.setdefault(who, set()).add(whom)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1]
        steps = [f"{imports[who, whom]} imports {whom}" for whom, who in pairwise(circle)]
        pytest.fail("a circle: " + "; ".join(steps))


def test_the_page_has_every_part_after_those_that_it_imports(imports: Imports) -> None:
    order = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    there = {part(path) for path in ROOT.rglob("*.py")} | {TOP}
    assert sorted(order) == sorted(there)
    early = [
        f"{where} imports {whom}" for (who, whom), where in imports.items() if order.index(who) < order.index(whom)
    ]
    assert not early


def test_one_thing_for_one_word() -> None:
    """No two public classes or functions have one name, but for what is the same thing of several parts."""
    found: dict[str, list[str]] = {}
    for path in sorted(ROOT.rglob("*.py")):
        if not {"templates", "function_templates"} & set(path.parts):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                    found.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: places for name, places in found.items() if len(places) > 1}.keys() == {"main", "sum_line"}
