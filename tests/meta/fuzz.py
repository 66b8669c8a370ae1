"""Mutated messages, in search of one that makes a reader of the protocol hang, crash, or take memory.

    python tests/meta/fuzz.py --messages 1000000 --seed 0        # the harness's reader, and the Python port's
    python tests/meta/fuzz.py --messages 2000 --port rust        # a port's process, started anew when it exits

The messages are those of the session in docs/protocol.md, both directions. Each is read as a port's `serve` reads it,
every eighth also as a session does, through pipes; every request that is one is answered by the reference's handlers.
Whatever is read is a message, one that can be sent again, or a WireError. The same seed gives the same messages.
"""

from __future__ import annotations

import argparse
import faulthandler
import io
import os
import random
import re
import runpy
import signal
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))

from example_session import SESSION, Line
from gradparity.bench.conditions import peak
from gradparity.ports.pipes import Pipes
from gradparity.ports.session import SLACK_BYTES
from gradparity.ports.wire import Message, WireError, decode, encode
from gradparity.serve import Handler, Pipe, answer
from mutations import mutate

PYTHON_PORT = Path(__file__).parents[2] / "ports" / "python" / "serve.py"
Handlers = Mapping[str, Handler]
CHUNK = 1000  # messages that share a random generator
LIMIT_BYTES = 16 << 20  # beside the data of the arrays: a line as bytes, as text, and in parts
LIMIT_RESIDENT = 1 << 30
HANG_SECONDS = 600.0  # for a chunk, of the processor's time, as others use the machine too
PIPE_SECONDS = 600.0
LONG = re.compile(rb"(?:calls|samples)=([^ \n]*)")


@dataclass
class Report:
    """What became of the messages."""

    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    slowest: float = 0.0  # seconds
    most: int = 0  # bytes for one reply
    resident: int = 0  # bytes of the whole process

    def add(self, other: Report) -> None:
        """Take in the report of other messages."""
        self.outcomes += other.outcomes
        self.findings += other.findings
        self.slowest, self.most = max(self.slowest, other.slowest), max(self.most, other.most)
        self.resident = max(self.resident, other.resident)


@cache
def corpus() -> tuple[list[bytes], list[bytes]]:
    """The page's requests, and its replies."""
    requests, replies = zip(*SESSION, strict=True)
    return [_encoded(line) for line in requests], [_encoded(line) for line in replies]


def _encoded(line: Line) -> bytes:
    return b"".join(map(bytes, encode(Message(line.word, line.fields, line.arrays))))


def messages(seed: int, chunk: int, corpus: list[bytes]) -> list[bytes]:
    """The mutated messages of this chunk."""
    rng = random.Random(f"{seed}/{chunk}")
    return [mutate(rng, corpus) for _ in range(CHUNK)]


def fuzz_reader(seed: int, chunk: int) -> Report:
    """Read a chunk of messages: even chunks are requests, odd ones replies."""
    requests, replies = corpus()
    report = Report()
    handlers = None if chunk % 2 else new_handlers()
    tracemalloc.start()
    before = peak(os.getpid())[0] or 0
    faulthandler.register(signal.SIGVTALRM, chain=True)  # says where it hangs, and ends the process
    signal.setitimer(signal.ITIMER_VIRTUAL, HANG_SECONDS)
    for at, data in enumerate(messages(seed, chunk, replies if chunk % 2 else requests)):
        try:
            report.outcomes[_read_one(data, handlers, at % 8 == 0, report)] += 1
        except Exception as error:
            report.findings.append(f"{type(error).__name__}: {error} [seed {seed}, chunk {chunk}, {data[:400]!r}]")
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    tracemalloc.stop()
    report.resident = peak(os.getpid())[0] or 0
    if report.resident > max(
        LIMIT_RESIDENT, before + LIMIT_RESIDENT // 2
    ):  # other tests in this process took memory, too
        report.findings.append(f"took {report.resident} bytes of memory [seed {seed}, chunk {chunk}]")
    return report


