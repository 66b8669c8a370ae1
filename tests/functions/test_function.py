"""What is declared of a function; each mistake is told with its file, line, function and argument."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from gradparity import function, integers
from gradparity.errors import UsageError
from gradparity.functions.function import Function
from gradparity.functions.loading import read_reference

HERE = Path(__file__)
FILE = HERE.parents[1] / "user_functions.py"


def test_a_declared_function_is_still_that_function() -> None:
    ridge = read_reference(FILE).functions["ridge"]
    assert set(ridge(np.eye(3), np.ones(3), 1.0)) == {"w", "loss"}
    assert np.array_equal(ridge(X=np.eye(3), y=np.ones(3), penalty=1.0)["w"], np.full(3, 0.5))


def test_its_signature_has_shapes_and_kinds() -> None:
    functions = read_reference(FILE).functions
    assert str(functions["ridge"].signature()) == "ridge(X[n, d], y[n], penalty) -> w[d], loss"
    pick = functions["pick"].signature()
    assert [one.kind for one in pick.inputs] == ["float", "boolean", "integer"]
    assert [(one.name, one.kind) for one in pick.results] == [
        ("out", "float"), ("count", "integer"), ("kept", "boolean")
    ]  # fmt: skip


def test_results_are_a_dict_a_dataclass_a_named_tuple_or_one_array() -> None:
    @dataclass
    class Both:
        mean: Any
        total: Any

    class Pair(NamedTuple):
        mean: Any
        total: Any

    makers: list[Callable[[Any], Any]] = [
        lambda x: {"mean": x.mean(), "total": x.sum()},
        lambda x: Both(x.mean(), x.sum()),
        lambda x: Pair(x.mean(), x.sum()),
    ]
    for make in makers:
        assert list(function(x="n")(make).results({"x": np.ones(3)})) == ["mean", "total"]
    assert list(function(x="n")(lambda x: x + 1).results({"x": np.ones(3)})) == ["result"]


def test_an_argument_with_a_default_may_stay_as_it_is() -> None:
    @function(x="n")
    def shifted(x: Any, by: float = 2.0) -> Any:
        return x + by

    assert list(shifted.inputs) == ["x"]


def declared(text: str, tmp_path: Path) -> str:
    """What is said of a reference file with this text."""
    path = tmp_path / "reference.py"
    path.write_text("import numpy as np\nfrom gradparity import *\nfrom gradparity import function\n" + text)
    with pytest.raises(UsageError) as caught:
        _signatures(path)
    said = str(caught.value)
    assert "\n" not in said
    return said


def _signatures(path: Path) -> list[Any]:
    return [one.signature() for one in read_reference(path).functions.values()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@function(x='n')\ndef f(x, y): return x\n", ":4: f: the argument y: declare its shape"),
        ("@function(x='n', z='n')\ndef f(x): return x\n", ":4: f: it has no argument z; it has x"),
        ("@function(x='n**2')\ndef f(x): return x\n", ":4: f: the argument x: expected sizes such as n, 3"),
        ("@function(z='n')\ndef f(x): return x\n", ":4: f: it has no argument z; it has x"),
        ("@function(x=('n', 'd'))\ndef f(x): return x\n", ":4: f: the argument x: expected a shape in one text"),
        ("@function(sizes='n')\ndef f(sizes): return sizes\n", "the argument sizes: @function(...) uses this name"),
        ("@function(x='n')\ndef f(x, *more): return x\n", "the argument *more: expected a fixed number"),
        ("@function\ndef f(x): return x\n", ":4: f: declare the shape of each argument: @function(x="),
        ("@function(x='n', sizes={'n': 5})\ndef f(x): return x\n", "sizes: n: expected the sizes it may have"),
        ("@function(x='n', sizes={'n': ()})\ndef f(x): return x\n", "sizes: n: expected the sizes it may have"),
        ("@function(x='n-7')\ndef f(x): return x\n", "f: a size is negative for n = 5: declare which may be"),
        (
            "@function(x=drawn('n', lambda rng, at: np.ones(3)))\ndef f(x): return x\n",
            "ValueError: expected shape (5,)",
        ),
        ("@function(x='n d', w='n')\ndef f(x, w): return x @ w\n", "; given x (5, 4), w (5,): @function(...) declares"),
        ("@function(x='n')\ndef f(x): return {'x y': x}\n", "expected names of results such as loss, got 'x y'"),
        ("f = function(x='n')(lambda x: x)\n", ":4: <lambda>: ports need its name"),
        ("@function(x='n')\ndef f(x): return x\n" * 2, ":7: f: line 5 has one of this name, too"),
        ("@function(x='n', sizes={'k': (1, 3)})\ndef f(x): return x\n", ":4: f: sizes: no shape has k; there are n"),
        ("@function(x='n', dtypes=('float16',))\ndef f(x): return x\n", "expected float64 and float32"),
        ("@function(x='n')\ndef f(x):\n    return x, x\n", "f: TypeError: expected a dict of results by name"),
        ("@function(x='n')\ndef f(x):\n    y = x + 1\n    return {'y': y @ np.ones(99)}\n", ":7: f: ValueError"),
        ("@function(x='n')\ndef f(x):\n    return {'y': x + 1j}\n", "f: the result y is complex128: give its real"),
        ("def f(x): return x\n", "it declares no function"),
        ("import nowhere\n", ":4: ModuleNotFoundError: No module named 'nowhere'"),
        ("def f(:\n", ":4: invalid syntax"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    assert said in declared(text, tmp_path)


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--reference .*: no such file"):
        read_reference(tmp_path / "reference.py")
    with pytest.raises(UsageError, match="--reference .*: expected a file, got a folder"):
        read_reference(tmp_path)


def test_first_sizes_differ_and_are_allowed() -> None:
    @function(x="n 4*k", y="k m", labels=integers("n", 0, "m"), sizes={"k": (1, 2), "m": range(4, 5)})
    def f(x: Any, y: Any, labels: Any) -> Any:
        return x

    assert isinstance(f, Function)
    assert f.first_sizes() == {"n": 5, "k": 1, "m": 4}
