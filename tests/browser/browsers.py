"""A headless browser for the tests of the page: what it complains of, and what it asks a network for, is kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import PATIENCE, required
from playwright.sync_api import Browser, Error, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run")  # fmt: skip
DESKTOP, PHONE = (1280, 900), (360, 740)


@dataclass
class Opened:
    """A page, and everything that it should not have done."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def count(self, selector: str) -> int:
        """How many elements are there."""
        return self.page.locator(selector).count()


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Chromium or Chrome; skips the tests where there is none, and fails them where it is required."""
    found = os.environ.get("GRADPARITY_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    path = found or (str(MAC) if MAC.exists() else None)
    if path is None:
        reason = "no Chromium or Chrome: install one, or name it in GRADPARITY_BROWSER"
        pytest.fail(reason) if required() else pytest.skip(reason)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=list(QUIET), timeout=1000 * PATIENCE)
        except Error as error:
            pytest.fail(f"{path} does not start: {error}")
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, html: str, folder: Path, size: tuple[int, int] = DESKTOP, scheme: str = "light"
) -> Iterator[Opened]:
    """The page from disk, with every chart drawn."""
    path = folder / "page.html"
    path.write_text(html, encoding="utf-8")
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(1000 * PATIENCE)
    context.set_offline(True)
    page = context.new_page()
    seen = Opened(page)
    page.on("console", lambda message: seen.complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: seen.complaints.append(f"error: {error}"))
    page.on("dialog", lambda dialog: seen.complaints.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_function("document.documentElement.dataset.drawn === 'all'")
    try:
        yield seen
    finally:
        if pictures := os.environ.get("GRADPARITY_SCREENSHOTS"):
            name = os.environ["PYTEST_CURRENT_TEST"].split("::")[-1].split(" ")[0]
            page.screenshot(path=Path(pictures) / f"{name}.png", full_page=True)
        context.close()
