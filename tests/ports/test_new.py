"""`gradparity new`: the command's manners. What it makes runs in tests/languages."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

import pytest
from gradparity.cli import cli
from gradparity.errors import UsageError
from gradparity.ports.manifest import select_runners
from gradparity.ports.new import find_template, make_port
from gradparity.ports.session import PortFailure, Session
from made_ports import LANGUAGES, fill_in


def test_a_port_grows_one_function_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    port = fill_in("python", tmp_path / "growing")
    path = tmp_path / "growing" / "my_network.py"
    begin, written = path.read_text().split("WRITTEN = [")
    end = written.split("]", 1)[1]
    path.write_text(f'{begin}WRITTEN = ["relu"]{end}')
    with Session(port.runners[0]) as session:
        assert session.hello.layers == {"relu"}
        assert session.hello.operations == {"hello", "load", "layer", "inputs", "null", "time"}
    before = path.stat()
    path.write_text(f'{begin}WRITTEN = ["rely"]{end}')
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as quick as the clock of Python's own cache is slow
    with pytest.raises(PortFailure, match=r"my_network\.py.* came rely"):
        Session(port.runners[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_search_word_finds_what_is_left_to_the_user_and_it_is_in_one_file(language: str) -> None:
    template = find_template(language)
    texts = template.files("my-port")
    assert [path for path, text in texts.items() if "YOURS" in text] == [template.about.open]
    # The settings, the list, and 25 functions. Numbers have their type, a list of them, or, as in R, one alone.
    assert texts[template.about.open].count("YOURS") - 1 in (28, 29)
    assert not any("PORT_NAME" in text for text in texts.values())
    assert 'name = "my-port"' in texts["port.toml"]


def gradparity(*arguments: str) -> int:
    """The command in this process; UsageError passes through."""
    return int(cli.main(arguments, standalone_mode=False) or 0)


def test_the_command_says_what_to_do_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "Mine" / "Go-Net"
    assert gradparity("new", "--language", "Go", str(folder)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 3 <= len(lines) <= 5
    assert "a port in Go, named go-net" in lines[0]
    assert f"{folder / 'my_network.go'}" in lines[1] and "YOURS" in lines[1]
    assert f"gradparity check --port {folder}" in lines[2]
    assert (folder / "port.toml").is_file()


def test_what_it_prints_can_be_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, printed in {"my net": "'my net'", "rust": "./rust"}.items():
        gradparity("new", "--language", "python", "--name", "mine", folder)
        command = capsys.readouterr().out.splitlines()[2]
        assert f"--port {printed} --case" in command
        words = shlex.split(command)
        [runner] = select_runners((words[words.index("--port") + 1],))
        assert runner.port.folder.samefile(tmp_path / folder)


def test_it_says_what_is_not_on_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert gradparity("new", "--language", "c++", "--name", "mine", str(tmp_path)) == 0
    assert "c++ is not on PATH: install a C++ compiler" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--language", "cobol", "new"), r"--language cobol: no such template; there are c, cpp, go, java"),
        (("--language", "c", "7"), r"7: the folder's name is no port's name; add one in lower case: --name my-net"),
        (("--language", "c", "My net"), r"My net: the folder's name is no port's name; .*: --name my-net$"),
        (("--language", "c", "2.net.v2"), r"2\.net\.v2: the folder's name is no port's name; .*: --name net-v2$"),
        (("--language", "c", "--name", "7", "new"), r"--name: expected a lower-case word such as my-net, came '7'"),
        (("--language", "c", "--name", "My Port", "new"), r"--name: expected a lower-case word .* came 'My Port'"),
        (("--language", "c", "full"), r"full: expected an empty folder, or none yet; nothing was written"),
        (("--language", "c", "full/file"), r"full/file: expected an empty folder"),
        (("--language", "c", "full/file/new"), r"full/file/new: cannot make the port there: Not a directory"),
    ],
)
def test_a_wrong_use_writes_nothing(
    arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    with pytest.raises(UsageError, match=words):
        gradparity("new", *arguments)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full"]


@pytest.mark.parametrize("there", [False, True])
def test_a_disk_that_is_full_leaves_nothing_half_written(
    there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, write = tmp_path / "port", Path.write_text
    if there:
        folder.mkdir()

    def full(self: Path, text: str, **how: Any) -> int:
        if self.name == "wire.rs":
            raise OSError(28, "No space left on device")
        return write(self, text, **how)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UsageError, match="cannot make the port there: No space left on device"):
        make_port(find_template("rust"), folder)
    assert folder.exists() is there
    assert not there or not list(folder.iterdir())


def test_it_fills_an_empty_folder_that_one_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert make_port(find_template("python"), Path()).manifest.name == "here"
    assert (folder / "serve.py").is_file()
