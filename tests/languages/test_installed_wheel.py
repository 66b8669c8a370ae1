"""A wheel runs where nothing but it is installed, and builds its ports in the user's cache."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from contextlib import chdir
from pathlib import Path

import pytest
from conftest import required
from gradparity import __version__
from gradparity.ports.programs import find_program
from hatchling.build import build_wheel

ROOT = Path(__file__).parents[2]
CASE = "random-9-6-4-relu-n7-float64"
RUST_HOMES = {"CARGO_HOME": ".cargo", "RUSTUP_HOME": ".rustup"}
QUICK_RUST = {"CARGO_PROFILE_RELEASE_OPT_LEVEL": "0"}  # half the time


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


def test_an_installed_wheel_builds_its_ports_in_the_cache(tmp_path: Path) -> None:
    pytest.importorskip("pip", reason="there is no pip to install the wheel with")
    if find_program("cargo") is None and not required():
        pytest.skip("there is no cargo on PATH")
    with chdir(ROOT):
        wheel = tmp_path / build_wheel(str(tmp_path))
    installed = Installed(wheel, tmp_path)
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
