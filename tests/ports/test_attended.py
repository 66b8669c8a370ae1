"""A session is started again where it broke, and given up where it breaks too often."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import RUNNERS
from gradparity.ports.attended import HEARD, Attended
from gradparity.ports.info import State
from gradparity.ports.session import Failure, Hello, PortFailure, Session

PYTHON = RUNNERS["python"]
HELLO: Hello


class Fake:
    """Stands for a session."""

    def __init__(self) -> None:
        self.closed = False
        self.hello = HELLO

    def close(self) -> None:
        self.closed = True

    abort = close


def failure(kind: Failure) -> PortFailure:
    return PortFailure("fake", "gradient", kind, "it was killed", "last words")


@pytest.fixture(scope="module", autouse=True)
def _hello() -> None:
    global HELLO
    with Session(PYTHON) as session:
        HELLO = replace(session.hello, name="fake")


def attended(limit: int | None = 2) -> Attended[Fake]:  # type: ignore[type-var]
    found = Attended(PYTHON, Fake, limit)  # type: ignore[type-var]
    assert found.ready() is None, "it was not started yet"
    assert found.start().state is State.READY
    return found


def test_what_did_not_end_the_session_leaves_it() -> None:
    one = attended()
    first = one.ready()
    one.failed(failure(Failure.ERROR))
    assert one.ready() is first and not one.broken[""] and one.last_words() == "last words"


def test_a_broken_one_is_closed_and_a_fresh_one_started() -> None:
    one = attended()
    first = one.ready()
    one.failed(failure(Failure.KILLED))
    assert first and first.closed and one.ready() is not first and not one.given_up()


def test_it_is_given_up_after_so_many_in_a_row() -> None:
    one = attended()
    for _ in range(2):
        assert one.ready()
        one.failed(failure(Failure.KILLED))
    assert one.given_up() == "the port broke 2 times" and one.ready() is None


def test_what_works_in_between_begins_the_count_anew() -> None:
    one = attended()
    for _ in range(5):
        assert one.ready()
        one.failed(failure(Failure.KILLED))
        assert one.ready()
        one.worked()
    assert not one.given_up()


def test_without_a_limit_it_is_always_started_again() -> None:
    one = attended(limit=None)
    for _ in range(20):
        assert one.ready()
        one.failed(failure(Failure.TIMED_OUT))
    assert one.ready() and not one.given_up()


def test_what_breaks_aside_is_started_again_and_does_not_count() -> None:
    one = attended(limit=1)
    with one.aside():
        one.failed(failure(Failure.KILLED))
        assert one.given_up()
    assert not one.given_up() and one.last_words() == "" and one.ready()


def test_what_broke_too_often_is_given_up_alone() -> None:
    one = attended()
    for _ in range(2):
        one.renewed(failure(Failure.KILLED), "sigmoid")
    assert one.given_up("sigmoid") == "the port broke 2 times with sigmoid"
    assert not one.given_up("relu") and one.ready()
    one.worked("relu")
    assert one.given_up("sigmoid")


def test_however_many_things_are_asked_there_is_an_end() -> None:
    one = attended()
    for at in range(HEARD * 2 - 1):
        one.renewed(failure(Failure.KILLED), f"layer {at}")
    with pytest.raises(PortFailure, match="it was killed"):
        one.renewed(failure(Failure.KILLED), "one more")
    assert one.given_up("any other") == f"the port broke {HEARD * 2} times in a row" and one.ready() is None


def test_after_an_abort_no_other_is_started() -> None:
    """Or else a layer that was being asked would be followed by the rest of its case, in a fresh session."""
    one = attended()
    one.abort()
    with pytest.raises(PortFailure, match="it was killed"):
        one.renewed(failure(Failure.KILLED), "sigmoid")
    assert one.ready() is None and one.given_up("relu") == "the check was interrupted"


def test_where_no_other_starts_the_first_failure_is_what_is_told() -> None:
    one, first = attended(), failure(Failure.KILLED)

    def broken() -> Fake:
        raise PortFailure("fake", "start", Failure.COULD_NOT_START, "no more")

    one.new_session = broken
    with pytest.raises(PortFailure) as caught:
        one.renewed(first, "sigmoid")
    assert caught.value is first
