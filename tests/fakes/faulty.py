"""A right port until its first gradient; then it does what its argument says. "hang" FILE makes the file before."""

import os
import runpy
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from gradparity.ports.wire import Message
from gradparity.serve import Reply, serve

HANDLERS = runpy.run_path(str(Path(__file__).parents[2] / "ports" / "python" / "serve.py"))["HANDLERS"]
fault = sys.argv[1]
protocol = os.dup(1)  # serve() points descriptor 1 at stderr


def raw(data: bytes, then_exit: bool = True) -> None:
    """Write to the harness past the protocol."""
    os.write(protocol, data)
    if then_exit:
        os._exit(0)


def npy(descr: str, shape: str, data: bytes = b"", length: int | None = None) -> bytes:
    """An .npy record, right or wrong."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + (length or len(header)).to_bytes(2, "little") + header + data


def gradient(request: Message) -> Reply:
    """The faults, by name."""
    print(f"about to {fault}", file=sys.stderr, flush=True)
    fields, arrays = HANDLERS["gradient"](request)
    arrays = dict(arrays)
    match fault:
        case "exit":
            os._exit(7)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "aborts":  # as C++ does with a long type, amid the words of others
            print("a step\n" * 500, file=sys.stderr, flush=True)
            types = ", ".join(["Eigen::Matrix<double, -1, -1>"] * 30)
            print(f"net.cpp:40: softmax({types}): Assertion `sum > 0' failed.", file=sys.stderr)
            print("#1 some frame\n" * 5_000, file=sys.stderr, flush=True)
            os.abort()
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            for marker in sys.argv[2:]:
                Path(marker).touch()
            time.sleep(1000)
        case "hang-with-child":
            subprocess.Popen(["sleep", "1000"])
            time.sleep(1000)
        case "drip":
            for byte in b"ok arrays=loss\n" * 1000:
                raw(bytes([byte]), then_exit=False)
                time.sleep(0.05)
        case "close":
            os.close(protocol)
            os.dup2(2, 3)
            for descriptor in range(3, 16):
                if descriptor != 2:
                    with suppress(OSError):
                        os.close(descriptor)
            time.sleep(1000)
        case "garbage":
            raw(b"Segmentation fault (core dumped)\n" * 10)
        case "binary":
            raw(bytes(range(128, 256)) + b"\n")
        case "endless-line":
            raw(b"x" * 200_000, then_exit=False)
            time.sleep(1000)
        case "cut-line":
            raw(b"ok arrays=lo")
        case "truncated":
            raw(b"ok arrays=loss,dW1\n" + npy("'<f8'", "()", b"\0" * 8) + npy("'<f8'", "(5, 4)", b"\0" * 8))
        case "not-npy":
            raw(b"ok arrays=loss\n0.123 0.456 0.789\n")
        case "bad-header":
            raw(b"ok arrays=loss\n\x93NUMPY\x01\x00\x0a\x00{'descr': ")
        case "huge-header":
            raw(b"ok arrays=loss\n" + npy("'<f8'", "()", length=60_000))
        case "terabyte":
            raw(b"ok arrays=loss\n" + npy("'<f8'", f"({2**40},)"))
        case "exabyte":
            raw(b"ok arrays=loss\n" + npy("'<f8'", f"({2**40}, {2**40})"))
        case "negative":
            raw(b"ok arrays=loss\n" + npy("'<f8'", "(-1,)"))
        case "object":
            raw(b"ok arrays=loss\n" + npy("'|O'", "()", b"\x80\x04N."))
        case "error":
            raise ArithmeticError("it does\nnot add up")
        case "unsupported":
            raise NotImplementedError("no gradient yet")
        case "shape":
            arrays["dW1"] = arrays["dW1"].T
        case "rank":
            arrays["loss"] = np.atleast_1d(arrays["loss"])
        case "dtype":
            arrays["dW1"] = arrays["dW1"].astype(np.float32)
        case "missing":
            del arrays["db1"]
        case "order":
            arrays = dict(reversed(arrays.items()))
        case "nan":
            arrays["dW1"] = arrays["dW1"] * np.nan
        case "chatter":
            print("hello from the port's own code")
            os.write(1, b"and from a C library\n")
            sys.stderr.write("noise\n" * 100_000)
        case _:
            raise SystemExit(f"no fault {fault}")
    return fields, arrays


if __name__ == "__main__":
    if fault == "no-start":
        sys.exit("cannot find my library")
    if fault == "not-available":
        print("first some noise\nno runtime here", file=sys.stderr)
        sys.exit(69)
    if fault == "mute":
        time.sleep(1000)
    if fault == "no-hello":
        serve({"hello": lambda request: ({"name": "fake"}, {})})
    serve({**HANDLERS, "gradient": gradient})
