"""docs/add-a-port.md: its code is that of the solution that is checked, and its output what the commands print."""

from __future__ import annotations

import difflib
import re
import shutil
from pathlib import Path

import pytest
from conftest import required
from gradparity.cli import cli
from gradparity.new import find_template
from made_ports import SOLUTIONS, fill_in

PAGE = (Path(__file__).parents[1] / "docs" / "add-a-port.md").read_text(encoding="utf-8")
GO = (SOLUTIONS / "go" / "my_network.go").read_text()
ALL = '"myAffine", "myRelu", "mySigmoid", "mySoftmaxWithLoss", "myPredict", "myGradient", "mySgd"'
LAYERS = '"myAffine", "myRelu", "mySigmoid", "mySoftmaxWithLoss"'
CHECK = ("check", "--port", "my-net", "--case", "random-9-6-4-*-n7-float64")
# What the page has in my_network.go at each check, as replacements in the solution, by a line of that check's output.
STAGES = {
    "incomplete - 1 runner": [(ALL, '"nothing"')],
    "agreement - 1 runner x 2 cases: 2 identical": [(ALL, '"myRelu"')],
    "index out of range": [(ALL, '"myRelu"'), ("= v, dout.Data[i]", "= v, dout.Data[i+len(x.Data)]")],
    "first at softmax backward dx": [(ALL, LAYERS), ("= p / MyReal(x.Rows)", "= p")],
    "100 %  identical\n        state": [(ALL, f'{LAYERS}, "myPredict"')],
    "first at gradient db1": [(ALL, f'{LAYERS}, "myPredict", "myGradient"'), ("} else if y == 0 {", "} else if y < 0 {")],
    "agreement - 1 runner x 2 cases: 2 rounding": [(ALL, f'{LAYERS}, "myPredict", "myGradient"')],
}


def blocks(kind: str) -> list[str]:
    """The page's blocks of this kind."""
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def shape(text: str) -> list[str]:
    """The lines with each number as #, as the last digits are another machine's; without spaces that align columns."""
    return [" ".join(re.sub(r"-?\d[\d.]*(e[+-]?\d+)?", "#", line).split()) for line in text.splitlines()]


def test_its_code_is_what_is_checked() -> None:
    assert len(blocks("go")) == 5
    assert all(block in GO for block in blocks("go"))


@pytest.mark.parametrize("language", ["go", "c", "python"])
def test_the_line_counts_are_those_of_the_solutions(language: str) -> None:
    about = find_template(language)
    before = about.files("x")[about.about.open].splitlines()
    after = (SOLUTIONS / language / about.about.open).read_text().splitlines()
    added = sum(line.startswith("+ ") for line in difflib.ndiff(before, after))
    told = re.search(rf"(\d+)( lines to write)? in {find_template(language).about.language}\b", PAGE)
    assert told and int(told[1]) == added


def test_what_new_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    cli.main(["new", "--language", "go", "my-net"], standalone_mode=False)
    printed = [line for line in capsys.readouterr().out.splitlines() if "not on PATH" not in line]
    assert ["$ gradparity new --language go my-net", *printed] == blocks("console")[0].splitlines()


@pytest.mark.parametrize("line", STAGES)
def test_what_a_check_prints(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not shutil.which("go") and not required():
        pytest.skip("go is not on PATH")
    [block] = [block for block in blocks("console") if line in block]
    monkeypatch.chdir(tmp_path)
    fill_in("go", Path("my-net"))
    text = GO
    for right, other in STAGES[line]:
        assert right in text
        text = text.replace(right, other)
    Path("my-net/my_network.go").write_text(text.replace('"nothing"', ""))
    Path("my-net/port.toml").write_text(Path("my-net/port.toml").read_text().replace('"go"\n', '"my-net"\n'))
    capsys.readouterr()
    cli.main(CHECK, standalone_mode=False)
    printed = shape(capsys.readouterr().out)
    for expected in shape(block):
        assert expected in printed or expected in ("", "...") or expected.startswith("$ gradparity"), expected
