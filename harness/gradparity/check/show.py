"""A check on a terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..arithmetic.verdicts import Verdict
from ..ports.info import RunnerInfo, State
from ..terminal import STYLES, absent, table_of
from ..texts import number, plain
from .ladder import Rung, is_growing, ladder
from .records import CaseResult, CheckResult
from .summary import check_table, closest_call, counts
from .wording import Told, declared_words, not_there, reference_words, told_findings


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
                self.console.print(f"{news.runner}: {news.state}")
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


def check_report(result: CheckResult, growing: bool = True) -> RenderableType:
    """The table, what could not run and why, each finding with the command that reproduces it, and the sum.

    ``growing``: with how far a port has come that is not whole.
    """
    parts: list[RenderableType] = [*table_of(check_table(result)), ""] if result.cases else []
    parts += absent(result.runners, result.missing)
    parts += [Text(f"left out: {line}", "dim") for line in result.left_out]
    parts += [Text(line, "dim") for line in reference_words(result.references)]
    parts += [Text(plain(line)) for line in not_there(result)]
    for told in told_findings(result):
        parts += told_lines(told)
    parts += [Text(line, "dim") for line in declared_words(result)]
    for info in result.runners if growing else []:
        rungs = [] if result.interrupted else ladder(result, info)
        parts += _ladder(info, rungs) if is_growing(rungs) and info.state is not State.NOT_AVAILABLE else []
    call = closest_call(result)
    if call and result.exit_code == 0:
        case, cell = call
        parts.append(Text(f"closest call: {case.runner}, {cell.quantity} {cell.array}, ratio {number(cell.ratio)}"))
        parts.append(_command(case.command))
    parts += ["", sum_line(result)]
    return Group(*parts)


def _ladder(info: RunnerInfo, rungs: list[Rung]) -> list[RenderableType]:
    """What a growing port can by now, and what comes next."""
    lines: list[RenderableType] = [Text(f"how far {info.runner} has come", "bold")]
    for rung in rungs:
        word = "not reached" if rung.verdict is None else "there" if rung.passed else str(rung.verdict)
        style = STYLES[rung.verdict] if rung.verdict else "dim"
        lines.append(Text.assemble(f"    {rung.stage:10}", (f"{word:16}", style), (plain(rung.told), "dim")))
        lines += [Text(f"    {'':10}next: {plain(rung.next)}")] if rung.next else []
    return lines


def told_lines(told: Told) -> list[RenderableType]:
    """A finding, and below it what more there is to it."""
    lines: list[RenderableType] = [Text.assemble((plain(told.where), STYLES[told.verdict]), plain(told.what))]
    lines += [Text(f"    {plain(line)}", "bold" if at == 0 else "") for at, line in enumerate(told.more)]
    lines += [Text(f"    | {line}", "dim") for line in told.last_words]
    return [*lines, _command(told.command)] if told.command else lines


def _command(command: str) -> Text:
    """A command on one line however long, so that it can be copied."""
    return Text(f"    {plain(command)}", no_wrap=True, overflow="ignore")


COUNTED = {Verdict.MUTATES: "with changed arguments"}


def sum_line(result: CheckResult) -> Text:
    """The whole check in one line."""
    found = counts(result.cases)
    runners = {case.runner for case in result.cases}
    cases = {(case.case, case.seed) for case in result.cases}
    told = ", ".join(f"{found[one]} {COUNTED.get(one, one)}" for one in Verdict if found[one]) or "nothing compared"
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
        cells = (plain(language), plain(info.blas), plain(info.threads))
        table.add_row(info.runner, Text(str(info.state), style), *cells)
    parts: list[RenderableType] = [table, ""]
    parts += absent(infos, missing)
    return Group(*parts)
