"""The mutants of functions on a terminal: how many were found, by which cases, and the blind spots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..texts import number
from .function_mutants import Fate, FunctionMutant, FunctionMutants


def function_mutants_report(result: FunctionMutants) -> RenderableType:
    """Counts for each function, the known bugs that were named, each survivor with its line, and the sum."""
    parts: list[RenderableType] = [_counts(result), ""]
    if bugs := Counter(one.bug for one in result.of(Fate.KILLED) if one.bug):
        parts += [Text("named: " + ", ".join(f"{name} {count}" for name, count in bugs.most_common())), ""]
    parts += [Text(f"left out: {what}", "dim") for what in result.left_out]
    if same := result.of(Fate.EQUIVALENT):
        parts += [Text("equivalent here, the same bits in every case:", "bold"), *_changes(same), ""]
    if blind := result.of(Fate.SURVIVED):
        parts += [Text("the blind spots of this suite:", "bold red"), *_changes(blind), ""]
    return Group(*parts, _sum(result))


def _counts(result: FunctionMutants) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("function")
    for heading in ("mutants", *Fate):
        table.add_column(heading, justify="right")
    for owner in dict.fromkeys(one.owner for one in result.mutants):
        fates = [one.fate for one in result.mutants if one.owner == owner]
        table.add_row(Text(owner), str(len(fates)), *(str(fates.count(fate)) for fate in Fate))
    return table


def _changes(mutants: list[FunctionMutant]) -> Iterator[Text]:
    for one in mutants:
        told = f"  {one.file}:{one.line}: {one.old} -> {one.new}"
        yield Text.assemble(told, (f"   {one.changed}", "dim") if one.changed != one.new else "")
        if one.fate is Fate.SURVIVED:
            yield Text(f"      within rounding, at most {number(one.ratio)} of it, in {one.case}", "dim")


def _sum(result: FunctionMutants) -> Text:
    killed, same, blind = (len(result.of(fate)) for fate in Fate)
    word, style = ("blind spots", "bold red") if blind else ("no blind spot", "bold green")
    text = f" - {killed} of {len(result.mutants)} mutants killed, {same} equivalent here, {blind} survived otherwise"
    return Text.assemble((word, style), text)
