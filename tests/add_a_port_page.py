"""docs/add-a-port.md: the page, its blocks, and the solution that it builds."""

from __future__ import annotations

import re
from pathlib import Path

from made_ports import SOLUTIONS

PAGE = (Path(__file__).parents[1] / "docs" / "add-a-port.md").read_text(encoding="utf-8")
GO = (SOLUTIONS / "go" / "my_network.go").read_text()


def blocks(kind: str) -> list[str]:
    """The page's blocks of this kind."""
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
