"""Results on a terminal. Colour only where it means something, and never without the word."""

from __future__ import annotations

import re
from enum import StrEnum

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from . import tables
from .bench.records import Word
from .results import CaseResult, Cell, CheckResult, Diagnosis, RunnerInfo, State
from .summary import Finding, RunnerDiagnosis, check_table, closest_call, counts, diagnosis, findings
from .texts import number, plain
from .verdicts import Verdict

STYLES: dict[StrEnum, str] = {
    Verdict.IDENTICAL: "green",
    Verdict.ROUNDING: "green",
    Verdict.NOT_IMPLEMENTED: "dim",
    Verdict.UNRESOLVED: "yellow",
    Verdict.COULD_NOT_RUN: "yellow",
    Verdict.WRONG: "bold red",
    Word.FASTER: "green",
    Word.SLOWER: "yellow",
    Word.WITHIN_NOISE: "dim",
}
STDERR_LINES = 6


def picture(console: Console, title: str) -> str:
    """What a recording console printed, as an SVG that needs nothing from a network: the viewer's own font is used."""
    return re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title=title), flags=re.DOTALL)


class LiveTable:
    """The state of a check while it runs: a line a runner. Without a terminal, a line when a runner starts."""

    def __init__(self, console: Console, labels: list[str], total: int) -> None:
        self.console, self.total = console, total
        self.results: dict[str, list[CaseResult]] = {label: [] for label in labels}
        self.infos: dict[str, RunnerInfo] = {}
        self.live = Live(get_renderable=self._table, console=console, transient=True, refresh_per_second=8)

    def __enter__(self) -> LiveTable:
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def __call__(self, news: RunnerInfo | CaseResult) -> None:
        """Take in a runner that started or could not, or a result."""
        if isinstance(news, RunnerInfo):
            self.infos[news.runner] = news
            if not self.console.is_terminal:
                self.console.print(f"{news.runner}: {news.state}", highlight=False)
        else:
            self.results[news.runner].append(news)

    def _table(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("port", "cases", "identical", "rounding", "wrong", "other", "now"):
            table.add_column(heading, justify="left" if heading in ("port", "now") else "right")
        for label, results in self.results.items():
            found = counts(results)
            other = sum(found.values()) - found[Verdict.IDENTICAL] - found[Verdict.ROUNDING] - found[Verdict.WRONG]
            info = self.infos.get(label)
            now = "starting" if info is None else str(info.state) if info.state is not State.READY else ""
            if results:
                now = "done" if len(results) == self.total else results[-1].case
            wrong = Text(str(found[Verdict.WRONG]), STYLES[Verdict.WRONG] if found[Verdict.WRONG] else "")
            cells = (str(found[Verdict.IDENTICAL]), str(found[Verdict.ROUNDING]))
            table.add_row(label, f"{len(results)}/{self.total}", *cells, wrong, str(other), Text(now, "dim"))
        return table


def table_of(table: tables.Table) -> list[RenderableType]:
    """The title and the table, its first column to the left and its figures to the right."""
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for at, heading in enumerate(table.headings):
        shown.add_column(Text(plain(heading)), justify="left" if table.is_left(at) else "right", no_wrap=True)
    for line in table.rows:
        shown.add_row(*(Text(plain(value.text), STYLES[value.word] if value.word else "") for value in line))
    return [Text(plain(table.title), "bold"), shown] if table.title else [shown]


def check_report(result: CheckResult) -> RenderableType:
    """The table, what could not run and why, each finding with the command that reproduces it, and the sum."""
    parts: list[RenderableType] = [*table_of(check_table(result)), ""]
    parts += absent(result.runners, result.missing)
    parts += [Text(f"left out: {line}", "dim") for line in result.left_out]
    for finding in findings(result):
        parts += _finding(finding, result)
    call = closest_call(result)
    if call and result.exit_code == 0:
        case, cell = call
        parts.append(Text(f"closest call: {case.runner}, {cell.quantity} {cell.array}, ratio {number(cell.ratio)}"))
        parts.append(_command(case))
    parts += ["", sum_line(result)]
    return Group(*parts)


def absent(infos: list[RunnerInfo], missing: list[RunnerInfo]) -> list[RenderableType]:
    """Why each absent runner is that, and under a port's last one what to do about it."""
    lines: list[RenderableType] = []
    for info, after in zip(infos, [*infos[1:], None], strict=True):
        if info.state is not State.READY:
            style = "yellow" if info in missing else "dim"
            lines.append(Text.assemble((f"{info.runner} {info.state}: ", style), plain(info.reason)))
        if info.state is State.FAILED:
            lines += [Text(f"    | {line}", "dim") for line in last_lines(info.stderr)]
        if info in missing and (after is None or after.port != info.port):
            lines.append(Text(f"    {info.hint}"))
    return lines


def _finding(finding: Finding, result: CheckResult) -> list[RenderableType]:
    """What is wrong, where first and why, one element of it, the port's last words, and how to see it again."""
    case, verdict = finding.case, finding.cell.verdict
    where = f"{case.runner} {verdict} in {finding.count} case{'s' * (finding.count != 1)}"
    told = diagnosis(result, case.runner) if verdict is Verdict.WRONG else None
    if told is None:
        lines: list[RenderableType] = [
            Text.assemble((f"{where}, for one: ", STYLES[verdict]), plain(_words(finding.cell)))
        ]
    else:
        lines = [Text.assemble((f"{where}, first at ", STYLES[verdict]), plain(first_divergence(told.diagnosis)))]
        lines.append(Text.assemble("    ", (explanation(told), "bold")))
        lines += [Text(f"    also: {one.sentence}") for one in told.diagnosis.also if one != told.explanation]
        lines.append(Text(f"    {plain(_words(finding.cell))}"))
    lines += [Text(f"    | {line}", "dim") for line in last_lines(case.stderr)]
    lines.append(_command(case))
    return lines


def _command(case: CaseResult) -> Text:
    """The command that shows the case again, on one line however long, so that it can be copied."""
    return Text(f"    {case.command}", no_wrap=True, overflow="ignore")


def first_divergence(told: Diagnosis) -> str:
    """The first array that is wrong by itself, whether it is so called alone, and what inherits it."""
    alone = {"wrong": " (called alone, too)", "right": " (called alone it is right)", "not asked": ""}[told.alone]
    if not told.inherited:
        return f"{told.where}{alone}"
    count = len(told.inherited)
    others = told.inherited[0] if count == 1 else f"{told.inherited[0]} and {count - 1} more"
    return f"{told.where}{alone}; {others} inherit{'s' * (count == 1)} this"


def explanation(told: RunnerDiagnosis) -> str:
    """The known bug, or that none fits."""
    if told.explanation is None:
        return "no known bug gives these numbers"
    fit = "exactly" if told.explanation.residual == 0 else f"to {number(told.explanation.residual)}"
    name, sentence = told.explanation.name, told.explanation.sentence
    return f"{name}: {sentence}; fits {fit}, in {told.explained} of {told.wrong} cases"


def _words(cell: Cell) -> str:
    ratio = "" if cell.ratio is None else f"; ratio {number(cell.ratio)}"
    name = f"{cell.quantity} {cell.array}".strip()
    detail = (cell.detail or "the case could not have shown an error of 1e-3").removeprefix(f"{name}: ")
    return f"{name}: {detail}{ratio}"


def last_lines(text: str) -> list[str]:
    """The end of a port's own words, made safe to print."""
    return [plain(line) for line in text.strip().splitlines()[-STDERR_LINES:]]


def sum_line(result: CheckResult) -> Text:
    """The whole check in one line."""
    found = counts(result.cases)
    runners = {case.runner for case in result.cases}
    cases = {(case.case, case.seed) for case in result.cases}
    told = ", ".join(f"{found[verdict]} {verdict}" for verdict in Verdict if found[verdict]) or "nothing compared"
    text = f"{len(runners)} runner{'s' * (len(runners) != 1)} x {len(cases)} case{'s' * (len(cases) != 1)}: {told}"
    if result.interrupted:
        text += "; interrupted"
    if result.missing:
        text += f"; could not run: {', '.join(info.runner for info in result.missing)}"
    word, style = {0: ("agreement", "bold green"), 1: ("disagreement", "bold red")}.get(
        result.exit_code, ("incomplete", "bold yellow")
    )
    return Text.assemble((word, style), f" - {text}")


def doctor_report(infos: list[RunnerInfo], missing: list[RunnerInfo]) -> RenderableType:
    """Each runner: found or not and why, versions, BLAS and threads, and what to install."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("runner", "found", "language", "BLAS", "threads"):
        table.add_column(heading)
    for info in infos:
        style = "green" if info.state is State.READY else "yellow"
        language = f"{info.language} {info.version}".strip()
        cells = (escape(plain(language)), escape(plain(info.blas)), escape(plain(info.threads)))
        table.add_row(info.runner, Text(str(info.state), style), *cells)
    parts: list[RenderableType] = [table, ""]
    parts += absent(infos, missing)
    return Group(*parts)
