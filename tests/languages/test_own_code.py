"""A user's own code in a template: a crash is told with its line, prints come out, names meet none of ours."""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from conftest import required
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases import CaseSpec, draw
from gradparity.check.options import Options
from gradparity.check.run import run_check
from gradparity.ports.build import ensure_built
from gradparity.ports.manifest import Port, read_port
from gradparity.ports.new import find_template, make_port
from gradparity.ports.session import Failure, PortFailure, Session
from gradparity.suite import default_suite
from gradparity.texts import last_lines
from made_ports import LANGUAGES, fill_in, refused

X = np.ones((2, 3))
PRINTED = "seen by me"
OWN_C = Path(__file__).parents[1] / "own_c"
PAGE = (Path(__file__).parents[2] / "docs" / "add-a-port.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Own:
    """Edits of a solution: relu breaks, sigmoid prints and dies, no network is supported; and files beside it."""

    breaks: tuple[str, str]
    prints: tuple[str, str]
    yes: str = "return true"
    no: str = "return false"
    more: tuple[tuple[str, str], ...] = ()
    files: Callable[[Path], dict[str, str]] = field(default=lambda folder: {})


def c_header(folder: Path) -> dict[str, str]:
    """A header in which every name of the template is taken, without its prefix."""
    paths = (folder / "serve.c", folder / "my_network.c", *folder.glob("protocol/*.h"))
    text = "".join(path.read_text() for path in paths)
    functions = sorted(set(re.findall(r"\b(?:gp|my)_(\w+)", text)) - {"tanh"})  # which is C's own
    types = sorted(set(re.findall(r"\b(?:Gp|My)([A-Z]\w+)", text)))
    assert {"relu", "real", "train", "refuse"} <= set(functions) and {"Network", "Message"} <= set(types)
    lines = [*(f"int {name}(void);" for name in functions), *(f"typedef struct {name} {name};" for name in types)]
    return {"net.h": "\n".join(lines)}


def cpp_header(folder: Path) -> dict[str, str]:
    """The same; here the names stand in namespaces."""
    paths = (folder / "serve.cpp", folder / "my_network.hpp", *folder.glob("protocol/*.[ch]pp"))
    text = "".join(path.read_text() for path in paths)
    found = set(re.findall(r"^ *(?:static |inline )*[\w:<>]+[\w:<>,*& ]*[ *&](\w+)\(", text, re.MULTILINE))
    types = sorted(set(re.findall(r"^(?:class|struct|using) (\w+)(?= =| \{| :)", text, re.MULTILINE)))
    functions = sorted(found - {"main", "operator", *types})
    assert {"relu", "train", "answer", "split"} <= set(functions)
    assert {"Network", "Matrix", "Real", "Message", "Port"} <= set(types)
    lines = [*(f"int {name}(...);" for name in functions), *(f"struct {name} {{}};" for name in types)]
    return {"net.hpp": "\n".join(lines)}


def go_file(folder: Path) -> dict[str, str]:
    """A second file of the package with every name of the template, without its prefix."""
    text = "".join((folder / name).read_text() for name in ("serve.go", "my_network.go"))
    found = re.findall(r"^(?:func|type|var|const) (?:gp|my|Gp|My)(\w+)", text, re.MULTILINE)
    taken = set(re.findall(r"^(?:func|type|var|const) (\w+)", text, re.MULTILINE))
    names = {*found, *(name[0].lower() + name[1:] for name in found)} - taken
    assert {"relu", "Network", "train", "need"} - names == {"train"}
    return {"net.go": "package main\n\n" + "\n".join(f"func {name}() {{}}" for name in sorted(names)) + "\n"}


def r_file(folder: Path) -> dict[str, str]:
    """A file to source that takes every name of the plumbing."""
    text = "".join(path.read_text() for path in (folder / "serve.R", *folder.glob("protocol/*.R")))
    names = re.findall(r"^(\w+) <- ", text, re.MULTILINE)
    assert {"port", "answer", "layer_call", "mine"} <= set(names)
    return {"net.R": "\n".join(f'{name} <- "taken"' for name in names) + "\n"}


def rust_crate(folder: Path) -> dict[str, str]:
    """A crate where cargo would put one of a registry, and the port's dependency on it."""
    cargo, crate = (folder / "Cargo.toml").read_text(), "registry/src/theirs"
    return {
        "Cargo.toml": cargo.replace("[dependencies]\n", f'[dependencies]\ntheirs = {{ path = "{crate}" }}\n'),
        f"{crate}/Cargo.toml": '[package]\nname = "theirs"\nversion = "0.1.0"\nedition = "2021"\n',
        f"{crate}/src/lib.rs": "pub fn at(data: &[f64], i: usize) -> f64 {\n    data[i]\n}\n",
    }


SANITIZED = ('"-O2"', '"-g", "-fsanitize=address,undefined"')
OWN = {
    "c": Own(
        ("out[i] = activate(1, x[i]);", "out[i] = activate(1, x[i + n]);"),
        ("out[i] = activate(0, x[i]);", f'if (printf("{PRINTED}\\n")) abort();'),
        "*net) {\n    return 1;",
        "*net) {\n    return 0;",
        (("/* YOURS: the type", '#include "net.h"\n/* YOURS: the type'),),
        c_header,
    ),
    "cpp": Own(
        ("out.data[i] = x.data[i] <= 0 ? 0 : x.data[i];", "out.data[i] = x.data.data()[i + x.data.size()];"),
        ("out.data[i] = 1 / (1", f'std::cout << "{PRINTED}\\n", std::abort();\n        out.data[i] = 1 / (1'),
        more=(("namespace mine {", '#include "net.hpp"\nnamespace mine {'),),
        files=cpp_header,
    ),
    "go": Own(
        ("out.Data[i], dx.Data[i] = v, dout.Data[i]", "out.Data[i], dx.Data[i] = v, dout.Data[i+1000]"),
        ("y := 1 / (1 +", f'fmt.Println("{PRINTED}")\n\t\tos.Exit(1)\n\t\ty := 1 / (1 +'),
        more=(('import "math"', 'import (\n\t"fmt"\n\t"math"\n\t"os"\n)'),),
        files=go_file,
    ),
    "java": Own(
        ("out[i][j] = x[i][j] <= 0 ? 0 : x[i][j];", "out[i][j] = x[i][j + 1000];"),
        ("1 / (1 + Math.exp(", "end() / (1 + Math.exp("),
        more=(
            (
                "    /** YOURS: p <-",
                f'    static int end() {{\n        System.out.println("{PRINTED}");\n'
                "        Runtime.getRuntime().halt(1);\n        return 1;\n    }\n\n    /** YOURS: p <-",
            ),
        ),
    ),
    "javascript": Own(
        ("(v) => (v <= 0 ? 0 : v)", "(v) => x.rows[v].length"),
        ("(v) => 1 / (1", f'(v) => console.log("{PRINTED}") || process.kill(process.pid, "SIGKILL") / (1'),
    ),
    "julia": Own(
        ("max.(x, 0), ifelse", "x[1000, 1], ifelse"),
        ("out = 1 ./ (1", f'println("{PRINTED}")\n    ccall(:abort, Cvoid, ())\n    out = 1 ./ (1'),
        "    true\n",
        "    false\n",
    ),
    "python": Own(
        ("return np.maximum(x, 0)", "return x[1000]"),
        ("out = 1 / (1 + np", f'print("{PRINTED}")\n    __import__("os").abort()\n    out = 1 / (1 + np'),
        "return True",
        "return False",
    ),
    "r": Own(
        ("list(out = ifelse(x <= 0, 0, x)", "list(out = x[[1000]]"),
        ("out <- 1 / (1", f'cat("{PRINTED}\\n")\n  tools::pskill(Sys.getpid(), 9)\n  out <- 1 / (1'),
        "  TRUE\n",
        "  FALSE\n",
        (("\nwritten <-", '\nsource("net.R")\nwritten <-'),),
        r_file,
    ),
    "rust": Own(
        (
            "(map2(x, x, |x, _| if x <= 0.0 { 0.0 } else { x }),",
            "(map2(x, x, |_, _| theirs::at(&dout.data, dout.data.len())),",
        ),
        (
            "let out = map2(x, x, |x, _| 1.0",
            f'println!("{PRINTED}");\n    std::process::abort();\n    let out = map2(x, x, |x, _| 1.0',
        ),
        "    true\n",
        "    false\n",
        files=rust_crate,
    ),
}


# Where the setting's type is text. Elsewhere a number does as well.
EPSILON = dict.fromkeys(("c", "cpp", "java", "rust"), '"1e-7"')


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Port]:
    """The port of a language with the edits, built where it is asked for first."""
    ports: dict[str, Port] = {}

    def make(language: str) -> Port:
        if language not in ports:
            ports[language] = edited(language, tmp_path_factory.mktemp("own") / language)
        return ports[language]

    return make


