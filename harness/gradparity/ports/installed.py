"""The ports of an installed package are built and run in a copy in the user's cache, and not in site-packages."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_cache_path

from ..errors import UsageError
from ..version import __version__


def working_copy(folder: Path) -> Path:
    """The copy of this folder of ports, made if there is none yet. Raises UsageError if it cannot be made.

    It is named by the version and a digest of all files, so two versions never share a build.
    """
    files = {path.relative_to(folder): path.read_bytes() for path in _sources(folder)}
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    cache = user_cache_path("gradparity")
    copy = cache / f"ports-{__version__}-{digest.hexdigest()[:12]}"
    if not copy.is_dir():
        try:
            _write(copy, files)
        except OSError as error:
            what = f"cannot write there, where the ports are built: {error.strerror or error}"
            raise UsageError(f"{cache}: {what}; set XDG_CACHE_HOME to a folder that you can write to") from None
    return copy


def _sources(folder: Path) -> list[Path]:
    """All files except bytecode, which pip and Python add."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")


def _write(copy: Path, files: Mapping[Path, bytes]) -> None:
    """Every file or no folder at all. Another process may be first: then its copy, which is the same, stays."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".ports-", dir=copy.parent) as made:
        whole = Path(made, copy.name)
        for name, content in files.items():
            (whole / name).parent.mkdir(parents=True, exist_ok=True)
            (whole / name).write_bytes(content)
        try:
            whole.rename(copy)
        except OSError:
            if not copy.is_dir():
                raise
