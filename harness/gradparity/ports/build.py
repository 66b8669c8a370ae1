"""A port's own steps: its setup script, and its build, which runs again when its inputs changed."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable

from .family import MARK, Family, new_mark
from .lock import building
from .manifest import BuildSpec, Port
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


class Watcher:
    """Hears of a build while it goes on; this one does nothing with it. What it raises ends the build."""

    def waits(self) -> None:
        """Another command builds or starts the port. Called again and again until it no longer does."""

    def begins(self, process: Family) -> None:
        """The build has begun, in this process."""


def ensure_built(port: Port, watcher: Watcher | None = None) -> bool:
    """Build the port if its inputs changed, it names none, or an output is missing; whether it was built.

    That happens once in a Port's life: whoever asks after the first hears how it ended. Raises StepFailed.
    """
    build = port.manifest.build
    return build is not None and port.once(lambda: _build(port, build, watcher or Watcher()))


def _build(port: Port, build: BuildSpec, watcher: Watcher) -> bool:
    with building(port, watcher.waits):
        stamp, wanted = port.folder / STAMP, _fingerprint(port, build)
        outputs_there = all((port.folder / output).exists() for output in build.outputs)
        if build.inputs and outputs_there and stamp.is_file() and stamp.read_text() == wanted:
            return False
        _run(port, "build", build.command, watcher.begins)
        missing = [output for output in build.outputs if not (port.folder / output).exists()]
        if missing:
            raise StepFailed(port, "build", f"expected it to make {', '.join(missing)}, it did not")
        if build.inputs:
            try:
                stamp.write_text(wanted)
            except OSError as error:
                raise StepFailed(port, "build", f"cannot write {stamp}: {error.strerror or error}") from None
    return True


def set_up(port: Port) -> None:
    """Run the port's setup script, which says on its stderr what it does. Raises StepFailed."""
    if port.manifest.setup:
        _run(port, "setup", port.manifest.setup.command, show=True)


def _fingerprint(port: Port, build: BuildSpec) -> str:
    digest = hashlib.sha256(repr(build).encode())
    for pattern in build.inputs:
        for path in sorted(port.folder.glob(pattern)):
            digest.update(f"\0{path.relative_to(port.folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _run(
    port: Port, step: str, command: list[str], begins: Callable[[Family], None] = lambda _: None, show: bool = False
) -> None:
    command, mark = expand(command), new_mark()
    try:
        process = subprocess.Popen(
            command,
            cwd=port.folder,
            env={**environment(), MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=None if show else subprocess.PIPE,
            stderr=None if show else subprocess.STDOUT,
        )
    except OSError as error:
        raise StepFailed(port, step, f"cannot run {command[0]}: {error.strerror or error}", ran=False) from None
    family = Family(process, mark)
    with process:
        try:
            begins(family)
            output, _ = process.communicate()
        except BaseException:
            process.kill() if show else family.terminate()  # what installs packages ends by itself
            raise
    if family.terminated:  # even if it says that it ended well
        raise KeyboardInterrupt
    if process.returncode:
        what = f"`{' '.join(command)}` ended with status {process.returncode}"
        raise StepFailed(port, step, what, (output or b"").decode(errors="replace"), status=process.returncode)
