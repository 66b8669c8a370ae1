"""The sessions in docs/protocol.md are played to every runner, so the page cannot rot."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import RUNNERS, Sessions
from example_session import OF_ANY_LAYERS, SESSION, Line
from gradparity.ports.session import Failure, PortFailure, Session

ULPS = 64


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
        limit = ULPS * np.finfo(np.float64).eps * max(1.0, np.max(abs(array)))
        assert np.max(abs(came.arrays[name] - array)) <= limit, f"{request.word} {name}"


@pytest.mark.parametrize("label", RUNNERS)
def test_every_runner_answers_as_the_page_says(label: str, sessions: Sessions) -> None:
    session = sessions.get(label)
    for request, reply in SESSION:
        play(session, request, reply)


@pytest.mark.parametrize("label", RUNNERS)
def test_every_runner_takes_networks_of_any_layers_as_the_page_says(label: str, sessions: Sessions) -> None:
    session = sessions.get(label)
    for request, reply in OF_ANY_LAYERS:
        play(session, request, reply)
