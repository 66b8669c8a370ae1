"""`gradparity new --reference` and `gradparity check --reference`, as a user runs them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import Gradparity
from made_function_ports import REFERENCE, SOLUTIONS


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gradparity: Gradparity) -> Path:
    """A user's folder: a reference, and a port of it."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(REFERENCE, "reference.py")
    made = gradparity("new", "--language", "python", "--reference", "reference.py", "mine")
    assert made.returncode == 0, made.stderr
    assert "gradparity check --reference reference.py --port mine" in made.stdout
    return tmp_path


def fill_in() -> None:
    shutil.copy(SOLUTIONS / "python" / "functions.py", "mine/functions.py")


def test_a_fresh_port_is_not_implemented_function_by_function(here: Path, gradparity: Gradparity) -> None:
    found = gradparity("check", "--reference", "reference.py", "--port", "mine", "--case", "*-n5-*")
    assert found.returncode == 3
    assert "not implemented" in found.stdout
    assert "how far" not in found.stdout  # that is the network's ladder


def test_filled_in_it_agrees_and_the_reference_is_told_to_be_sound(here: Path, gradparity: Gradparity) -> None:
    fill_in()
    found = gradparity("check", "--reference", "reference.py", "--port", "mine", "--case", "*-n5-*")
    assert found.returncode == 0, found.stderr
    assert "the reference repeats (3 functions)" in found.stdout
    for function in ("ridge", "outer3", "pick"):
        assert f"{function} results" in found.stdout


def test_a_failure_comes_with_a_command_that_shows_the_smallest_one(here: Path, gradparity: Gradparity) -> None:
    fill_in()
    path = Path("mine/functions.py")
    path.write_text(path.read_text().replace("penalty * np.sum(w * w)", "np.sum(w * w)"))
    words = ["check", "--reference", "reference.py", "--port", "mine", "--json"]
    found = gradparity(*words, "--case", "ridge-n5-d4-float64")
    assert found.returncode == 1
    [case] = json.loads(found.stdout)["cases"]
    assert case["diagnoses"][0]["where"] | {"phase": None} == {
        "operation": "call", "layer": "ridge", "array": "loss", "phase": None, "asked": "in the pass"
    }  # fmt: skip
    again = case["smallest"]["command"].split()[1:]
    assert again[:5] == ["check", "--reference", "reference.py", "--port", "mine:native"]
    assert gradparity(*(word.strip("'") for word in again)).returncode == 1


def test_cases_that_say_nothing_are_left_out_with_the_reason(here: Path, gradparity: Gradparity) -> None:
    Path("reference.py").write_text(
        "import numpy as np\nfrom gradparity import function\n\n"
        "@function(x='n n')\ndef inverse(x):\n    return np.linalg.inv(x)\n"
    )
    Path("mine/functions.py").write_text(
        "import numpy as np\nDTYPES = ['float64']\n"
        "def inverse(x):\n    return {'result': np.linalg.solve(x, np.eye(len(x)))}\nFUNCTIONS = [inverse]\n"
    )
    found = gradparity("check", "--reference", "reference.py", "--port", "mine", "--case", "inverse-n5-*")
    assert found.returncode == 0, found.stderr
    assert "left out: inverse-n5-float64-zero-rows: " in found.stdout
    assert "LinAlgError" in found.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--reference", "nowhere.py", "--port", "mine"], "nowhere.py: no such file"),
        (["--reference", "reference.py"], "name the ports of these functions, with --port"),
        (["--reference", "reference.py", "--port", "mine", "--case", "ridge"], "no such case; there are ridge-n5"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(here: Path, gradparity: Gradparity, words: list[str], said: str) -> None:
    found = gradparity("check", *words)
    assert found.returncode == 2
    assert said in found.stderr


def test_a_port_that_breaks_is_told_and_the_others_are_asked(here: Path, gradparity: Gradparity) -> None:
    fill_in()
    path = Path("mine/functions.py")
    path.write_text(path.read_text().replace("out = x[order].copy()", "import os; os.abort()"))
    found = gradparity("check", "--reference", "reference.py", "--port", "mine", "--case", "*-n5-*-float64")
    assert found.returncode == 3
    assert "could not run" in found.stdout
    assert "killed by SIGABRT" in found.stdout
    assert "ridge results" in found.stdout


@pytest.mark.parametrize("breaks", ["where it is small", "always"])
def test_who_breaks_in_smaller_cases_or_in_one_function_is_asked_for_the_others(
    here: Path, gradparity: Gradparity, breaks: str
) -> None:
    fill_in()
    path = Path("mine/functions.py")
    broken = "len(X) == 5 or os.abort()" if breaks == "where it is small" else "os.abort()"
    wrong = path.read_text().replace("    low = ", f"    import os; {broken}\n    low = ", 1)
    path.write_text(wrong.replace("penalty * np.sum(w * w)", "np.sum(w * w)"))
    found = gradparity("check", "--reference", "reference.py", "--port", "mine", "--case", "*-n5-*-float64", "--json")
    cases = json.loads(found.stdout)["cases"]
    untried = {case["function"] for case in cases if "not tried" in str(case["cells"])}
    assert untried == (set() if breaks == "where it is small" else {"ridge"})
