"""Transcripts: what a session's two sides said, byte by byte, recorded and played again without the port.

    gradparity transcript 1
    label rust
    > 17                      the harness sent 17 bytes, which follow
    < 1234                    the port sent 1234 bytes
    ! 30                      and wrote 30 to its stderr
    exit 0                    its end: exit and a status, or signal and a number

The recorder stands between the harness and the port as a process, and the player in the place of the port; so neither
a session nor a port knows of them:

    python -m gradparity.ports.transcript record FILE LABEL COMMAND...
    python -m gradparity.ports.transcript replay FILE
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from ..errors import UsageError, first_problem
from .manifest import Manifest, Port, Runner, RunnerSpec

FIRST_LINE = b"gradparity transcript 1"
CHUNK = 1 << 16
SUFFIX = ".transcript"
CUT = "cut"


@dataclass
class Transcript:
    """A session that was recorded: who said what, in order, and how the port ended ("" where that is not known)."""

    label: str
    said: list[tuple[str, bytes]] = field(default_factory=list)
    end: str = ""  # CUT: the file ends in the middle of a piece


def read_transcript(path: Path) -> Transcript:
    """Raises UsageError that names the line or byte at fault. A last piece that is cut off is left out."""
    try:
        with path.open("rb") as file:
            return _read(path, file)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def _read(path: Path, file: BinaryIO) -> Transcript:
    first, label = file.readline().strip(), file.readline().decode(errors="replace").strip()
    if first != FIRST_LINE or not label.startswith("label "):
        raise UsageError(f"{path}: expected a transcript of `gradparity check --record`, came {first!r:.60}")
    found = Transcript(label.removeprefix("label "))
    while line := file.readline():
        side, _, rest = line.decode("ascii", "replace").strip().partition(" ")
        if side in ("exit", "signal"):
            found.end = f"{side} {rest}"
        elif side in (">", "<", "!") and rest.isdecimal():
            said = file.read(int(rest))
            if len(said) < int(rest):
                found.end = CUT
                break
            if found.said and found.said[-1][0] == side:
                said = found.said.pop()[1] + said
            found.said.append((side, said))
        else:
            raise UsageError(
                f"{path}: byte {file.tell() - len(line)}: expected >, < or ! and a size, came {line!r:.60}"
            )
    return found


def demand_new(folder: Path) -> None:
    """Raises UsageError where there is something in the folder of a recording: nothing is written over."""
    try:
        if folder.exists() and any(folder.iterdir()):
            raise UsageError(f"--record {folder}: expected an empty folder, or none yet; nothing was written")
    except OSError as error:
        raise UsageError(f"--record {folder}: {error.strerror}") from None


def recording(runner: Runner, folder: Path) -> Runner:
    """The same runner, every session of which is recorded in a file of its own in the folder. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--record {folder}: {error.strerror}") from None
    return _Recorded(runner.port, runner.spec, runner.option, folder=folder.resolve())


def replaying(folder: Path) -> list[Runner]:
    """The runners that were recorded in the folder, played again. Raises UsageError where there is none."""
    labels = {read_transcript(path).label for path in folder.glob(f"*-1{SUFFIX}")} if folder.is_dir() else set()
    if not labels:
        raise UsageError(f"--replay {folder}: expected a folder that `gradparity check --record` has written")
    return [_replayed(label, folder.resolve()) for label in sorted(labels)]


def _replayed(label: str, folder: Path) -> Runner:
    name, _, kind = label.partition(":")
    hint = "replayed: the transcript says all that is known of it"
    try:
        spec = RunnerSpec(name=kind or "native", command=["replay"])
        other = RunnerSpec(name="not-recorded", command=["replay"])  # so that a label of two parts keeps them
        manifest = Manifest(name=name, language="", hint=hint, runner=[spec, other] if kind else [spec])
    except ValidationError as error:
        raise UsageError(f"--replay {folder}: {first_problem(error)}") from None
    return _Replayed(Port(folder, manifest), spec, label, folder=folder)


def _file(folder: Path, label: str, number: int) -> Path:
    return folder / f"{label.replace(':', '-')}-{number}{SUFFIX}"


@dataclass(frozen=True)
class _Recorded(Runner):
    folder: Path = Path()
    session: count[int] = field(default_factory=lambda: count(1))

    @property
    def command(self) -> list[str]:
        """The recorder of the next session, which runs the port's own command."""
        return [*_module("record", _file(self.folder, self.label, next(self.session))), self.label, *super().command]


