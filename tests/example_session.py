"""The sessions in docs/protocol.md, read from the page: the one with which it opens, and one of any layers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

PAGE = Path(__file__).parents[1] / "docs" / "protocol.md"


@dataclass
class Line:
    """One line of the session with its arrays."""

    word: str
    fields: dict[str, str]
    names: list[str]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def read_session(kind: str = "session") -> list[tuple[Line, Line]]:
    """The requests and the replies to them."""
    [block] = re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    lines: list[Line] = []
    for text in block.splitlines():
        if text[0] in "<>":
            word, *pairs = text[2:].split(" ")
            fields = dict(pair.split("=", 1) for pair in pairs)
            names = fields.pop("arrays").split(",") if "arrays" in fields else []
            lines.append(Line(word, fields, names))
        else:
            match = re.fullmatch(r"    (\S+) (\w+) \(([\d, ]*)\)( [CF])?: (.*)", text)
            assert match, f"{PAGE.name}: cannot read {text!r}"
            name, dtype, sizes, order, numbers = match.groups()
            shape = tuple(int(size) for size in sizes.split(",") if size.strip())
            array = np.array(numbers.replace("*", "nan").split(), dtype).reshape(shape)
            lines[-1].arrays[name] = np.asfortranarray(array) if order == " F" else array
    return list(zip(lines[::2], lines[1::2], strict=True))


SESSION = read_session()
OF_ANY_LAYERS = read_session("session any")
