"""docs/add-a-port.md: the output on the page is what the checks print, and the usual mistakes are told as it says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from add_a_port_page import GO, PAGE, blocks
from conftest import required
from gradparity.cli import cli
from gradparity.ports.manifest import Port
from gradparity.ports.new import find_template
from made_ports import fill_in

ALL = GO[GO.index("var myWritten = []string{") :].partition("{")[2].partition("}")[0]
LAYERS = '"myAffine", "myRelu", "mySigmoid", "mySoftmaxWithLoss"'
CHECK = ("check", "--port", "my-net", "--case", "random-9-6-4-*-n7-float64")
# What the page has in my_network.go at each check, as replacements in the solution, by a line of that check's output.
STAGES = {
    "incomplete - 1 runner": [(ALL, '"nothing"')],
    "agreement - 1 runner x 2 cases: 1 identical": [(ALL, '"myRelu"')],
    "index out of range": [(ALL, '"myRelu"'), ("= v, dout.Data[i]", "= v, dout.Data[i+len(x.Data)]")],
    "first at softmax backward dx": [(ALL, LAYERS), ("= p / MyReal(x.Rows)", "= p")],
    "100 %  identical\n        state": [(ALL, f'{LAYERS}, "myPredict", "myAccuracy"')],
    "first at gradient dW1": [
        (ALL, f'{LAYERS}, "myPredict", "myAccuracy", "myGradient"'),
        ("} else if y == 0 {", "} else if y < 0 {"),
    ],
    "agreement - 1 runner x 2 cases: 2 rounding": [(ALL, f'{LAYERS}, "myPredict", "myAccuracy", "myGradient"')],
}


def my_net(language: str) -> Port:
    """The language's solution, in the folder and under the name that the page has."""
    port = fill_in(language, Path("my-net"))
    path = Path("my-net", "port.toml")
    path.write_text(path.read_text().replace(f'name = "{language}"', 'name = "my-net"'))
    return port


def shape(text: str) -> list[str]:
    """The lines with each number as #, as the last digits are another machine's; without spaces that align columns."""
    return [" ".join(re.sub(r"-?\d[\d.]*(e[+-]?\d+)?", "#", line).split()) for line in text.splitlines()]


@pytest.mark.parametrize("line", STAGES)
def test_what_a_check_prints(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not shutil.which("go") and not required():
        pytest.skip("go is not on PATH")
    [block] = [block for block in blocks("console") if line in block]
    monkeypatch.chdir(tmp_path)
    my_net("go")
    text = GO
    for right, other in STAGES[line]:
        assert right in text
        text = text.replace(right, other)
    Path("my-net/my_network.go").write_text(text.replace('"nothing"', ""))
    capsys.readouterr()
    cli.main(CHECK, standalone_mode=False)
    printed = shape(capsys.readouterr().out)
    for expected in shape(block):
        assert expected in printed or expected in ("", "...") or expected.startswith("$ gradparity"), expected


# A row of the table of mistakes, and what brings it about: language, edits of the solution, case.
SINGLE = "random-9-6-4-relu-n7-float32"
MISTAKES = {
    "my-net failed: myWritten in my_network.go: expected functions of that file, came affine": (
        "go", ('"myAffine", "myRelu"', '"affine", "myRelu"'), CHECK[-1]
    ),
    "my-net failed: build:": ("go", ("for i := range p {", "for i = range p {"), CHECK[-1]),
    "dW1: expected float32 (9, 6), came float64 (9, 6)": (
        "python", ("inputs[i].T @ dout", "(inputs[i].T @ dout).astype(float)"), SINGLE
    ),
    "predict: out: expected float64 (7, 4), came float64 (4, 7)": (
        "python", ("return forward(net, x)[1][-1]", "return forward(net, x)[1][-1].T"), CHECK[-1]
    ),
    "loss=inf, but should be 256.71791052963613": (
        "python", ("log_p[rows, t]\n", "np.log(y[rows, t])\n"), "random-9-6-4-relu-n7-float64-saturated"
    ),
    "another activation: relu, where the case has sigmoid": (
        "python", ("ACTIVATIONS[net.activation](", "relu("), "random-9-6-4-sigmoid-n7-float64"
    ),
    "layer: it was killed by SIGSEGV": ("c", ("activate(1, x[i])", "activate(1, x[i + 100000000])"), CHECK[-1]),
}  # fmt: skip


@pytest.mark.parametrize("told", MISTAKES)
def test_the_messages_of_the_usual_mistakes_are_real(
    told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    language, (right, wrong), case = MISTAKES[told]
    monkeypatch.chdir(tmp_path)
    port = my_net(language)
    if port.runners[0].lacking and not required():
        pytest.skip(f"{', '.join(port.runners[0].lacking)} is not on PATH")
    path = Path("my-net", find_template(language).about.open)
    assert right in path.read_text() and told in PAGE
    path.write_text(path.read_text().replace(right, wrong))
    cli.main(("check", "--port", "my-net", "--case", case), standalone_mode=False)
    assert told in capsys.readouterr().out


def test_the_green_gradient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not shutil.which("go") and not required():
        pytest.skip("go is not on PATH")
    monkeypatch.chdir(tmp_path)
    my_net("go")
    assert cli.main(("check", "--port", "my-net"), standalone_mode=False) == 0
    [block] = [block for block in blocks("console") if block.startswith("$ gradparity check --port my-net\n")]
    assert shape(block)[-1] in shape(capsys.readouterr().out)
