"""What a compiled template tells of a wrong return, and of where and why it broke, where that is not plain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import required
from gradparity.cases import CaseSpec, draw
from gradparity.ports.build import ensure_built
from gradparity.ports.manifest import Port
from gradparity.ports.new import find_template
from gradparity.ports.session import Failure, PortFailure, Session
from made_ports import fill_in, refused

X = np.ones((2, 3))
AFFINE = {"x": X, "W": np.ones((3, 2)), "b": np.ones(2), "dout": np.ones((2, 2))}
CASE = draw(CaseSpec(sizes=(5, 4, 3), activation="sigmoid"), 0)


def rewritten(language: str, folder: Path, *edits: tuple[str, str]) -> Port:
    """The solution with these edits, not built yet; skips where its toolchain is not here."""
    port = fill_in(language, folder)
    if port.runners[0].lacking and not required():
        pytest.skip(f"{', '.join(port.runners[0].lacking)} is not on PATH")
    path = folder / find_template(language).about.open
    text = path.read_text()
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text)
    return port


def test_java_tells_what_came_for_what_and_what_was_the_cause(tmp_path: Path) -> None:
    broken = """static int rates() {
        double[] rates = null;
        try {
            return (int) rates[0]; // here
        } catch (Exception thrown) {
            throw new Error("mine", thrown);
        }
    }
    """
    port = rewritten(
        "java",
        tmp_path,
        ("return forward(W, b, activation, x, new double[W.length][][])[W.length - 1]", "return new double[2][]"),
        ("{out, dx};", "{out};"),
        ("return new Object[] {loss / x.length, y, dx};", "return null;"),
        ("{affineForward(x, W, b)", "{rates()"),
        ("/** YOURS: p <-", f"{broken}/** YOURS: p <-"),
    )
    ensure_built(port)
    told = {
        ("predict",): "expected the rows of out to be of one length, came [null]",
        ("layer", "relu"): "expected {out, dx}, came {double[2][]}",
        ("layer", "softmax_with_loss"): "softmaxWithLoss returned null",
    }
    arrays = {"x": X, "dout": X, "t": np.zeros(2, np.int32)}
    with Session(port.runners[0]) as session:
        session.request("load", CASE.fields, CASE.arrays)
        for (word, *kind), what in told.items():
            fields = {"kind": kind[0], "epsilon": "0"} if kind else {}
            assert refused(session, Failure.ERROR, word, fields, arrays if kind else {}) == what
        with pytest.raises(PortFailure, match=r"java\.lang\.Error: mine") as caught:
            session.request("layer", {"kind": "affine"}, AFFINE)
    *_, cause, outer, inner = caught.value.stderr.splitlines()
    line = (tmp_path / "MyNetwork.java").read_text().split("// here")[0].count("\n") + 1
    assert cause.startswith("caused by: java.lang.NullPointerException") and '"rates" is null' in cause
    assert "MyNetwork.affine" in outer and f"MyNetwork.rates(MyNetwork.java:{line})" in inner


@pytest.mark.parametrize(
    ("language", "edits", "gradient"),
    [
        (
            "java",
            (("{last[0], dW, db}", "{last[0], new java.util.HashMap<>()}"),),
            "expected {loss, dW, db} to be {double, double[2][][], double[2][]}, came {double, HashMap}",
        ),
        ("cpp", (("{loss, dW, db};", "{loss, dW, {}};"),), "expected as many db as dW, came 0 and 2"),
        (
            "rust",
            (("    (dx, dw, db)\n}", "    dw.data.push(0.0);\n    (dx, dw, db)\n}"),),
            "expected dW1 to hold 5 x 4 elements, came 21",
        ),
    ],
    ids=["java", "cpp", "rust"],
)
def test_a_gradient_that_is_none_is_told_as_that(
    language: str, edits: tuple[tuple[str, str], ...], gradient: str, tmp_path: Path
) -> None:
    port = rewritten(language, tmp_path, *edits)
    ensure_built(port)
    with Session(port.runners[0]) as session:
        session.request("load", CASE.fields, CASE.arrays)
        assert refused(session, Failure.ERROR, "gradient", {}, {}) == gradient


def test_go_tells_the_line_of_a_module_elsewhere(tmp_path: Path) -> None:
    use = ("out.Data[i], dx.Data[i] = v, dout.Data[i]", "out.Data[i], dx.Data[i] = v, net.At(dout.Data, 1000)")
    port = rewritten("go", tmp_path / "go", use, ('import "math"', 'import (\n\t"math"\n\t"net.org/net"\n)'))
    with (tmp_path / "go" / "go.mod").open("a") as file:
        file.write("require net.org/net v0.0.0\nreplace net.org/net => ../net\n")
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "go.mod").write_text("module net.org/net\n\ngo 1.22\n")
    (tmp_path / "net" / "net.go").write_text(
        "package net\n\nfunc At(data []float64, i int) float64 {\n\treturn data[i]\n}\n"
    )
    ensure_built(port)
    with Session(port.runners[0]) as session, pytest.raises(PortFailure) as caught:
        session.request("layer", {"kind": "relu"}, {"x": X, "dout": X})
    assert caught.value.stderr.splitlines()[-1].endswith("net/net.go:4 in net.org/net.At")
