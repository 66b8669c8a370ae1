"""The changes of a reference: which there are, and that each is the text that is run."""

from __future__ import annotations

import pytest
from gradparity.functions.mutations import mutations, reached


def changes(body: str, head: str = "def f(x, y):") -> list[str]:
    """Those of a function with this body."""
    source = f"{head}\n    {body}\n"
    found = list(mutations(source, {"f"}))
    for one in found:
        compile(one.source, "f.py", "exec")
        assert one.source.count("\n") == source.count("\n") and " ".join(one.changed.split()) in one.source
    return [str(one) for one in found]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x + y", ["x + y -> x - y", "x + y -> x", "x + y -> y"]),
        ("return x / y", ["x / y -> x * y", "x / y -> x"]),
        ("return (x + 1) * y", [
            "(x + 1) * y -> (x + 1) / y", "(x + 1) * y -> (x + 1)", "(x + 1) * y -> y",
            "x + 1 -> x - 1", "x + 1 -> x", "x + 1 -> 1", "1 -> 0",
        ]),
        ("return x <= y", ["x <= y -> x < y"]),
        ("return x.sum(axis=0, keepdims=True)", [
            "x.sum(axis=0, keepdims=True) -> x.mean(axis=0, keepdims=True)", "0 -> 1",
        ]),
        ("return np.maximum(x, 0.5)", [
            "np.maximum(x, 0.5) -> np.minimum(x, 0.5)", "np.maximum(x, 0.5) -> x", "np.maximum(x, 0.5) -> 0.5",
            "0.5 -> -0.5",
        ]),
        ("return abs(-x.T)", ["abs(-x.T) -> (-x.T)", "-x.T -> x.T", "x.T -> x"]),
        ("return x.exp().var()", [
            "x.exp().var() -> x.exp().std()", "x.exp().var() -> x.exp().var(ddof=1)", "x.exp() -> x.expm1()",
        ]),
        ("x[1:] += y[:3]", [
            "x[1:] += y[:3] -> x[1:] -= y[:3]", "x[1:] += y[:3] -> pass", "1: -> 1:-1", "1 -> 0", ":3 -> 1:3", "3 -> 4",
        ]),
        ("return 'é' + x * y", [  # columns count bytes
            "'é' + x * y -> 'é' - x * y", "'é' + x * y -> 'é'", "'é' + x * y -> (x * y)",
            "x * y -> x / y", "x * y -> x", "x * y -> y",
        ]),
        ("raise ValueError(f'{x + 1}: {y}')", []),
        ("while x < 3: break", []),
    ],
)  # fmt: skip
def test_each_is_one_small_change(body: str, expected: list[str]) -> None:
    assert changes(body) == expected


def test_defaults_are_changed_and_declarations_are_not() -> None:
    assert changes("return x", "@function(x='n', y=floats('', 0, 1))\ndef f(x, y: 3 = 1e-5) -> 4:") == [
        "1e-5 -> -1e-05"
    ]


def test_what_a_function_reaches() -> None:
    source = "def a(): b()\ndef b(): return C, a\nclass C: pass\ndef d(): a()\nNUMBER = 1 + 2\n"
    assert reached(source, "a") == {"a", "b", "C"} and reached(source, "NUMBER") == set()
    assert {one.owner for one in mutations(source.replace("pass", "n = 1"), {"a", "C"})} == {"C"}
