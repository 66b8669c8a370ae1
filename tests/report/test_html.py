"""The HTML report without a browser: one file, nothing from elsewhere, the same for the same record."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

import pytest
from gradparity.record.run import Run
from gradparity.report.html import html
from gradparity.report.verdict import headline
from samples import RUNS, agreeing, recorded


class Links(HTMLParser):
    """What a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the links of the tag."""
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "action", "data", "srcset")]


@cache
def page_of(name: str) -> str:
    """The page of a sample."""
    return html(recorded(RUNS[name]()))


@pytest.mark.parametrize("name", ["agreeing", "hostile"])  # the others: tests/browser
def test_the_page_refers_to_nothing_outside_itself(name: str) -> None:
    page = page_of(name)
    links = Links()
    links.feed(page)
    assert [link for link in links.found if not link.startswith(("#", "data:,"))] == []
    assert not links.tags & {"img", "iframe", "object", "embed", "base"}
    assert re.search(r"default-src 'none'", page) and "connect-src" not in page
    assert len(page.encode()) < 6e6


def test_the_page_is_a_function_of_the_record() -> None:
    assert html(recorded(agreeing())) == page_of("agreeing")


def test_only_the_scripts_of_the_page_may_run() -> None:
    page = page_of("agreeing")
    policy = re.search(r'content="([^"]*script-src[^"]*)"', page)
    assert policy and policy[1].count("sha256-") == page.count("<script>") == 2
    assert "'unsafe-inline'" not in policy[1].split("script-src")[1]


def test_a_run_without_parts_has_a_page_without_charts() -> None:
    found = recorded(Run())
    page = html(found)
    assert page.count("<figure") == 0 and page.count("<script>") == 1 and headline(found) in page


def test_a_damaged_record_is_said_first() -> None:
    found = recorded(agreeing())
    found.lost.append("line 3: cut off; what it said is left out")
    page = html(found)
    assert page.index("The record is damaged") < page.index('<table class="matrix"') and "line 3: cut off" in page
