"""A reference file: Python, with functions that are declared with `function`."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
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
    found = {one.name: one for one in vars(module).values() if isinstance(one, Function)}
    own = {name: one for name, one in found.items() if one.reference.__module__ == module.__name__}
    if not own:
        raise OptionError("--reference", path, "it declares no function: see docs/your-function.md for @function(...)")
    return ReferenceFile(path, own)


def _loaded(path: Path) -> ModuleType:
    """The file as a module; its neighbours can be imported, as where it is run."""
    if not path.is_file():
        raise OptionError("--reference", path, "no such file")
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
