"""Start the Julia that the bridge would use: one for both runners, so that they can be compared bit for bit.

``launch.py`` serves the protocol, ``launch.py test/runtests.jl`` runs the tests.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
NOT_AVAILABLE = 69


def candidates() -> Iterator[tuple[str, str | None]]:
    """(executable, project or None), best first: that of juliacall's settings, juliapkg's, setup.sh's, PATH's."""
    if exe := os.environ.get("PYTHON_JULIACALL_EXE"):
        yield exe, os.environ.get("PYTHON_JULIACALL_PROJECT")
    try:
        from juliapkg.state import STATE

        meta = json.loads(Path(STATE["meta"]).read_text())  # what juliapkg has resolved: to ask itself might download
        yield meta["executable"], STATE["project"]
    except Exception:  # juliapkg is not there, has resolved nothing yet, or is set up wrongly
        pass
    yield str(Path(sys.executable).with_name("julia")), None  # where setup.sh puts one, if it has to
    yield "julia", None


def main() -> None:
    script = sys.argv[1] if len(sys.argv) > 1 else "serve.jl"
    for name, project in candidates():
        if exe := shutil.which(name):
            options = ["--startup-file=no", *([f"--project={project}"] if project else [])]
            os.execv(exe, [exe, *options, str(HERE / script), *sys.argv[2:]])
    print("julia port: found no Julia: put julia (1.5 or newer) on PATH, or set PYTHON_JULIACALL_EXE", file=sys.stderr)
    sys.exit(NOT_AVAILABLE)


if __name__ == "__main__":
    main()
