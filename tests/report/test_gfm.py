"""Words of others in Markdown: a real renderer makes text of them and nothing else, and so does what comes after it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.report.gfm import CLIP, clip, columns, fence, table, text
from gradparity.tables import Table, Value, row
from gradparity.texts import plain
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from samples import HOSTILE

OURS = {"span", "br"}
LINKED = re.compile(  # what GitHub makes links, formulas and pictures of, in the text of an element
    r"@\w|#\d|\bgh-\d|://|www\.|\$.|:[\w+-]*[a-z][\w+-]*:|:(100|1234|[+-]1):", re.IGNORECASE
)
SPECIAL = st.text(st.sampled_from("\\`*_[]()<>&|!~#@$:.-+=/ \n\r\t1agwh\x00\x1b\u202e"), max_size=40)
WORDS = st.one_of(st.text(max_size=CLIP), SPECIAL, st.sampled_from(HOSTILE))


class Shown(HTMLParser):
    """What a browser would show: the tags, the cells of each row, and the texts between two tags."""

    def __init__(self, markdown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.texts: list[str] = []
        self.inside = ""
        renderer = MarkdownIt("commonmark").enable(["table", "strikethrough"])
        self.feed(renderer.render(markdown))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert all(name in ("style", "class") for name, _ in attrs), f"attributes that none of ours has: {attrs}"
        self.tags.append(tag)
        self.inside = tag
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "br":
            self.handle_data("\n")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data

    def handle_comment(self, data: str) -> None:
        pytest.fail(f"a comment: {data}")


def squeezed(words: str) -> str:
    """As HTML shows it: spaces and line breaks run together."""
    return " ".join(words.split())


def assert_text(shown: Shown, tags: set[str]) -> None:
    assert set(shown.tags) <= tags | OURS, f"tags that are not ours: {set(shown.tags) - tags}"
    joined = [one for one in shown.texts if LINKED.search(one)]
    assert not joined, f"GitHub would make something of {joined}"


@given(WORDS)
def test_any_words_are_shown_as_they_are_in_a_line(words: str) -> None:
    shown = Shown(f"before {text(words)} after")
    assert_text(shown, {"p"})
    assert squeezed("".join(shown.texts)) == squeezed(f"before {plain(words)} after")


@given(WORDS)
def test_any_words_are_shown_as_they_are_in_bold_type_and_in_a_heading(words: str) -> None:
    shown = Shown(f"## x {text(words)}\n\n- **x{text(words)}x** y")
    assert_text(shown, {"h2", "ul", "li", "strong"})
    assert shown.tags.count("strong") == 1
    assert squeezed("".join(shown.texts)) == squeezed(f"x {plain(words)}\nx{plain(words)}x y")


@given(st.lists(st.lists(WORDS, min_size=2, max_size=2), min_size=1, max_size=3))
def test_any_words_stay_in_their_cell(words: list[list[str]]) -> None:
    shown = Shown(table(Table("", words[0], [row(*cells) for cells in words])))
    assert_text(shown, {"table", "thead", "tbody", "tr", "th", "td"})
    expected = [[squeezed(plain(one)) for one in cells] for cells in [words[0], *words]]
    assert [[squeezed(one) for one in cells] for cells in shown.rows] == expected


@given(st.lists(WORDS.map(lambda words: words[:CLIP]), max_size=5))
def test_a_fence_ends_where_it_ends(lines: list[str]) -> None:
    shown = Shown(f"{fence(lines)}\n\nafter")
    assert shown.tags == ["pre", "code", "p"]
    block = [plain(line).replace("\n", "\\x0a") for line in lines]
    assert "".join(shown.texts) == "\n".join([*block, "\nafter\n"])


def test_a_command_is_never_cut_and_other_words_are() -> None:
    long = "x" * 5000
    assert long in fence([long], "sh")
    assert len(text(long)) == CLIP and text(long).endswith("…")
    assert clip("abcd", 4) == "abcd" and clip("abcde", 4) == "abc…"


def test_a_verdict_has_its_word_and_a_wrong_one_a_symbol_beside_it() -> None:
    cells = row(Value.of(Verdict.WRONG, "\n5e+09"), Value.of(Verdict.COULD_NOT_RUN), Value.of(Verdict.ROUNDING))
    assert table(Table("", ("a", "b\nc", "d"), [cells], names=0)).splitlines() == [
        "| a | b c | d |",
        "| :-- | :-- | :-- |",
        "| ❌ **wrong**<br>5e+09 | ⚠️ could not run | rounding |",
    ]


def test_columns_are_taken_by_their_heading() -> None:
    whole = Table("t", ("runner", "interval", "", "interval"), [row("a", "b", "c", "d")])
    assert columns(whole, ("runner", "", "interval")) == Table(
        "t", ["runner", "verdict", "interval"], [row("a", "c", "b")]
    )


def test_a_long_table_says_how_much_it_leaves_out() -> None:
    shown = table(Table("", ("a",), [row(str(i)) for i in range(100)]))
    assert shown.endswith("| 39 |\n\nand 60 more rows")
