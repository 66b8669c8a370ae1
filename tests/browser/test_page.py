"""The HTML report in a real browser: it is whole, asks for nothing, answers, and can be read by everyone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsers import DESKTOP, PHONE, Opened, opened, running_browser
from gradparity.record.run import Run
from gradparity.report.changes import compare_runs
from gradparity.report.comparison_html import comparison_html
from gradparity.report.html import html
from playwright.sync_api import Browser
from sample_functions import called
from sample_run import ALPHA, BETA, agreeing
from samples import cut_short, disagreeing, hostile, incomplete, recorded


@cache
def page_of(make: Callable[[], Run]) -> str:
    """The page of a sample."""
    return html(recorded(make()))


RUNS = {
    "agreeing": agreeing,
    "disagreeing": disagreeing,
    "incomplete": incomplete,
    "hostile": hostile,
    "called": called,
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """The page of the run that agrees."""
    with opened(browser, page_of(agreeing), tmp_path) as seen:
        yield seen


@pytest.fixture
def wrong(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """The page of the run with a wrong port."""
    with opened(browser, page_of(disagreeing), tmp_path) as seen:
        yield seen


def text(seen: Opened, selector: str) -> str:
    return str(seen.page.locator(selector).first.inner_text())


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", RUNS)
def test_a_page_is_whole_quiet_and_fits(name: str, size: tuple[int, int], browser: Browser, tmp_path: Path) -> None:
    with opened(browser, page_of(RUNS[name]), tmp_path, size) as seen:
        assert seen.complaints == []
        assert [url for url in seen.requests if not url.startswith(("file:", "data:"))] == []
        charts = seen.page.locator("figure.chart").all()
        for chart in charts:
            marks = chart.locator(
                "svg .mark-symbol path, svg .mark-line path, svg .mark-rect path, svg .mark-area path"
            )
            assert marks.count() > 0, f"{chart.get_attribute('id')} is empty"
        assert charts or name != "agreeing"
        assert seen.page.evaluate("document.scrollingElement.scrollWidth") <= size[0]


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [
        ("agreeing", DESKTOP, "light"),
        ("agreeing", PHONE, "dark"),
        ("disagreeing", DESKTOP, "dark"),
        ("disagreeing", PHONE, "light"),
        ("incomplete", DESKTOP, "dark"),
        ("hostile", PHONE, "light"),
    ],
)
def test_everyone_can_read_it(name: str, size: tuple[int, int], scheme: str, browser: Browser, tmp_path: Path) -> None:
    with opened(browser, page_of(RUNS[name]), tmp_path, size, scheme) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        if seen.count(".expand"):
            seen.page.locator(".expand").first.click()
        found = [told(one) for one in Axe().run(seen.page).response["violations"]]
        assert found == []


def told(violation: dict[str, Any]) -> str:
    where = "; ".join(f"{node['html']:.200} {node.get('failureSummary', '')}" for node in violation["nodes"][:3])
    return f"{violation['id']} ({violation['impact']}): {violation['help']}: {where}"


def test_the_verdict_comes_first(page: Opened, wrong: Opened) -> None:
    for seen, word in ((page, "agreement"), (wrong, "disagreement")):
        assert text(seen, "main section .word") == word
        assert text(seen, "h1").endswith(".") and seen.count("h1") == 1
    assert "agree with the reference" in text(page, "h1")
    assert text(wrong, "h1").startswith(f"{BETA} disagrees with the reference")
    assert page.count("#findings") == 0 and wrong.count("#findings .finding.wrong") > 0


def test_a_cell_of_a_function_leads_to_its_cases(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, page_of(called), tmp_path) as seen:
        seen.page.locator(f".matrix a[data-port='{BETA}'][data-function='slope']").press("Enter")
        assert seen.page.locator("#filter [name=function]").input_value() == "slope"
        cases = seen.page.locator("#case-table tbody th").all_inner_texts()
        assert cases and all(name.startswith("slope-") for name in cases)
        seen.page.locator(f".matrix a[data-port='{BETA}'][data-function='center']").press("Enter")
        seen.page.locator("#case-table .expand:text-is('center-n5-d4-float64')").click()
        assert "smallest, center-" in text(seen, "#case-table td.open")


def test_a_cell_of_the_matrix_leads_to_its_cases(wrong: Opened) -> None:
    wrong.page.locator(f".matrix a[data-port='{BETA}'][data-quantity='gradient']").press("Enter")
    rows = wrong.page.locator("#case-table > tbody > tr")
    assert rows.count() > 0
    assert {row.locator("td").first.inner_text() for row in rows.all()} == {BETA}
    assert all("gradient" in row.inner_text() for row in rows.all())
    assert "wrong" in rows.first.inner_text(), "the worst comes first"


def test_a_case_opens_to_its_arrays_its_diagnosis_and_its_command(wrong: Opened) -> None:
    button = wrong.page.locator(".expand").first
    assert button.get_attribute("aria-expanded") == "false"
    button.press("Enter")
    detail = text(wrong, "#case-table td.open")
    assert "First wrong:" in detail and "gradparity check" in detail and "inf" in detail
    button.press("Enter")
    assert wrong.count("#case-table td.open") == 0


def test_cases_can_be_filtered_and_all_be_shown(wrong: Opened) -> None:
    everything = wrong.page.locator("#count").inner_text()
    wrong.page.select_option("#filter [name=verdict]", "wrong")
    assert wrong.page.locator("#count").inner_text() != everything
    assert set(wrong.page.locator("#case-table > tbody > tr > td:nth-child(3)").all_inner_texts()) == {"wrong"}
    wrong.page.fill("#filter [name=case]", "no such case")
    assert wrong.count("#case-table > tbody > tr") == 0
    wrong.page.fill("#filter [name=case]", "")
    wrong.page.select_option("#filter [name=verdict]", "")
    if wrong.page.locator("#more").is_visible():
        wrong.page.locator("#more").click()
    shown, _, of = wrong.page.locator("#count").inner_text().partition(" of ")
    assert shown == of


@pytest.mark.parametrize(("table", "at"), [("#case-table", 4), ("#speed table >> nth=0", 5)])
def test_a_table_is_sorted_by_its_heading(table: str, at: int, page: Opened) -> None:
    where = page.page.locator(table)
    heading = where.locator(f"thead th:nth-child({at})")

    def column() -> list[float]:
        cells = where.locator(f":scope > tbody > tr > :nth-child({at})").all_inner_texts()
        return [float(told) for told in cells if told != "-"]

    for order in ("ascending", "descending", "ascending"):
        heading.locator("button").press("Enter")
        assert heading.get_attribute("aria-sort") == order
        assert column() == sorted(column(), reverse=order == "descending") and len(set(column())) > 1


def test_a_port_can_be_hidden_everywhere(page: Opened) -> None:
    drawn = "figure.chart svg .mark-symbol path, figure.chart svg .mark-line path"
    row = page.page.locator(f".matrix tr[data-runner='{ALPHA}']")
    before = page.count(drawn)
    page.page.get_by_role("checkbox", name=ALPHA, exact=False).first.focus()
    for hidden, change in ((True, "<"), (False, "===")):
        page.page.keyboard.press("Space")
        page.page.wait_for_function(f"document.querySelectorAll('{drawn}').length {change} {before}")
        assert row.is_hidden() == hidden
        assert page.page.locator(f".matrix tr[data-runner='{BETA}']").is_visible()


def test_a_logarithmic_scale_can_be_made_linear_and_back(page: Opened) -> None:
    chart = page.page.locator("figure.chart:has(button.scale)").first
    button, plot = chart.locator("button.scale"), chart.locator(".plot").element_handle()

    def drawn() -> str:
        return str(page.page.evaluate("plot => plot.querySelector('svg').innerHTML", plot))

    logarithmic = drawn()
    button.press("Enter")
    page.page.wait_for_function(
        "([plot, old]) => plot.querySelector('svg')?.innerHTML !== old", arg=[plot, logarithmic]
    )
    assert button.inner_text() == "linear scale" and button.get_attribute("aria-pressed") == "false"
    button.press("Enter")
    page.page.wait_for_function(
        "([plot, old]) => plot.querySelector('svg')?.innerHTML === old", arg=[plot, logarithmic]
    )
    assert button.inner_text() == "log scale" and button.get_attribute("aria-pressed") == "true"


def test_a_mark_tells_its_figures_on_hover(page: Opened) -> None:
    page.page.locator("#agreement figure.chart, figure.chart").first.scroll_into_view_if_needed()
    page.page.locator("figure.chart svg .mark-symbol path").first.hover(force=True)
    tooltip = page.page.locator("#vg-tooltip-element")
    tooltip.wait_for(state="visible")
    assert tooltip.inner_text().strip()


def test_the_theme_can_be_chosen(page: Opened) -> None:
    def ground() -> str:
        return str(page.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = ground()
    for expected in ("light", "dark", "system"):
        page.page.locator("#theme").press("Enter")
        assert text(page, "#theme") == f"theme: {expected}"
        assert (ground() == light) == (expected != "dark")


def test_a_command_is_copied_or_selected(page: Opened) -> None:
    button = page.page.locator("#again .copy").first
    button.click()
    page.page.wait_for_function(
        "button => ['copied', 'selected'].includes(button.textContent)", arg=button.element_handle()
    )


def test_it_prints_without_what_only_a_screen_has(page: Opened) -> None:
    page.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.page.emulate_media(media="print")
    assert page.page.locator(".links").is_hidden() and page.page.locator("#theme").is_hidden()
    assert page.page.locator("details").first.get_attribute("open") is not None
    assert len(page.page.pdf()) > 10_000


def test_what_a_hostile_port_says_is_text(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, page_of(hostile), tmp_path) as seen:
        for button in seen.page.locator(".expand").all()[:3]:
            button.click()
        seen.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        for mark in seen.page.locator("figure.chart svg .mark-symbol path").all()[:3]:
            mark.hover(force=True)
        assert seen.page.evaluate("window.hurt") is None
        assert seen.complaints == []
        assert seen.count("img") == 0 and seen.count("main script") == 0
        shown = seen.page.locator("body").inner_text()
        assert "<img src=x onerror=window.hurt=1>" in shown and "<script>window.hurt=1</script>" in shown
        assert not [c for c in shown if not c.isprintable() and c not in "\n\t"], "control characters are made visible"


def test_a_run_cut_short_has_a_page_too(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, page_of(cut_short), tmp_path) as seen:
        assert seen.complaints == [] and "cut short" in seen.page.locator("#verdict").inner_text()


@pytest.mark.parametrize("after", [agreeing, disagreeing, hostile])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_two_runs_have_a_page(
    after: Callable[[], Run], size: tuple[int, int], browser: Browser, tmp_path: Path
) -> None:
    page = comparison_html(compare_runs(recorded(agreeing()), recorded(after())))
    with opened(browser, page, tmp_path, size) as seen:
        assert seen.complaints == [] and seen.page.evaluate("window.hurt") is None
        assert seen.page.evaluate("document.scrollingElement.scrollWidth") <= size[0]
        expected = {"agreeing": "no change beyond noise", "disagreeing": "worse", "hostile": "changed"}
        assert text(seen, "main .word") == expected[after.__name__]
        assert [told(one) for one in Axe().run(seen.page).response["violations"]] == []
