"""A reference file: Python, with functions that are declared with `function`."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ..errors import OptionError, UsageError
from .function import Function


@dataclass(frozen=True)
class ReferenceFile:
    """The functions of a file by name, in order."""

    path: Path
    functions: dict[str, Function]


def read_reference(path: Path) -> ReferenceFile:
    """What the file declares. Raises UsageError that names the line at fault."""
    module = _loaded(path)
    found = [one for one in vars(module).values() if isinstance(one, Function)]
    own = {one.name: one for one in found if one.reference.__module__ == module.__name__}
    if not own:
        raise OptionError("--reference", path, "it declares no function: see docs/your-function.md for @function(...)")
    if unnamed := [one for one in own.values() if not one.name.isidentifier()]:
        raise UsageError(
            f"{unnamed[0].place}: {unnamed[0].name}: ports need its name: def f(...), under @function(...)"
        )
    _demand_each_once(path, own)
    return ReferenceFile(path, own)


def _demand_each_once(path: Path, own: Mapping[str, Function]) -> None:
    """Of two functions of one name Python keeps the second: the first would never be checked."""
    lines: dict[str, int] = {}
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.FunctionDef) and node.name in own:
            if node.name in lines:
                raise UsageError(
                    f"{path}:{node.lineno}: {node.name}: line {lines[node.name]} has one of this name, too"
                )
            lines[node.name] = node.lineno


def _loaded(path: Path) -> ModuleType:
    """The file as a module; its neighbours can be imported, as where it is run."""
    if not path.is_file():
        raise OptionError("--reference", path, "expected a file, got a folder" if path.is_dir() else "no such file")
    resolved = path.resolve()
    name = f"gradparity_of_{hashlib.sha256(str(resolved).encode()).hexdigest()[:8]}_{resolved.stem}"
    spec = importlib.util.spec_from_file_location(name, resolved)
    if spec is None or spec.loader is None:
        raise OptionError("--reference", path, "expected a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # a dataclass looks for its module there
    folder = str(resolved.parent)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except UsageError:
        raise
    except SyntaxError as error:
        raise UsageError(f"{error.filename or path}:{error.lineno}: {error.msg}") from None
    except Exception as error:
        frames = [frame for frame in inspect.getinnerframes(error.__traceback__) if frame.filename == str(resolved)]  # type: ignore[arg-type]
        line = f":{frames[-1].lineno}" if frames else ""
        raise UsageError(f"{path}{line}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(folder)
    return module
