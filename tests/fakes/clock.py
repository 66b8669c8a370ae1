"""A port whose clock says what the argument names: fast, even, slow, nan, negative, boasting, dying, absent, coarse."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import numpy as np
from gradparity.ports.wire import Message
from gradparity.serve import serve

KIND = sys.argv[1]
NANOSECONDS = {"fast": 1e3, "even": 1e5, "slow": 4e5}


def hello(request: Message) -> tuple[dict[str, Any], dict[str, Any]]:
    about = {"name": "fake", "language": "Python", "version": "1", "blas": "none", "threads": "1", "dtypes": "float64"}
    words = {"layers": "", "operations": "hello,load,gradient,time,null", "optimizers": "", "epsilon": "any"}
    return about | words, {}


def took(calls: int, samples: int) -> Any:
    if KIND == "dying":
        print("about to die", file=sys.stderr, flush=True)
        os._exit(3)
    if KIND == "nan":
        return np.full(samples, np.nan)
    if KIND == "negative":
        return np.full(samples, -1.0)
    if KIND == "boasting":
        return np.full(samples, 1e12)
    each = NANOSECONDS.get(KIND, 1e5)
    came = calls * each * (1 + 0.001 * np.sin(np.arange(samples)))
    time.sleep(came.sum() / 1e9)  # what it says must be possible
    return came


def timed(request: Message) -> tuple[dict[str, Any], dict[str, Any]]:
    calls, samples = int(request.fields["calls"]), int(request.fields["samples"])
    if request.fields["operation"] == "null":
        step = 2e5 if KIND == "coarse" else 1.0
        time.sleep(samples * step / 2e9)
        return {}, {"nanoseconds": step * (np.arange(samples) % 2)}
    if request.fields["operation"] not in ("gradient", "products"):
        raise NotImplementedError("that cannot be timed")
    return {}, {"nanoseconds": took(calls, samples)}


def nothing(request: Message) -> tuple[dict[str, Any], dict[str, Any]]:
    return {}, {}


if KIND == "absent":
    sys.exit("cannot find my library")
serve({"hello": hello, "load": nothing, "null": nothing, "time": timed})
