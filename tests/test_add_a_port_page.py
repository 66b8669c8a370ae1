"""docs/add-a-port.md: its code is that of the solution that is checked. Its checks are run in tests/languages."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest
from add_a_port_page import GO, PAGE, blocks
from gradparity.cli import cli
from gradparity.ports.new import find_template
from made_ports import SOLUTIONS


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
