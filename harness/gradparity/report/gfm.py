"""GitHub's Markdown: words of others as text and nothing else, fences, tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..arithmetic.verdicts import Verdict
from ..tables import Table, Value
from ..texts import plain

CLIP = 400  # characters of one text
MOST_ROWS = 40
WARNED = (Verdict.COULD_NOT_RUN, Verdict.UNRESOLVED, Verdict.MUTATES, Verdict.BY_NORM)
SYMBOLS = {Verdict.WRONG: "❌", **dict.fromkeys(WARNED, "⚠️")}

# GitHub looks for @names, #1, GH-1, :emoji:, $formulas$ and addresses in the text that Markdown has become: no escape
# hides them from it, but it does not look across an element's border. (The :05: of a time is no emoji.)
_SPECIAL = re.compile(
    r"(?P<escaped>[\\`*_\[\]~])"
    r"|(?P<entity>[&<>|])"
    r"|(?P<apart>[@#$]|:(?=//|[\w+-]*[a-z][\w+-]*:|(?:100|1234|[+-]1):)|(?<=[wW]{3})\.|(?<=[gG][hH])-(?=\d))"
    r"|(?P<line>\n)"
)


def text(words: str) -> str:
    """Any words, so that they are shown as they are: within a line, a heading or a table's cell, but not at its start.

    Control characters are made visible, and long words cut.
    """
    return _SPECIAL.sub(_shown, plain(clip(words)))


def _shown(found: re.Match[str]) -> str:
    character = found[0]
    return {
        "escaped": f"\\{character}",
        "entity": f"&#{ord(character)};",
        "apart": f"<span>{character}</span>",
        "line": "<br>",
    }[found.lastgroup or ""]


def clip(words: str, most: int = CLIP) -> str:
    """No more than so many characters, the last an ellipsis where there were more."""
    return words if len(words) <= most else words[: most - 1] + "…"


def fence(lines: Iterable[str], language: str = "text") -> str:
    """A block of code, line by line as it is; long lines are cut, but no commands."""
    shown = [plain(line if language == "sh" else clip(line)).replace("\n", "\\x0a") for line in lines]
    ticks = "`" * max([3, *(len(run) + 1 for line in shown for run in re.findall("`+", line))])
    return "\n".join([f"{ticks}{language}", *shown, ticks])


def table(shown: Table) -> str:
    """The table without its title; of very many rows the first, and how many more there are."""
    rule = [":--" if shown.is_left(at) else "--:" for at in range(len(shown.headings))]
    lines = [_line(text(heading.replace("\n", " ")) for heading in shown.headings), _line(rule)]
    lines += [_line(map(_value, row)) for row in shown.rows[:MOST_ROWS]]
    more = len(shown.rows) - MOST_ROWS
    return "\n".join(lines + ([f"\nand {more} more rows"] if more > 0 else []))


def columns(of: Table, headings: Sequence[str]) -> Table:
    """Of a table only these columns, of two with one heading the first. The one without a heading has the verdict."""
    at = [list(of.headings).index(heading) for heading in headings]
    return Table(
        of.title, [heading or "verdict" for heading in headings], [[row[i] for i in at] for row in of.rows], of.names
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _value(value: Value) -> str:
    if value.word is Verdict.WRONG:
        return f"{SYMBOLS[Verdict.WRONG]} **wrong**{text(value.after)}"
    symbol = SYMBOLS.get(value.word, "") if isinstance(value.word, Verdict) else ""
    return f"{symbol} {text(value.text)}".strip()
