"""A right port that means harm: hostile.py MODE. What MODE names happens at the first gradient, or at the start."""

import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from gradparity.ports.wire import Message, encode
from gradparity.serve import Reply, serve

HANDLERS = runpy.run_path(str(Path(__file__).parents[2] / "ports" / "python" / "serve.py"))["HANDLERS"]
FOREVER = 1000.0  # seconds, for whoever is killed long before
mode = sys.argv[1]
protocol = os.dup(1)  # serve() points descriptor 1 at stderr


def flood(descriptor: int, chunk: bytes, count: int | None = None) -> None:
    """Write it again and again."""
    with suppress(OSError):
        while count != 0:
            os.write(descriptor, chunk)
            count = None if count is None else count - 1


def drip(data: bytes) -> None:
    """Write it to the harness, a few bytes a second."""
    for byte in data:
        os.write(protocol, bytes([byte]))
        time.sleep(0.2)


def bear(*habits: str) -> None:
    """Start a child that stays, may it begin a session of its own, lose its parent, keep the pipes, or flood stderr."""
    if os.fork():
        return
    if "session" in habits:
        os.setsid()
    if "orphan" in habits and os.fork():
        os._exit(0)
    if "pipes" not in habits:
        os.closerange(0, 64)
    if "flood" in habits:
        flood(2, b"and another thing\n" * 1000)
    time.sleep(FOREVER)
    os._exit(0)


def bear_all() -> None:
    """Children of every kind."""
    bear()
    bear("pipes")
    bear("session", "pipes")
    bear("session", "orphan")
    bear("session", "orphan", "pipes", "flood")


def bear_stranger() -> None:
    """A child with an empty environment in a session of its own, known by its parent alone."""
    waits = [sys.executable, "-c", f"import time; time.sleep({FOREVER})", *sys.argv[1:]]
    subprocess.Popen(waits, env={}, start_new_session=True)


def reply(message: Message) -> bytes:
    """As it travels."""
    return b"".join(map(bytes, encode(message)))


def right_gradient(request: Message) -> Message:
    """What should be answered."""
    fields, arrays = HANDLERS["gradient"](request)
    return Message("ok", dict(fields), {name: np.asarray(array) for name, array in arrays.items()})


def gradient(request: Message) -> Reply:
    """The harm, by name; then the right answer."""
    right = reply(right_gradient(request))
    match mode:
        case "never-answers":
            time.sleep(FOREVER)
        case "drips-a-line":
            drip(right)
        case "drips-an-array":
            at = right.index(b"\n") + 100
            os.write(protocol, right[:at])
            drip(right[at:])
        case "floods-stdout":
            flood(protocol, b"x" * 65_536)
        case "floods-stdout-after-the-reply":
            os.write(protocol, right)
            flood(protocol, b"and another thing\n" * 1000)
        case "floods-stderr-and-never-answers":
            flood(2, b"and another thing\n" * 1000)
        case "floods-stderr-and-answers":
            flood(2, b"and another thing\n" * 1000, 3_000)
        case "prints-before-it-answers":
            os.write(protocol, b"epoch 1: loss 0.25\n")
        case "claims-2^60":
            header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976,), }\n"
            os.write(protocol, b"ok arrays=loss\n\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
            time.sleep(FOREVER)
        case "leaves-children-and-hangs":
            bear_all()
            bear_stranger()
            time.sleep(FOREVER)
        case "leaves-children-and-exits":
            bear_all()
            os._exit(3)
        case "leaves-children-and-answers":
            bear_all()
            bear_stranger()
        case "closes-stdout":
            os.closerange(3, 64)
            time.sleep(FOREVER)
        case "answers-twice":
            os.write(protocol, 2 * right)  # in one piece, so that the second is there when the first is read
        case "answers-something-else":
            return HANDLERS["predict"](request)  # type: ignore[no-any-return]
        case "stops":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "dies-of-a-nameless-signal":
            os.kill(os.getpid(), signal.SIGRTMIN + 3)
        case "takes-memory":
            HANDLERS["hog"] = np.ones(12_500_000)
        case "writes-files":
            Path("droppings").write_bytes(b"x" * 1000)
        case "ignores-every-signal":
            for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
                signal.signal(one, signal.SIG_IGN)
            time.sleep(FOREVER)
    return HANDLERS["gradient"](request)  # type: ignore[no-any-return]


def hello(request: Message) -> Reply:
    """What it says of itself."""
    fields, arrays = HANDLERS["hello"](request)
    lies = {
        "is-nan": {"epsilon": "nan"},
        "has-a-long-name": {"version": "x" * 10_000_000},
        "steers-the-terminal": {"version": "1\x1b[2J\x07" * 1000},
    }
    if mode == "exits-while-a-request-is-written":
        os.write(protocol, reply(Message("ok", {key: str(value) for key, value in fields.items()})))
        os.read(0, 10)
        os._exit(5)
    return {**fields, **lies.get(mode, {})}, arrays


if __name__ == "__main__":
    match mode:
        case "floods-stdout-at-the-start":
            flood(1, b"and another thing\n" * 1000)
        case "stays-when-stdin-closes":
            threading.Thread(target=time.sleep, args=(FOREVER,)).start()
    serve({**HANDLERS, "hello": hello, "gradient": gradient})