def edited(language: str, folder: Path) -> Port:
    own, port = OWN[language], fill_in(language, folder)
    path = folder / find_template(language).about.open
    if port.runners[0].lacking and not required():
        pytest.skip(f"{', '.join(port.runners[0].lacking)} is not on PATH")
    text = path.read_text()
    for old, new in (own.breaks, own.prints, (own.yes, own.no), *own.more):
        assert old in text, old
        text = text.replace(old, new, 1)
    for name, content in own.files(folder).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    path.write_text(re.sub('((?:=|<-) )"any"', rf"\g<1>{EPSILON.get(language, '1e-7')}", text))
    (folder / "port.toml").write_text((folder / "port.toml").read_text().replace(*SANITIZED))
    port = read_port(folder)
    ensure_built(port)
    return port


def failed(port: Port, kind: str) -> PortFailure:
    """The failure of this layer, in a process of its own."""
    with Session(port.runners[0]) as session, pytest.raises(PortFailure) as caught:
        session.request("layer", {"kind": kind}, {"x": X, "dout": X})
    return caught.value


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_crash_ends_with_the_users_line(language: str, made: Callable[[str], Port]) -> None:
    port = made(language)
    path = port.folder / find_template(language).about.open
    [line] = [at for at, text in enumerate(path.read_text().splitlines(), start=1) if OWN[language].breaks[1] in text]
    words = "\n".join(last_lines(failed(port, "relu").stderr))
    last = [
        text for text in words.splitlines() if re.search(r"\b(my_network|MyNetwork|serve|Serve|main)\b\.\w+\W", text)
    ][-1]
    assert re.search(rf"\b{re.escape(path.name)}\b.*\b{line}\b", last), words


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_printed_before_the_process_died_is_not_lost(
    language: str, made: Callable[[str], Port], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    failure = failed(made(language), "sigmoid")
    assert failure.ends_session and PRINTED in failure.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_settings_hold_its_epsilon_and_the_networks_that_it_cannot_be(
    language: str, made: Callable[[str], Port]
) -> None:
    case = draw(CaseSpec(sizes=(5, 4, 3)), 0)
    with Session(made(language).runners[0]) as session:
        assert session.hello.epsilon == 1e-7
        what = refused(session, Failure.UNSUPPORTED, "load", case.fields, case.arrays)
        assert "supports" in what.lower() and find_template(language).about.open in what, what
        assert "loaded" in refused(session, Failure.ERROR, "gradient", {}, {})


def test_a_network_that_was_there_before_is_called_with_a_few_lines(tmp_path: Path) -> None:
    template = find_template("c")
    port = make_port(template, tmp_path / "net")
    if port.runners[0].lacking and not required():
        pytest.skip(f"{', '.join(port.runners[0].lacking)} is not on PATH")
    before = (port.folder / template.about.open).read_text().splitlines()
    for path in OWN_C.iterdir():
        shutil.copy(path, port.folder)
    (port.folder / "port.toml").write_text(
        (port.folder / "port.toml").read_text().replace('"serve.c"', '"serve.c", "net.c"')
    )
    after = (port.folder / template.about.open).read_text().splitlines()
    added = sum(line.startswith("+ ") for line in difflib.ndiff(before, after))
    theirs = len((OWN_C / "net.c").read_text().splitlines())
    assert f"a network of {theirs} lines" in PAGE and f"with {added} lines" in PAGE
    specs = {spec.name: spec for spec in default_suite() if spec.data == "random" and spec.dtype == "float64"}
    _, results, _ = run_check(read_port(port.folder).runners, specs, [0], Options(), lambda news: None)
    compared = {result.case for result in results if any(cell.verdict.passes for cell in result.cells)}
    assert compared == {name for name, spec in specs.items() if len(spec.sizes) == 3 and spec.activation == "relu"}
    assert {cell.verdict for result in results for cell in result.cells} <= {
        Verdict.IDENTICAL, Verdict.ROUNDING, Verdict.NOT_IMPLEMENTED
    }  # fmt: skip
