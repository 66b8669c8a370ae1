"""The Python port with one bug in its training: stale, uphill, gradient, dies; or, rightly, own-epsilon."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from typing import Any

import gradparity_reference
from gradparity.ports.wire import Message
from gradparity.serve import serve

BUG = sys.argv[1]
PORT = runpy.run_path(str(Path(__file__).parents[2] / "ports" / "python" / "serve.py"))
HANDLERS = dict(PORT["HANDLERS"])
asked = 0

if BUG == "uphill":
    right = gradparity_reference.SGD.update_one

    def uphill(self: Any, p: Any, dp: Any, *state: Any) -> None:
        right(self, p, -dp, *state)

    gradparity_reference.SGD.update_one = uphill  # type: ignore[method-assign]

if BUG == "gradient":
    backward = gradparity_reference.SoftmaxWithLoss.backward

    def summed(self: Any) -> Any:
        return backward(self) * len(self.labels)

    gradparity_reference.SoftmaxWithLoss.backward = summed  # type: ignore[method-assign]


def train(request: Message) -> Any:
    global asked
    asked += 1
    if BUG == "dies" and asked == 2:
        print("out of memory", file=sys.stderr, flush=True)
        os._exit(5)
    if BUG == "stale":  # the last update of each call is lost
        network = PORT["port"].network
        request.arrays["batches"], last = request.arrays["batches"][:-1], request.arrays["batches"][-1:]
        fields, arrays = HANDLERS_TRAIN(request)
        x, t = PORT["port"].images["train"].batch(last[0], "float64")
        loss = network.loss(x, t)
        return fields, {**arrays, "loss": [*arrays["loss"], loss]}
    return HANDLERS_TRAIN(request)


def hello(request: Message) -> Any:
    return {**HELLO(request)[0], "epsilon": "1e-7"}, {}


def load(request: Message) -> Any:
    return LOAD(Message("load", {**request.fields, "epsilon": "1e-7"}, request.arrays))


HANDLERS_TRAIN, HELLO, LOAD = HANDLERS["train"], HANDLERS["hello"], HANDLERS["load"]
HANDLERS["train"] = train
if BUG == "own-epsilon":
    HANDLERS |= {"hello": hello, "load": load}
serve(HANDLERS)
