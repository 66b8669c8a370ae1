"""The ports of an installed package are copied into the cache: whole, once, and apart from those of other versions."""

from __future__ import annotations

from pathlib import Path

import pytest
from gradparity.errors import UsageError
from gradparity.ports import installed, manifest
from gradparity.ports.installed import working_copy
from gradparity.ports.manifest import own_ports, ports_folder, select_runners
from gradparity.ports.new import find_template, make_port, next_steps


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(installed, "user_cache_path", lambda name: tmp_path / "cache" / name)
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ports as they are installed where nobody may write: with bytecode, and without a right to write."""
    (tmp_path / "installed" / "mine" / "__pycache__").mkdir(parents=True)
    (tmp_path / "installed" / "setup.sh").write_text("say hello")
    (tmp_path / "installed" / "mine" / "serve.py").write_text("print()")
    (tmp_path / "installed" / "mine" / ".hidden").write_text("")
    (tmp_path / "installed" / "mine" / "__pycache__" / "serve.cpython-311.pyc").write_bytes(b"")
    (tmp_path / "installed" / "mine" / "serve.py").chmod(0o444)
    (tmp_path / "installed" / "mine").chmod(0o555)
    return tmp_path / "installed"


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_it_is_whole_and_can_be_written_to(folder: Path, cache: Path) -> None:
    copy = working_copy(folder)
    assert copy.is_relative_to(cache) and files(copy) == {"setup.sh", "mine/serve.py", "mine/.hidden"}
    assert (copy / "mine").stat().st_mode & (copy / "mine" / "serve.py").stat().st_mode & 0o200
    assert list(copy.parent.iterdir()) == [copy], "nothing else is left in the cache"


def test_it_is_made_once_and_keeps_what_is_built_in_it(folder: Path, cache: Path) -> None:
    (working_copy(folder) / "mine" / "target").touch()
    (folder / "mine").chmod(0o755)
    (folder / "mine" / "__pycache__" / "other.pyc").write_bytes(b"")
    assert (working_copy(folder) / "mine" / "target").exists()


def test_another_version_or_another_file_is_another_copy(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = {working_copy(folder)}
    (folder / "setup.sh").write_text("say goodbye")
    copies.add(working_copy(folder))
    (folder / "setup.sh").rename(folder / "set-up.sh")
    copies.add(working_copy(folder))
    monkeypatch.setattr(installed, "__version__", "99")
    copies.add(working_copy(folder))
    assert len(copies) == 4


def test_another_process_may_be_first(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It makes its copy while this one is written."""
    write = installed._write

    def late(copy: Path, content: dict[Path, bytes]) -> None:
        write(copy, content)
        (copy / "mine" / "built").touch()
        write(copy, content)

    monkeypatch.setattr(installed, "_write", late)
    copy = working_copy(folder)
    assert (copy / "mine" / "built").exists() and list(copy.parent.iterdir()) == [copy]


def test_a_cache_that_cannot_be_written_to_is_one_line(folder: Path, cache: Path) -> None:
    cache.write_text("a file")
    with pytest.raises(UsageError) as caught:
        working_copy(folder)
    assert str(caught.value) == (
        f"{cache / 'gradparity'}: cannot write there, where the ports are built: Not a directory; "
        "set XDG_CACHE_HOME to a folder that you can write to"
    )


def test_only_the_ports_that_come_with_an_installed_package_need_the_cache(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "_ports").symlink_to(ports_folder())
    monkeypatch.setattr(manifest, "CHECKOUT_PORTS", tmp_path / "none")
    monkeypatch.setattr(manifest, "PACKAGE", tmp_path / "package")
    cache.write_text("a file")
    template = find_template("c")
    port = make_port(template, tmp_path / "mine")
    assert "named mine" in next_steps(template, port, tmp_path / "mine")
    assert [runner.label for runner in select_runners((str(tmp_path / "mine"),))] == ["mine"]
    with pytest.raises(UsageError, match="no such port; there are cpp,"):
        select_runners(("nope",))
    for ask in (own_ports, lambda: select_runners(("python",))):
        with pytest.raises(UsageError, match="cannot write there"):
            ask()
