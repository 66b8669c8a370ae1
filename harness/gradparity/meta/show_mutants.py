"""The mutants on a terminal: what was found, and how it was named."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..texts import plain
from .mutants import MutantResult


def mutants_report(outcomes: list[MutantResult]) -> RenderableType:
    """A line a mutant, the equivalent ones with their reason, and the sum."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("port", "mutant", "outcome", "named", "seconds"):
        right = "right" if heading == "seconds" else "left"
        table.add_column(heading, justify=right, no_wrap=heading == "mutant")  # type: ignore[arg-type]
    parts: list[RenderableType] = [table, ""]
    for outcome in outcomes:
        mutant = outcome.mutant
        style = "green" if outcome.right else "bold red"
        word = "killed" if outcome.killed else "not checked" if outcome.trouble else "survived"
        named = ", ".join(outcome.named) or "-"
        if mutant.equivalent:
            word += " (equivalent)"
        elif outcome.killed and not outcome.right:
            named += f", for {mutant.bug}"
        table.add_row(outcome.port, Text(mutant.name), Text(word, style), Text(named, style), f"{outcome.seconds:.1f}")
        if outcome.trouble:
            parts.append(Text(f"{outcome.port} {mutant.name}: {plain(outcome.trouble)}", "bold red"))
        elif not outcome.right:
            parts.append(Text(f"{outcome.port} {mutant.name}: {plain(outcome.where) or 'nothing was found'}", "red"))
        elif mutant.equivalent:
            parts.append(Text(f"{outcome.port} {mutant.name} survives: {mutant.equivalent}", "dim"))
    return Group(*parts, "", _sum(outcomes))


def _sum(outcomes: list[MutantResult]) -> Text:
    real = [outcome for outcome in outcomes if outcome.mutant.bug]
    killed = sum(outcome.killed for outcome in real)
    named = sum(outcome.right for outcome in real)
    equivalent = [outcome for outcome in outcomes if outcome.mutant.equivalent]
    good = bool(outcomes) and all(outcome.right for outcome in outcomes)
    text = f"{killed} of {len(real)} killed, {named} named correctly; {sum(o.right for o in equivalent)} of "
    text += f"{len(equivalent)} equivalent ones survived"
    return Text.assemble(("all found" if good else "not all found", "bold green" if good else "bold red"), f" - {text}")