@dataclass(frozen=True)
class _Replayed(Runner):
    folder: Path = Path()
    session: count[int] = field(default_factory=lambda: count(1))

    def asks(self, cases: Sequence[str], seed: int) -> list[str]:
        """All of it: a session can be played from its beginning only."""
        return ["--replay", str(self.folder)]

    @property
    def command(self) -> list[str]:
        """The player of the next session."""
        return _module("replay", _file(self.folder, self.label, next(self.session)))


def _module(mode: str, file: Path) -> list[str]:
    return [sys.executable, "-m", "gradparity.ports.transcript", mode, str(file)]


def record(file: Path, label: str, command: list[str]) -> int:
    """Run the command, pass everything on, and write it down. Its exit status; it dies of the signal it died of."""
    with file.open("wb") as out:
        lock = threading.Lock()

        def say(side: bytes, said: bytes) -> None:
            with lock:
                out.write(side + b" %d\n" % len(said) + said)
                out.flush()

        out.write(FIRST_LINE + b"\nlabel " + label.encode() + b"\n")
        try:
            port = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as error:
            print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)
            return 1
        assert port.stdin and port.stdout and port.stderr
        asked = threading.Thread(target=_pump, args=(0, port.stdin.fileno(), port.stdin.close, b">", say), daemon=True)
        wrote = threading.Thread(target=_pump, args=(port.stderr.fileno(), 2, lambda: None, b"!", say))
        asked.start()
        wrote.start()
        _pump(port.stdout.fileno(), 1, lambda: os.close(1), b"<", say)
        code = port.wait()
        wrote.join()
        with lock:
            out.write(b"exit %d\n" % code if code >= 0 else b"signal %d\n" % -code)
    if code < 0:
        os.kill(os.getpid(), -code)
    return code


def _pump(source: int, sink: int, close: Callable[[], None], side: bytes, say: Callable[[bytes, bytes], None]) -> None:
    while said := os.read(source, CHUNK):
        say(side, said)
        try:
            _write(sink, said)
        except OSError:  # the other side has gone: its end is what counts
            break
    close()


def _write(sink: int, said: bytes) -> None:
    rest = memoryview(said)
    while rest:
        rest = rest[os.write(sink, rest) :]


def replay(file: Path) -> int:
    """Say what the port said, as long as what the harness says is what it said then. The port's exit status."""
    transcript = read_transcript(file)
    asked = 0
    for side, said in transcript.said:
        if side != ">":
            _write(1 if side == "<" else 2, said)
            continue
        try:
            at = _first_other(said)
        except EOFError:
            return 0  # the harness ends earlier than it did then
        if at is not None:
            told = f"{file.name}: byte {asked + at} that the harness sent is not the one that was recorded"
            print(f"{told}: other cases, options, reference or another version?", file=sys.stderr)
            return 1
        asked += len(said)
    kind, _, number = transcript.end.partition(" ")
    if kind == CUT:
        print(f"{file.name}: it is cut short: the recording goes on where this file ends", file=sys.stderr)
        return 1
    if not kind:
        print(f"{file.name}: here the harness killed the port, or the file is cut short", file=sys.stderr)
    if kind == "signal":
        os.kill(os.getpid(), int(number))
    more = os.read(0, 1) if kind != "exit" or number == "0" else b""
    if more:
        print(f"{file.name}: the transcript ends here, and the harness goes on", file=sys.stderr)
    return int(number) if kind == "exit" else 1


def _first_other(said: bytes) -> int | None:
    """The first byte at which the harness says something else than this, as soon as it comes. Raises EOFError."""
    at = 0
    while at < len(said):
        came = os.read(0, len(said) - at)
        if not came:
            raise EOFError
        if not said.startswith(came, at):
            return at + next(i for i, byte in enumerate(came) if byte != said[at + i])
        at += len(came)
    return None


def main(arguments: list[str]) -> int:
    """See the module's docstring."""
    mode, file, *rest = arguments
    return replay(Path(file)) if mode == "replay" else record(Path(file), rest[0], rest[1:])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the harness ends the port
    try:
        sys.exit(main(sys.argv[1:]))
    except UsageError as error:
        sys.exit(str(error))
