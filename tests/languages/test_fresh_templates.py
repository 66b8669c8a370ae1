"""`gradparity new`: a fresh port of every language says "not implemented" and nothing worse."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import required
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases import CaseSpec, draw
from gradparity.ports.build import StepFailed, ensure_built
from gradparity.ports.new import find_template, make_port
from gradparity.ports.session import Failure, PortFailure, Session
from gradparity.texts import last_lines
from made_ports import LANGUAGES, SPECS, Checked, refused

# The empty list of what is written, and one of functions that are not.
LISTED = {
    "go": ("[]string{}", '[]string{"myRelu", "myPredict", "myGradient"}'),
    "java": ("List.of()", 'List.of("relu", "predict", "gradient")'),
    "javascript": ("written = []", 'written = ["relu", "predict", "gradient"]'),
    "julia": ("Symbol[]", "[:relu, :predict, :gradient]"),
    "python": ("WRITTEN = []", 'WRITTEN = ["relu", "predict", "gradient"]'),
    "r": ("c()", 'c("relu", "predict_logits", "gradient")'),
}
COMPILED = [name for name in LANGUAGES if "[build]" in find_template(name).files("it")["port.toml"]]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """Every template as it is made."""
    folder = tmp_path_factory.mktemp("fresh")
    return Checked({name: make_port(find_template(name), folder / name) for name in LANGUAGES})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fresh_port_is_not_implemented_and_nothing_worse(language: str, fresh: Checked) -> None:
    _, results = fresh.of(language)
    assert len(results) == len(SPECS)
    assert {cell.verdict for result in results for cell in result.cells} == {Verdict.NOT_IMPLEMENTED}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fresh_port_names_the_function_and_the_file(language: str, fresh: Checked) -> None:
    fresh.of(language)
    about = find_template(language).about
    case = draw(CaseSpec(sizes=(5, 4, 3)), 0)
    with Session(fresh.ports[language].runners[0]) as session:
        assert session.hello.operations == {"hello", "load"}
        assert not session.hello.layers and not session.hello.optimizers
        session.request("load", case.fields, case.arrays)
        requests: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
            "gradient": ("gradient", {}, {}),
            "predict": ("predict", {}, {}),
            "accuracy": ("accuracy", {}, {}),
            "relu": ("layer", {"kind": "relu"}, {"x": case.x, "dout": case.x}),
            "sgd": ("update", {"optimizer": "sgd", "learning_rate": "1"}, {"p": case.x, "dp": case.x}),
            "momentum": ("update", {"optimizer": "momentum", "learning_rate": "1", "momentum": "1"}, {"p": case.x}),
        }
        for function, (word, fields, arrays) in requests.items():
            what = refused(session, Failure.UNSUPPORTED, word, fields, arrays)
            assert function in what.lower() and about.open in what, what
        assert "sing" in refused(session, Failure.UNSUPPORTED, "sing", {}, {})


@pytest.mark.parametrize("language", LISTED)
def test_what_is_listed_and_not_written_ends_no_session(language: str, tmp_path: Path) -> None:
    template = find_template(language)
    port = make_port(template, tmp_path / language)
    path = tmp_path / language / template.about.open
    empty, names = LISTED[language]
    assert empty in path.read_text()
    path.write_text(path.read_text().replace(empty, names))
    if port.runners[0].lacking and not required():
        pytest.skip(f"{', '.join(port.runners[0].lacking)} is not on PATH")
    ensure_built(port)
    case = draw(CaseSpec(sizes=(5, 4, 3)), 0)
    out = ((7, 3), np.float64)
    requests: list[tuple[str, dict[str, str], dict[str, Any], dict[str, Any]]] = [
        ("gradient", {}, {}, {"loss": ((), np.float64), "dW1": ((5, 4), np.float64)}),
        ("predict", {}, {}, {"out": out}),
        ("layer", {"kind": "relu"}, {"x": case.x, "dout": case.x}, {"out": out, "dx": out}),
    ]
    with Session(port.runners[0]) as session:
        assert "loaded" in refused(session, Failure.ERROR, "gradient", {}, {})
        session.request("load", case.fields, case.arrays)
        for word, fields, arrays, expect in requests:
            with pytest.raises(PortFailure) as caught:
                session.request(word, fields, arrays, expect)
            assert not caught.value.ends_session, caught.value
        session.request("null")


@pytest.mark.parametrize("language", COMPILED)
def test_a_build_that_fails_says_where_in_one_line(language: str, tmp_path: Path) -> None:
    template = find_template(language)
    port = make_port(template, tmp_path / language)
    path = tmp_path / language / template.about.open
    path.write_text(f"{path.read_text()}%\n")
    if port.runners[0].lacking and not required():
        pytest.skip(f"{', '.join(port.runners[0].lacking)} is not on PATH")
    with pytest.raises(StepFailed) as caught:
        ensure_built(port)
    last = len(path.read_text().splitlines())
    words = "\n".join(last_lines(caught.value.output))
    assert re.search(rf"\b{path.name}:{last}:.*\berror\b", words), words


@pytest.mark.parametrize("language", COMPILED)
def test_git_leaves_out_what_a_build_makes(language: str, fresh: Checked) -> None:
    fresh.of(language)
    folder = fresh.ports[language].folder
    for command in ("init --quiet", "add ."):
        subprocess.run(["git", *command.split()], cwd=folder, check=True, capture_output=True)
    listed = subprocess.run(["git", "ls-files"], cwd=folder, check=True, capture_output=True, text=True).stdout.split()
    assert set(listed) - {"Cargo.lock"} == set(find_template(language).files("it"))
