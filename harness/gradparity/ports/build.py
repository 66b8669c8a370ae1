"""A port's own steps: its setup script, and its build, which runs again when its inputs changed."""

from __future__ import annotations

import hashlib
import subprocess

from .lock import building
from .manifest import Port
from .programs import environment, expand

STAMP = ".build-stamp"
KEPT_LINES = 200  # of the beginning of the output, where the first error is, and of its end


class StepFailed(Exception):
    """A step ended with an error. Names the port, the command and its output, cut.

    ``ran``: it began at all; ``status``: how it ended, where that is the error.
    """

    def __init__(
        self, port: Port, step: str, what: str, output: str = "", ran: bool = True, status: int | None = None
    ) -> None:
        super().__init__(f"{port.manifest.name}: {step}: {what}")
        self.ran, self.status = ran, status
        self.what = f"{step}: {what}"
        lines = output.splitlines()
        self.output = "\n".join(lines[:KEPT_LINES] + lines[KEPT_LINES:][-KEPT_LINES:])


def ensure_built(port: Port) -> bool:
    """Build the port where its inputs changed, it names none, or an output is missing; whether it was built.

    Raises StepFailed.
    """
    build = port.manifest.build
    if build is None:
        return False
    with building(port):
        stamp, wanted = port.folder / STAMP, _fingerprint(port)
        outputs_there = all((port.folder / output).exists() for output in build.outputs)
        if build.inputs and outputs_there and stamp.is_file() and stamp.read_text() == wanted:
            return False
        _run(port, "build", build.command)
        missing = [output for output in build.outputs if not (port.folder / output).exists()]
        if missing:
            raise StepFailed(port, "build", f"expected it to make {', '.join(missing)}, it did not")
        if build.inputs:
            stamp.write_text(wanted)
    return True


def set_up(port: Port) -> None:
    """Run the port's setup script, which says on its stderr what it does. Raises StepFailed."""
    if port.manifest.setup:
        _run(port, "setup", port.manifest.setup.command, show=True)


def _fingerprint(port: Port) -> str:
    assert port.manifest.build
    digest = hashlib.sha256(repr(port.manifest.build).encode())
    for pattern in port.manifest.build.inputs:
        for path in sorted(port.folder.glob(pattern)):
            digest.update(f"\0{path.relative_to(port.folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _run(port: Port, step: str, command: list[str], show: bool = False) -> None:
    command = expand(command)
    try:
        done = subprocess.run(
            command,
            cwd=port.folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=None if show else subprocess.PIPE,
            stderr=None if show else subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise StepFailed(port, step, f"cannot run {command[0]}: {error.strerror or error}", ran=False) from None
    if done.returncode:
        what = f"`{' '.join(command)}` ended with status {done.returncode}"
        raise StepFailed(port, step, what, done.stdout or "", status=done.returncode)