def _read_one(data: bytes, handlers: Handlers | None, through_pipes: bool, report: Report) -> str:
    """The outcome of a message. Raises AssertionError, or whatever the reader should not have raised."""
    limit = SLACK_BYTES if handlers is None else 1 << 33
    tracemalloc.reset_peak()
    before, began = tracemalloc.get_traced_memory()[0], time.process_time()
    came = read(Pipe(io.BytesIO(data)), limit)
    seconds, used = time.process_time() - began, tracemalloc.get_traced_memory()[1] - before
    report.slowest = max(report.slowest, seconds)
    if handlers is None:
        report.most = max(report.most, used)
        assert used <= limit + LIMIT_BYTES, f"took {used} bytes of memory"
    if through_pipes:
        assert same(came, read_through_pipes(data, limit)), "a session reads it in another way"
    if isinstance(came, WireError):
        return "refused"
    if came is None:
        return "end"
    again = b"".join(map(bytes, encode(came)))
    assert same(came, read(Pipe(io.BytesIO(again)), limit)), "it is another message when sent again"
    return "message" if handlers is None or is_long(data) else answered(handlers, came)


def read(source: Any, limit: int) -> Message | WireError | None:
    """What a reader makes of it."""
    try:
        return decode(source, limit)
    except WireError as error:
        return error


def read_through_pipes(data: bytes, limit: int) -> Message | WireError | None:
    """The same as a session reads it, from a process that has written it and is gone."""
    pipes = [os.pipe() for _ in range(3)]
    streams = [os.fdopen(pipes[0][1], "wb", 0), os.fdopen(pipes[1][0], "rb", 0), os.fdopen(pipes[2][0], "rb", 0)]
    process = SimpleNamespace(stdin=streams[0], stdout=streams[1], stderr=streams[2], poll=lambda: 0)
    ours = Pipes(cast(Any, process))
    try:
        ours.begin(PIPE_SECONDS)
        os.set_blocking(pipes[1][1], False)
        assert os.write(pipes[1][1], data) == len(data)
        os.close(pipes[1][1])
        return read(ours, limit)
    finally:
        ours.close()
        os.close(pipes[0][0])
        os.close(pipes[2][1])


def same(a: Message | WireError | None, b: Message | WireError | None) -> bool:
    """Whether both are the same message, or both none."""
    if not isinstance(a, Message) or not isinstance(b, Message):
        return type(a) is type(b)
    return (a.word, a.fields, list(a.arrays)) == (b.word, b.fields, list(b.arrays)) and all(
        (x.dtype, x.shape, x.tobytes()) == (y.dtype, y.shape, y.tobytes())
        for x, y in zip(a.arrays.values(), b.arrays.values(), strict=True)
    )


def new_handlers() -> Handlers:
    """Those of the Python port, which has heard the page's session."""
    handlers: Handlers = runpy.run_path(str(PYTHON_PORT))["HANDLERS"]
    for data in corpus()[0]:
        answered(handlers, cast(Message, read(Pipe(io.BytesIO(data)), 1 << 33)))
    return handlers


def answered(handlers: Handlers, request: Message) -> str:
    """The outcome of an answer, which must be a reply."""
    with redirect_stderr(io.StringIO()), np.errstate(all="ignore"):
        pieces = answer(handlers, request)
    reply = read(Pipe(io.BytesIO(b"".join(map(bytes, pieces)))), 1 << 33)
    assert isinstance(reply, Message) and reply.word in ("ok", "error", "unsupported"), f"answered {reply}"
    return f"answered {reply.word}"


def is_long(data: bytes) -> bool:
    """Whether the request asks for so many calls that a right port is busy for long."""
    for value in LONG.findall(data):
        try:
            if float(unquote(value.decode(errors="replace"))) > 1e4:
                return True
        except ValueError:
            continue
    return False


def main() -> None:
    """Read the command line, fuzz, and tell; exit code 1 where something was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--port", help="a runner, as gradparity check --port calls it")
    options = parser.parse_args()
    began = time.perf_counter()
    report = Report()
    if options.port:
        from fuzz_port import fuzz_port

        report = fuzz_port(options.port, options.messages, options.seed)
    else:
        with ProcessPoolExecutor() as pool:
            chunks = range(-(-options.messages // CHUNK))
            for one in pool.map(fuzz_reader, [options.seed] * len(chunks), chunks):
                report.add(one)
    seconds = time.perf_counter() - began
    for outcome, count in report.outcomes.most_common():
        print(f"{count:9d} {outcome}")
    total = report.outcomes.total() + len(report.findings)
    print(f"{total:9d} messages in {seconds:.0f} s, {total / seconds:.0f} a second; the slowest {report.slowest:.2f} s")
    print(f"most memory: {report.most / 1e6:.1f} MB for a reply, {report.resident / 1e6:.0f} MB for the whole process")
    for finding in report.findings[:20]:
        print(finding)
    sys.exit(f"{len(report.findings)} findings" if report.findings else 0)


if __name__ == "__main__":
    main()
