"""docs/protocol.md opens with a complete session, of every operation; tests/languages plays it to every runner."""

from __future__ import annotations

from example_session import PAGE, SESSION


def test_the_page_holds_a_session_of_every_operation() -> None:
    asked = {request.word for request, _ in SESSION}
    assert asked >= {"hello", "load", "layer", "inputs", "predict", "accuracy", "gradient", "time", "null"}
    assert {reply.word for _, reply in SESSION} == {"ok", "error", "unsupported"}


def test_the_page_names_every_field_of_hello() -> None:
    hello = SESSION[0][1].fields
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"`{key}`" in text for key in hello)
