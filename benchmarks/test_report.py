"""What a report costs: made from a full run's record, and loaded by a browser from disk, with every chart drawn.

    gradparity run && pytest benchmarks/test_report.py

The goals: 5 seconds to make it, one second until it is loaded. The record is the newest in runs/, or GRADPARITY_RUN.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gradparity.record.run import RECORD
from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def folder() -> Path:
    """Of a recorded run."""
    found = [Path(os.environ["GRADPARITY_RUN"])] if "GRADPARITY_RUN" in os.environ else sorted(Path("runs").glob("*"))
    if not found or not (found[-1] / RECORD).exists():
        pytest.skip("no recorded run: `gradparity run` makes one")
    return found[-1]


@pytest.fixture(scope="module")
def page(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its report."""
    out = tmp_path_factory.mktemp("report")
    command = [sys.executable, "-m", "gradparity", "report", str(folder), "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    return out / "report.html"


def test_making_the_report(folder: Path, tmp_path: Path, benchmark: Any) -> None:
    command = [sys.executable, "-m", "gradparity", "report", str(folder), "--out", str(tmp_path)]
    benchmark.pedantic(subprocess.run, (command,), {"check": True, "capture_output": True}, rounds=5)


@pytest.mark.parametrize("until", ["loaded", "drawn"])
def test_loading_the_page(until: str, page: Path, benchmark: Any) -> None:
    path = os.environ.get("GRADPARITY_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium or Chrome: install one, or name it in GRADPARITY_BROWSER")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])

        def load() -> None:
            opened = browser.new_page()
            opened.goto(page.as_uri())
            if until == "drawn":
                opened.wait_for_function("document.documentElement.dataset.drawn === 'all'")
            opened.close()

        benchmark.pedantic(load, rounds=10, warmup_rounds=1)
        browser.close()
