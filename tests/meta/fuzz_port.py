"""Mutated requests to a port's own process, which is started anew when it exits."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count as count_from
from itertools import islice

from fuzz import Report, corpus, is_long, messages, read
from gradparity.ports.build import ensure_built
from gradparity.ports.family import MARK, Family, new_mark
from gradparity.ports.manifest import Runner, select_runners
from gradparity.ports.pipes import Ended, Pipes
from gradparity.ports.wire import Message, WireError, decode
from gradparity.serve import Pipe

START_SECONDS = REPLY_SECONDS = 120.0  # long enough on any machine
LIMIT_RESIDENT = 1 << 30
LIMIT = 1 << 33


def fuzz_port(name: str, count: int, seed: int) -> Report:
    """Send so many mutated requests. Each is answered or ends the process: none may hang it, or take memory."""
    [runner] = select_runners((name,))
    ensure_built(runner.port)
    report, before = Report(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    victim: Victim | None = None
    for data in islice(requests(seed), count):
        victim = victim or Victim(runner)
        began = time.perf_counter()
        outcome = victim.outcome(data)
        report.slowest = max(report.slowest, time.perf_counter() - began)
        if not outcome.startswith("answered"):
            victim.end()
            victim = None
        if outcome.startswith(("answered", "exited")):
            report.outcomes[outcome] += 1
        else:
            report.findings.append(f"{outcome} [seed {seed}, {data[:400]!r}]")
    if victim:
        victim.end()
    unit = 1 if sys.platform == "darwin" else 1024
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    report.resident = after * unit if after > before else 0  # of these children, and not of another test's
    if report.resident > LIMIT_RESIDENT:
        report.findings.append(f"took {report.resident} bytes of memory")
    return report


def requests(seed: int) -> Iterator[bytes]:
    """Without end. Of those that are no message one in five, as each costs a new process; none asks for long work."""
    refused = 0
    for chunk in count_from(0):
        for data in messages(seed, 2 * chunk, corpus()[0]):
            refused += not is_whole(data)
            if not is_long(data) and (is_whole(data) or refused % 5 == 0):
                yield data


def is_whole(data: bytes) -> bool:
    """Whether it is one message, and nothing more."""
    stream = io.BytesIO(data)
    return isinstance(read(Pipe(stream), LIMIT), Message) and stream.tell() == len(data)


class Victim:
    """A port's process, with a case and a set of images loaded."""

    def __init__(self, runner: Runner) -> None:
        mark = new_mark()
        self.process = subprocess.Popen(
            runner.command,
            cwd=runner.port.folder,
            env={**runner.environment(1), MARK: mark},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.pipes, self.family = Pipes(self.process), Family(self.process, mark)
        for data in corpus()[0]:
            if data.startswith((b"hello", b"load", b"data")):
                self.pipes.begin(START_SECONDS)
                self.pipes.write(memoryview(data))
                reply = decode(self.pipes)
                assert reply is not None and reply.word == "ok", f"{runner.label} does not start: {reply}"

    def outcome(self, data: bytes) -> str:
        """Send one message. A port that waits for more of it hears that there is none."""
        self.pipes.begin(REPLY_SECONDS)
        try:
            self.pipes.write(memoryview(data))
            if is_whole(data):
                reply = decode(self.pipes, LIMIT)
                if reply is not None:
                    return f"answered {reply.word}"
        except (Ended, TimeoutError):
            pass  # it has had enough, or may want more: that there is no more it hears below
        except WireError as error:
            if self.process.poll() is None:
                return f"answered with no message: {error}"
        self.pipes.close_stdin()
        with suppress(TimeoutError, WireError, Ended):
            self.pipes.begin(REPLY_SECONDS)
            while decode(self.pipes, LIMIT) is not None:
                pass
        code = self.pipes.await_exit(REPLY_SECONDS)
        return "it hangs" if code is None else f"exited with status {code}"

    def end(self) -> None:
        """Kill it, if it has not exited."""
        self.family.end()
        self.pipes.close()
