"""The port's side in Python: whatever a handler does or a request holds, there is one reply, or a line and the end."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from gradparity.ports.manifest import ports_folder
from gradparity.ports.wire import MAX_LINE, Message, decode
from gradparity.serve import Pipe, Refusal, Reply, answer


def answered(handler: Any, word: str = "ask") -> Message:
    """The reply of a port with this one handler."""
    reply = decode(Pipe(io.BytesIO(b"".join(map(bytes, answer({"ask": handler}, Message(word)))))))
    assert reply is not None
    return reply


def returns(*arrays: Any, name: str = "out") -> Any:
    """A handler."""

    def handler(request: Message) -> Reply:
        return {}, dict.fromkeys([name], *arrays)

    return handler


def raises(error: Exception) -> Any:
    """A handler."""

    def handler(request: Message) -> Reply:
        raise error

    return handler


def test_results_travel() -> None:
    reply = answered(returns(np.array([1.0, 2.0])))
    assert (reply.word, reply.arrays["out"].tolist()) == ("ok", [1.0, 2.0])


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (raises(ArithmeticError("it does\nnot add up")), "ArithmeticError: it does\nnot add up"),
        (returns(np.array([1, 2])), "an array of dtype int64 cannot travel"),
        (returns(np.zeros(2, complex)), "an array of dtype complex128 cannot travel"),
        (returns(np.zeros(2), name="two words"), "an array called 'two words' cannot travel"),
        (returns("text"), "cannot travel"),
    ],
)
def test_what_cannot_be_answered_is_an_error(handler: Any, words: str) -> None:
    reply = answered(handler)
    assert reply.word == "error"
    assert words in reply.fields["message"]


@pytest.mark.parametrize("error", [ValueError("é" * MAX_LINE), NotImplementedError("é" * MAX_LINE)])
def test_a_long_message_is_cut(error: Exception) -> None:
    assert 500 < len(answered(raises(error)).fields["message"]) < 2000


@pytest.mark.parametrize(("error", "told"), [(Refusal("came None"), ""), (ValueError("came None"), "Traceback")])
def test_a_refusal_has_no_traceback(error: Exception, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    reply = answered(raises(error))
    assert (reply.word, reply.fields["message"].removeprefix("ValueError: ")) == ("error", "came None")
    assert capsys.readouterr().err[:9] == told


def test_what_is_not_there_is_unsupported() -> None:
    assert answered(returns(1.0), "sing").fields["message"] == "no operation sing"
    assert answered(raises(NotImplementedError("no sigmoid yet"))).word == "unsupported"


def test_a_port_may_have_an_exception_of_its_own_for_what_is_unsupported() -> None:
    for error, word in (LookupError("no sigmoid"), "unsupported"), (NotImplementedError("not yet"), "error"):
        [line, *_] = answer({"ask": raises(error)}, Message("ask"), unsupported=LookupError)
        assert bytes(line).startswith(word.encode())


@pytest.mark.parametrize("data", [b"no request at all\n", b"layer kind=relu arrays=x\n\x93NUMPY", b"\xff"])
def test_what_is_no_request_ends_the_port_with_one_line(data: bytes) -> None:
    command = [sys.executable, str(ports_folder() / "python" / "serve.py")]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.startswith(b"serve: ")
    assert len(done.stderr.splitlines()) == 1
