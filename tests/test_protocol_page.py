"""docs/protocol.md opens with a complete session. It is played here to every runner, so the page cannot rot."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from conftest import RUNNERS, Sessions
from gradparity.session import Failure, PortFailure, Session

PAGE = Path(__file__).parents[1] / "docs" / "protocol.md"
ULPS = 16


@dataclass
class Line:
    """One line of the session with its arrays."""

    word: str
    fields: dict[str, str]
    names: list[str]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def read_session() -> list[tuple[Line, Line]]:
    """The requests and the replies to them."""
    [block] = re.findall(r"```session\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    lines: list[Line] = []
    for text in block.splitlines():
        if text[0] in "<>":
            word, *pairs = text[2:].split(" ")
            fields = dict(pair.split("=", 1) for pair in pairs)
            names = fields.pop("arrays").split(",") if "arrays" in fields else []
            lines.append(Line(word, fields, names))
        else:
            match = re.fullmatch(r"    (\S+) (\w+) \(([\d, ]*)\)( [CF])?: (.*)", text)
            assert match, f"{PAGE.name}: cannot read {text!r}"
            name, dtype, sizes, order, numbers = match.groups()
            shape = tuple(int(size) for size in sizes.split(",") if size.strip())
            array = np.array(numbers.replace("*", "nan").split(), dtype).reshape(shape)
            lines[-1].arrays[name] = np.asfortranarray(array) if order == " F" else array
    return list(zip(lines[::2], lines[1::2], strict=True))


SESSION = read_session()


def play(session: Session, request: Line, reply: Line) -> None:
    """Ask, and compare the reply's word, fields and arrays."""
    assert request.names == list(request.arrays)
    assert reply.names == list(reply.arrays)
    expect = {name: (array.shape, array.dtype) for name, array in reply.arrays.items()}
    if reply.word != "ok":
        with pytest.raises(PortFailure) as caught:
            session.request(request.word, request.fields, request.arrays)
        assert caught.value.kind is {"error": Failure.ERROR, "unsupported": Failure.UNSUPPORTED}[reply.word]
        assert caught.value.what
        return
    came = session.request(request.word, request.fields, request.arrays, expect)
    assert set(came.fields) >= set(reply.fields)
    assert all(value in ("*", came.fields[key]) for key, value in reply.fields.items())
    for name, array in reply.arrays.items():
        if np.isnan(array).all():  # "*": any positive number
            assert np.all(came.arrays[name] > 0), f"{request.word} {name}"
            continue
        limit = ULPS * np.finfo(np.float64).eps * np.max(abs(array))
        assert np.max(abs(came.arrays[name] - array)) <= limit, f"{request.word} {name}"


def test_the_page_holds_a_session_of_every_operation() -> None:
    asked = {request.word for request, _ in SESSION}
    assert asked >= {"hello", "load", "layer", "inputs", "predict", "accuracy", "gradient", "time", "null"}
    assert {reply.word for _, reply in SESSION} == {"ok", "error", "unsupported"}


@pytest.mark.parametrize("label", RUNNERS)
def test_every_runner_answers_as_the_page_says(label: str, sessions: Sessions) -> None:
    session = sessions.get(label)
    for request, reply in SESSION:
        play(session, request, reply)


def test_the_page_names_every_field_of_hello() -> None:
    hello = SESSION[0][1].fields
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"`{key}`" in text for key in hello)
