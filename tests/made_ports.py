"""Ports made by `gradparity new`, checked together: what the tests of the templates share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import PATIENCE, required
from gradparity.cases import CaseSpec
from gradparity.check.options import Options
from gradparity.check.records import CaseResult
from gradparity.check.run import run_check
from gradparity.ports.info import RunnerInfo, State
from gradparity.ports.manifest import Port
from gradparity.ports.new import find_template, make_port, templates
from gradparity.ports.session import Failure, PortFailure, Session

SOLUTIONS = Path(__file__).parent / "solutions"
LANGUAGES = list(templates())
# In these the type of all numbers is chosen in one place: as the template has it, and the other one.
SINGLE = {
    "c": ("typedef double my_real", "typedef float my_real"),
    "cpp": ("using Real = double", "using Real = float"),
    "go": ("type MyReal = float64", "type MyReal = float32"),
    "java": ("double", "float"),
    "rust": ("type Real = f64", "type Real = f32"),
}
FILLED = [*LANGUAGES, *(f"{language}-float32" for language in SINGLE)]
SPECS = [
    CaseSpec.model_validate({**keys, "dtype": dtype})
    for dtype in ("float64", "float32")
    for keys in (
        {"sizes": (6, 5, 4, 3), "batch": 2, "order": "F", "labels": "integer", "activation": "sigmoid"},
        {"sizes": (5, 4, 3), "epsilon": 1e-7},
        {"sizes": (6, 5, 1), "batch": 1},
        {"sizes": (5, 4, 3), "batch": 2, "activation": "tanh", "numerical": True},
        {
            "network": "2x5x6-convolution3k3x2s2p1-relu-max_pooling2s1p1-affine5-batch_norm-tanh-dropout0.3-affine4",
            "batch": 3,
            "weight_decay": 0.1,
        },
        {"network": "6-affine5-sigmoid-dropout-affine3-squared_error", "labels": "integer", "order": "F"},
    )
]


class Checked:
    """A check of some ports, by port."""

    def __init__(self, ports: dict[str, Port]) -> None:
        self.ports = ports
        self.sessions: dict[str, Session] = {}
        runners = [port.runners[0] for port in ports.values()]
        specs = {spec.name: spec for spec in SPECS}
        options = Options(seconds=PATIENCE, hello_seconds=PATIENCE)
        infos, self.results, _ = run_check(runners, specs, [0], options, lambda news: None)
        self.infos = {info.runner: info for info in infos}

    def of(self, name: str) -> tuple[RunnerInfo, list[CaseResult]]:
        """What one port said of itself, and its results; skips where its toolchain is not here."""
        info = self.infos[name]
        if info.state is State.NOT_AVAILABLE and not required():
            pytest.skip(f"{name}: {info.reason}")
        assert info.state is State.READY, f"{info.reason}\n{info.stderr}\n{info.hint}"
        return info, [result for result in self.results if result.runner == name]

    def session(self, name: str) -> Session:
        """A running session, one for all tests; skips like ``of``."""
        self.of(name)
        if name not in self.sessions:
            self.sessions[name] = Session(self.ports[name].runners[0], seconds=PATIENCE, hello_seconds=PATIENCE)
        return self.sessions[name]


def fill_in(name: str, folder: Path) -> Port:
    """The port with its one file filled in, "-float32" in single precision."""
    language, _, single = name.partition("-")
    template = find_template(language)
    port = make_port(template, folder, name)
    text = (SOLUTIONS / language / template.about.open).read_text()
    if single:
        double, float32 = SINGLE[language]
        assert double in text
        text = text.replace(double, float32)
    (folder / template.about.open).write_text(text)
    if (folder / "Cargo.toml").exists():  # a fifth of the time; a fresh port is built as the template says
        (folder / ".cargo").mkdir()
        (folder / ".cargo" / "config.toml").write_text("[profile.release]\nopt-level = 0\n")
    return port


def refused(session: Session, kind: Failure, word: str, fields: dict[str, str], arrays: dict[str, Any]) -> str:
    """What the port says to a request that it refuses in this way."""
    with pytest.raises(PortFailure) as caught:
        session.request(word, fields, arrays)
    assert caught.value.kind is kind, caught.value
    return caught.value.what
