"""A port is built when its inputs changed, and once a command; a build that fails says how it ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from gradparity.ports.build import StepFailed, ensure_built, set_up
from gradparity.ports.manifest import Port, read_port


@pytest.fixture
def port(tmp_path: Path) -> Port:
    (tmp_path / "source.txt").write_text("one")
    (tmp_path / "port.toml").write_text(
        'name = "built"\nlanguage = "sh"\nhint = "none"\n'
        '[build]\ncommand = ["sh", "-c", "cp source.txt out.txt; echo built >> log.txt"]\n'
        'inputs = ["source.txt"]\noutputs = ["out.txt"]\n'
        '[[runner]]\nname = "native"\ncommand = ["./out.txt"]\n'
    )
    return read_port(tmp_path)


def changed(port: Port, **build: object) -> Port:
    """The port as the next command reads it, with these changes of its build."""
    manifest = port.manifest
    assert manifest.build
    return Port(port.folder, manifest.model_copy(update={"build": manifest.build.model_copy(update=build)}))


def test_it_is_built_once_and_again_when_an_input_changed(port: Port) -> None:
    assert [ensure_built(changed(port)), ensure_built(changed(port))] == [True, False]
    (port.folder / "source.txt").write_text("two")
    assert [ensure_built(changed(port)), ensure_built(changed(port))] == [True, False]
    assert (port.folder / "out.txt").read_text() == "two"
    (port.folder / "out.txt").unlink()
    assert [ensure_built(changed(port)), ensure_built(changed(port))] == [True, False]
    assert (port.folder / "log.txt").read_text().count("built") == 3


def test_without_inputs_it_is_built_by_each_command(port: Port) -> None:
    for _ in range(2):
        ensure_built(changed(port, inputs=[]))
    assert (port.folder / "log.txt").read_text().count("built") == 2
    assert not (port.folder / ".build-stamp").exists()


def test_in_one_command_it_is_built_once(port: Port) -> None:
    port = changed(port, inputs=[])
    assert [ensure_built(port), ensure_built(port)] == [True, True]
    assert (port.folder / "log.txt").read_text().count("built") == 1


def test_in_one_command_it_fails_once(port: Port) -> None:
    broken = changed(port, command=["sh", "-c", "echo tried >> log.txt; exit 4"])
    for _ in range(2):
        with pytest.raises(StepFailed, match="ended with status 4"):
            ensure_built(broken)
    assert (port.folder / "log.txt").read_text() == "tried\n"


def test_a_folder_that_cannot_be_written_to(port: Port) -> None:
    (port.folder / ".build-stamp").mkdir()
    with pytest.raises(StepFailed, match=r"cannot write .*/\.build-stamp: Is a directory"):
        ensure_built(port)


def test_a_build_that_fails_shows_the_end_of_its_output_and_is_tried_again(port: Port) -> None:
    broken = changed(port, command=["sh", "-c", "seq 100; echo 'no compiler' >&2; exit 4"])
    for _ in range(2):
        with pytest.raises(StepFailed, match="built: build: .* ended with status 4") as caught:
            ensure_built(changed(broken))
        assert caught.value.output.splitlines()[-1] == "no compiler"
        assert len(caught.value.output.splitlines()) == 101


def test_of_an_output_without_end_the_beginning_and_the_end_are_kept(port: Port) -> None:
    with pytest.raises(StepFailed) as caught:
        ensure_built(changed(port, command=["sh", "-c", "seq 10000; exit 1"]))
    lines = caught.value.output.splitlines()
    assert (lines[0], lines[-1]) == ("1", "10000") and len(lines) < 1000


def test_a_build_that_makes_nothing(port: Port) -> None:
    with pytest.raises(StepFailed, match=r"expected it to make out\.txt, it did not"):
        ensure_built(changed(port, command=["true"]))


def test_a_build_command_that_is_not_there(port: Port) -> None:
    with pytest.raises(StepFailed, match="cannot run no-such-compiler: No such file"):
        ensure_built(changed(port, command=["no-such-compiler"]))


def test_a_port_without_build_and_setup(port: Port) -> None:
    plain = Port(port.folder, port.manifest.model_copy(update={"build": None}))
    assert not ensure_built(plain)
    set_up(plain)
