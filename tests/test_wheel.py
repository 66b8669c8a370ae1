"""What is shipped: exactly what git tracks, from a used tree, too. tests/languages installs it."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import zipfile
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import pytest
from gradparity import __version__
from hatchling.build import build_sdist, build_wheel

ROOT = Path(__file__).parents[1]
WHEEL_BYTES, SDIST_BYTES = 1_200_000, 2_000_000
LANDS_IN = {
    "harness/gradparity/": "gradparity/",
    "python_ref/gradparity_reference/": "gradparity_reference/",
    "ports/": "gradparity/_ports/",
    "benchmarks/peers/": "gradparity/_peers/",
}
# What builds, tests and a user leave in a tree.
LEFT_BEHIND = [
    "ports/rust/target/release/serve",
    "ports/rust/.build-stamp",
    "ports/cpp/target/src/serve.o",
    "ports/julia/Manifest.toml",
    "ports/python/__pycache__/serve.cpython-311.pyc",
    "benchmarks/peers/common/__pycache__/peer.cpython-311.pyc",
    "harness/gradparity/__pycache__/cli.cpython-311.pyc",
    "harness/gradparity.egg-info/PKG-INFO",
    "tests/.hypothesis/examples/one",
    ".venv/bin/python",
    ".pytest_cache/README.md",
    ".mypy_cache/one.json",
    ".ruff_cache/one",
    ".benchmarks/one.json",
    "dist/gradparity-0.0.0-py3-none-any.whl",
    "runs/monday/record.jsonl",
    "my-net/port.toml",
    "check.svg",
]


@dataclass(frozen=True)
class Built:
    """A used tree, and what was built from it."""

    tree: Path
    tracked: set[str]
    wheel: Path
    sdist: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    tracked = git_files()
    for name in tracked:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)
    for name in LEFT_BEHIND:
        assert not (tree / name).exists()
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("left behind")
    with chdir(tree):
        return Built(tree, tracked, out / build_wheel(str(out)), out / build_sdist(str(out)))


def git_files() -> set[str]:
    """What git tracks, or would if it were added now; skips the test without git and its folder."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is no checkout, or there is no git: what it tracks is not known")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return {name for name in listed if name and (ROOT / name).is_file()}


def test_the_wheel_is_what_git_tracks(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        names = archive.namelist()
    about = f"gradparity-{__version__}.dist-info/"
    files = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    wanted = {f"{about}{name}" for name in files}
    for name in built.tracked:
        wanted |= {name.replace(here, there, 1) for here, there in LANDS_IN.items() if name.startswith(here)}
    assert len(names) == len(set(names)) and set(names) == wanted
    assert "gradparity/ports/templates/c/.gitignore" in names
    assert built.wheel.stat().st_size < WHEEL_BYTES


def test_the_sdist_is_what_git_tracks(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = [name.removeprefix(f"gradparity-{__version__}/") for name in archive.getnames()]
    assert len(names) == len(set(names)) and set(names) == {*built.tracked, "PKG-INFO"}
    assert built.sdist.stat().st_size < SDIST_BYTES


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_tree(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    with chdir(tmp_path / f"gradparity-{__version__}"):
        wheel = tmp_path / build_wheel(str(tmp_path))
    assert wheel.read_bytes() == built.wheel.read_bytes()
