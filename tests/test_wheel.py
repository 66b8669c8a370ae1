"""What is shipped: exactly what git tracks, from a used tree, too; and it runs where nothing but it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import required
from gradparity import __version__
from gradparity.ports.programs import find_program
from hatchling.build import build_sdist, build_wheel

ROOT = Path(__file__).parents[1]
CASE = "random-9-6-4-relu-n7-float64"
WHEEL_BYTES, SDIST_BYTES = 1_000_000, 2_000_000
LANDS_IN = {
    "harness/gradparity/": "gradparity/",
    "python_ref/gradparity_reference/": "gradparity_reference/",
    "ports/": "gradparity/_ports/",
    "benchmarks/peers/": "gradparity/_peers/",
}
RUST_HOMES = {"CARGO_HOME": ".cargo", "RUSTUP_HOME": ".rustup"}
QUICK_RUST = {"CARGO_PROFILE_RELEASE_OPT_LEVEL": "0"}  # half the time
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


class Installed:
    """The wheel in an environment of its own, an empty folder to be in, and a user whose cache is empty."""

    def __init__(self, wheel: Path, folder: Path) -> None:
        self.here, self.cache, self.programs = folder / "here", folder / "cache", folder / "venv" / "bin"
        self.here.mkdir()
        self._run(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
        pip = (sys.executable, "-m", "pip", "--python", str(self.programs / "python"))
        self._run(*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel))
        [self.packages] = folder.glob("venv/lib/*/site-packages")
        # What it depends on comes from this environment, after the wheel's own, so nothing is downloaded.
        others = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
        (self.packages / "others.pth").write_text("\n".join(others))
        self.files = self.list_files()

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        rust = {name: os.environ.get(name, str(Path.home() / default)) for name, default in RUST_HOMES.items()}
        user = {"HOME": str(self.here.parent), "XDG_CACHE_HOME": str(self.cache), "PYTHONPATH": ""}
        environment = {**os.environ, **rust, **user, **QUICK_RUST}
        return subprocess.run(command, cwd=self.here, env=environment, capture_output=True, text=True, check=False)

    def python(self, code: str) -> str:
        """What this code prints, there."""
        return self._run(str(self.programs / "python"), "-c", code).stdout.strip()

    def gradparity(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command, there."""
        return self._run(str(self.programs / "gradparity"), *arguments)

    def list_files(self) -> set[Path]:
        """The installed files, without Python's bytecode."""
        return {path for path in self.packages.rglob("*") if "__pycache__" not in path.parts}


def test_an_installed_wheel_builds_its_ports_in_the_cache(built: Built, tmp_path: Path) -> None:
    pytest.importorskip("pip", reason="there is no pip to install the wheel with")
    if find_program("cargo") is None and not required():
        pytest.skip("there is no cargo on PATH")
    installed = Installed(built.wheel, tmp_path)
    assert Path(installed.python("import gradparity; print(gradparity.__file__)")).is_relative_to(installed.packages)

    doctor = installed.gradparity("doctor", "--port", "python", "--port", "rust")
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert [line.split()[:2] for line in doctor.stderr.splitlines()] == [["building", "rust:"], ["built", "rust"]]
    check = installed.gradparity("check", "--port", "python", "--port", "rust", "--case", CASE)
    assert check.returncode == 0, check.stdout + check.stderr
    assert "agreement - 2 runners" in check.stdout and "built" not in check.stderr

    [ports] = installed.cache.glob("gradparity/*")
    assert ports.name.startswith(f"ports-{__version__}-") and (ports / "rust" / "target" / "release" / "serve").exists()
    assert list(installed.here.iterdir()) == []

    new = installed.gradparity("new", "--language", "c", "mine")
    assert new.returncode == 0, new.stderr
    if find_program("cc"):
        mine = installed.gradparity("doctor", "--port", "mine")
        assert mine.returncode == 0 and "built mine in" in mine.stderr, mine.stdout + mine.stderr
    assert installed.list_files() == installed.files
