"""port.toml: what is right is read, what is wrong is one clear line; and --port finds what it names."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from gradparity.errors import UsageError
from gradparity.ports.manifest import PACKAGE, own_ports, read_port, select_runners
from gradparity.ports.new import TEMPLATES, templates

GOOD = """
name = "mine"
language = "Forth"
hint = "apt install gforth"
[env]
FORTH_THREADS = "{threads}"
[[runner]]
name = "native"
command = ["{python}", "serve.py"]
"""


def write(folder: Path, text: str) -> Path:
    (folder / "port.toml").write_text(text)
    return folder


def test_a_port(tmp_path: Path) -> None:
    port = read_port(write(tmp_path, GOOD))
    [runner] = port.runners
    assert runner.label == "mine"
    assert runner.command == [sys.executable, "serve.py"]
    environment = runner.environment(threads=3)
    assert environment["FORTH_THREADS"] == environment["OPENBLAS_NUM_THREADS"] == "3"
    assert environment["LC_ALL"] == "C.UTF-8"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('name = "mine"\n', ""), "name: field required"),
        (('"mine"', '"My Port"'), "name: string should match pattern"),
        (('"mine"', "7"), "name: input should be a valid string, came 7"),
        (("[env]", "[environment]"), "environment: extra inputs are not permitted"),
        (("[[runner]]", "[runner]"), "runner: input should be a valid list"),
        (('["{python}", "serve.py"]', "[]"), "runner.0.command: list should have at least 1 item"),
        (('["{python}", "serve.py"]', '"serve.py"'), "runner.0.command: input should be a valid list, came 'serve.py'"),
        (('hint = "', 'hint = "\n'), "line 4"),
    ],
)
def test_a_malformed_port_toml_is_one_clear_line(change: tuple[str, str], words: str, tmp_path: Path) -> None:
    text = GOOD.replace(*change)
    assert text != GOOD
    with pytest.raises(UsageError) as caught:
        read_port(write(tmp_path, text))
    assert str(caught.value).startswith(f"{tmp_path / 'port.toml'}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_runners_of_one_name(tmp_path: Path) -> None:
    twice = GOOD + '[[runner]]\nname = "native"\ncommand = ["x"]\n'
    with pytest.raises(UsageError, match="expected each runner to have a name of its own, came native, native"):
        read_port(write(tmp_path, twice))


def test_a_folder_without_port_toml(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file; a port is a folder with a port.toml"):
        read_port(tmp_path)


def test_a_port_toml_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "port.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"port\.toml: "):
        read_port(tmp_path)


def test_the_ports_that_come_with_gradparity() -> None:
    assert [port.manifest.name for port in own_ports()] == ["cpp", "javascript", "julia", "python", "r", "rust"]
    labels = [runner.label for runner in select_runners(())]
    assert labels == ["cpp", "javascript", "julia:embedded", "julia:native", "python", "r:embedded", "r:native", "rust"]


def test_selection(tmp_path: Path) -> None:
    assert [r.label for r in select_runners(("r:native", "rust", "r"))] == ["r:native", "rust", "r:embedded"]
    folder = str(write(tmp_path, GOOD))
    for text in (folder, f"{folder}:native"):
        [runner] = select_runners((text,))
        assert (runner.label, runner.option) == ("mine", f"{folder}:native")
    with pytest.raises(UsageError, match="has no such runner, it has native"):
        select_runners((f"{folder}:embedded",))
    with pytest.raises(UsageError, match="--port rs: no such port; there are cpp, javascript, julia, julia:embedded"):
        select_runners(("rs",))
    with pytest.raises(UsageError, match="--port rust:embedded: rust has no such runner, it has native"):
        select_runners(("rust:embedded",))


def test_two_ports_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    one, other = (str(write(tmp_path / name, GOOD)) for name in ("one", "other"))
    with pytest.raises(
        UsageError, match=f"{one} and {other} are two ports of one name, mine: give one of them another"
    ):
        select_runners((one, f"{other}:native"))
    assert len(select_runners((one, f"{one}:native", f"{one}/port.toml"))) == 1, "the same folder twice is one port"


def test_what_is_no_ports_folder_says_what_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "net.py").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "rust").mkdir()
    monkeypatch.chdir(tmp_path)
    assert [r.option for r in select_runners(("port.toml", "./port.toml:native"))] == [".:native"]
    assert [r.label for r in select_runners(("rust",))] == ["rust"], "ours, as that folder is no port"
    with pytest.raises(UsageError, match=r"empty/port\.toml: no such file; a port is a folder with a port\.toml"):
        select_runners(("empty",))
    with pytest.raises(UsageError, match=r"--port \./net\.py: expected a port's folder, came a file; its folder is \."):
        select_runners(("./net.py",))


def test_no_decision_of_the_harness_depends_on_a_language() -> None:
    """Nothing is compared with the name of a port or a language, looked up by one, or matched against one."""
    manifests = [port.manifest for port in own_ports()]
    languages = {template.about.language for template in templates().values()} - {"C"}  # that is a memory order, too
    names = {name for one in manifests for name in (one.name, one.language)} | languages | set(templates())
    names -= {"c", "r", "python"}  # file modes and the like; and Python's version is a fact about the harness itself
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if TEMPLATES in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare | ast.MatchValue | ast.Dict | ast.Subscript):
                parts = node.keys if isinstance(node, ast.Dict) else [node]
                constants = [one for part in parts if part for one in ast.walk(part) if isinstance(one, ast.Constant)]
                found += [f"{path.name}:{one.lineno}: {one.value!r}" for one in constants if one.value in names]
    assert found == []
