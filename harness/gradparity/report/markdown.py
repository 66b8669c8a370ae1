"""A run in Markdown, for a pull request or the summary of a CI job: short enough for both."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from ..arithmetic.verdicts import Verdict
from ..bench.records import BenchResult
from ..bench.tables import conditions_words, function_tables, gradient_table
from ..check.records import CheckResult
from ..check.summary import closest_call
from ..check.wording import Told, told_findings
from ..ports.info import RunnerInfo, State
from ..record.reading import Recorded
from ..record.run import Run
from ..tables import Table, Value, row
from ..texts import last_lines, number
from ..train.records import TrainRun
from ..train.tables import posts_table, recipe_table
from ..train.wording import told_troubles
from .gfm import SYMBOLS, columns, fence, table, text
from .reproduce import commands
from .verdict import Conclusion, MatrixCell, conclusion, headline, matrix, runners

LIMIT = 20_000  # characters. GitHub takes 65,536 in a comment, and readers far fewer
MOST_FINDINGS = 12
MOST_LOST = 5
HEADS = {
    Conclusion.AGREEMENT: "✅",
    Conclusion.DISAGREEMENT: "❌",
    Conclusion.INCOMPLETE: "⚠️",
    Conclusion.MEASURED: "⏱️",
}


def markdown(found: Recorded) -> str:
    """The verdict first; then what went wrong, speed and training; the environment folded away."""
    run = found.run
    blocks = [("the verdict", _verdict(found)), ("the matrix", _matrix(run)), ("what could not run", _absent(run))]
    blocks += _findings(run)
    blocks += [("speed", _speed(run.bench)) if run.bench else ("", "")]
    blocks += [("training", _training(run.train)) if run.train else ("", "")]
    blocks += [("the environment", _environment(run))]
    return fitted(blocks)


def fitted(blocks: Iterable[tuple[str, str]]) -> str:
    """Of named blocks those that fit into ``LIMIT``, and the names of the others."""
    kept, cut, room = [], [], LIMIT - 300  # for the names
    for name, block in blocks:
        if len(block) + 2 > room:
            cut.append(name)
        elif block:
            kept.append(block)
            room -= len(block) + 2
    if cut:
        names = ", ".join(dict.fromkeys(cut))
        kept.append(f"Left out to stay below {LIMIT:,} characters: {names}. The HTML report has all of it.")
    return "\n\n".join(kept) + "\n"


def _verdict(found: Recorded) -> str:
    in_a_word = conclusion(found)
    return f"## {HEADS[in_a_word]} {in_a_word.capitalize()}\n\n{text(headline(found))}{lost(found)}"


def lost(found: Recorded, of: str = "the record") -> str:
    """What of a record is damaged, as a paragraph of its own; nothing where it is whole."""
    if not found.lost:
        return ""
    lines = [f"⚠️ **Parts of {of} are damaged, and left out:**"]
    lines += [f"<br>\n↳ {text(line)}" for line in found.lost[:MOST_LOST]]
    more = len(found.lost) - MOST_LOST
    return "\n\n" + "".join(lines) + (f"<br>\n↳ and {more} more" if more > 0 else "")


def _matrix(run: Run) -> str:
    found = matrix(run)
    if not found.columns:
        return ""
    counts = _cases(run.check) if run.check else {}
    rows = [
        row(info.runner, *([counts.get(info.runner, "-")] if counts else []), *map(_cell, found.row(info.runner)))
        for info in found.runners
    ]
    shown = Table("", ["runner", *(["cases"] if counts else []), *found.columns], rows)
    note = "Below a verdict is the worst difference, as a multiple of what rounding explains: up to 1 it is rounding."
    return f"{table(shown)}\n\n<sub>{note}</sub>"


def _cases(check: CheckResult) -> dict[str, str]:
    """How many cases of each runner were compared."""
    counts = {}
    for info in check.runners:
        own = [case.verdict is not Verdict.NOT_IMPLEMENTED for case in check.cases if case.runner == info.runner]
        counts[info.runner] = str(len(own)) if all(own) else f"{sum(own)} of {len(own)}"
    return counts


def _cell(cell: MatrixCell | None) -> str | Value:
    if cell is None:
        return "-"
    figure = f"\n{number(cell.ratio)}" if cell.ratio and cell.verdict is not Verdict.IDENTICAL else ""
    return Value.of(cell.verdict, figure)


def _absent(run: Run) -> str:
    """What could not run, with the reason; what is only not here is no failure, and said after it."""
    items: dict[str, str] = {}
    for part in run.parts:
        infos = [timed.info for timed in part.runners] if isinstance(part, BenchResult) else part.runners
        should = {one.info.runner if not isinstance(one, RunnerInfo) else one.runner for one in part.missing}
        for info in infos:
            if info.state is not State.READY:
                items.setdefault(info.runner, _absent_runner(info, info.runner in should))
        for timed in part.runners if isinstance(part, BenchResult) else []:
            if timed.trouble:
                told = f"- ⚠️ **{text(timed.info.runner)}, timed:** {text(timed.trouble)}"
                items[f"{timed.info.runner} timed"] = told + _last_words(last_lines(timed.stderr))
        if part.interrupted:
            items[part.kind] = f"- ⚠️ **{part.kind}:** it did not come to its end, and what follows is a part of it"
    items |= {line: f"- left out: {text(line)}" for line in (run.check.left_out if run.check else [])}
    return "### What did not run\n\n" + "\n".join(items.values()) if items else ""


def _absent_runner(info: RunnerInfo, should: bool) -> str:
    symbol = "⚠️ " if should else ""
    hint = f". {text(info.hint)}" if should and info.hint else ""
    words = _last_words(last_lines(info.stderr)) if info.state is State.FAILED else ""
    return f"- {symbol}**{text(info.runner)}** {info.state}: {text(info.reason)}{hint}{words}"


def _last_words(lines: list[str]) -> str:
    return "\n\n" + textwrap.indent(fence(lines), "  ") if lines else ""


def _findings(run: Run) -> Iterator[tuple[str, str]]:
    told = told_findings(run.check) if run.check else []
    told += told_troubles(run.train) if run.train else []
    for at, one in enumerate(told[:MOST_FINDINGS]):
        yield f"finding {at + 1}", ("" if at else "### Findings\n\n") + _finding(one)
    rest = [f"{text(one.runner)} {one.verdict}" for one in told[MOST_FINDINGS:]]
    if rest:
        names = ", ".join(rest[:MOST_FINDINGS]) + (", ..." if len(rest) > MOST_FINDINGS else "")
        yield "more findings", f"and {len(rest)} more findings: {names}"
    call = closest_call(run.check) if run.check and run.check.exit_code == 0 else None
    if call:
        case, cell = call
        words = f"{case.runner}, {cell.quantity} {cell.array}, ratio {number(cell.ratio)}"
        yield "the closest call", f"Closest call: {text(words)}\n\n{fence([case.command], 'sh')}"


def _finding(told: Told) -> str:
    lines = [f"{SYMBOLS.get(told.verdict, '')} **{text(told.where.strip())}** {text(told.what)}"]
    lines += [f"<br>\n↳ {text(line)}" for line in told.more]
    blocks = ["".join(lines)]
    blocks += [fence(told.last_words)] if told.last_words else []
    blocks += [fence([told.command], "sh")] if told.command else []
    return "\n\n".join(blocks)


def _speed(bench: BenchResult) -> str:
    headings = ("runner", "median", f"x {bench.reference}", "interval", "", "x products")
    blocks = []
    for group in bench.groups:
        if group.kind == "pass":
            whole = gradient_table(group, bench)
            floor = group.floor.get("gradient")
            noise = (
                "" if floor is None else f"\n\n<sub>noise floor {floor:.1%}: nothing nearer to 1 is a difference</sub>"
            )
            blocks.append(f"**{text(whole.title)}**\n\n{table(columns(whole, headings))}{noise}")
    of_calls = ("runner", "case", "median", f"x {bench.reference}", "interval", "", "noise floor")
    blocks += [f"**{text(one.title)}**\n\n{table(columns(one, of_calls))}" for one in function_tables(bench)]
    return "\n\n".join(["### Speed", *blocks]) if blocks else ""


def _training(train: TrainRun) -> str:
    blocks = []
    for recipe in train.recipes:
        whole = recipe_table(recipe, train)
        headings = [heading for heading in whole.headings if heading not in ("seconds", "beside the gradient")]
        blocks += [f"**{text(whole.title)}**\n\n{table(columns(whole, headings))}"] if whole.rows else []
    posts = posts_table(train)
    blocks += [f"**{text(posts.title)}**\n\n{table(posts)}"] if posts.rows else []
    return "\n\n".join(["### Training", *blocks]) if blocks else ""


def _environment(run: Run) -> str:
    facts = {"gradparity": run.gradparity, "started": run.started}
    facts["machine"] = f"{run.machine.cpu}, {run.machine.cores} cores, {run.machine.system}"
    facts |= {"machine": conditions_words(run.bench)} if run.bench else {}
    facts["packages"] = ", ".join(f"{name} {version}" for name, version in run.packages.items())
    facts["training data"] = run.train.data if run.train else ""
    seeds = {case.seed for case in run.check.cases} if run.check else set()
    seeds |= {one.seed for one in run.train.results} if run.train else set()
    facts["seeds"] = ", ".join(map(str, sorted(seeds)))
    notes = [*(run.bench.warnings if run.bench else []), *(run.train.notes if run.train else [])]
    blocks = [table(Table("", ["what", "value"], [row(*pair) for pair in facts.items() if pair[1]], names=2))]
    blocks += [table(_versions(run))] if runners(run) else []
    blocks += ["\n".join(f"- note: {text(note)}" for note in notes)] if notes else []
    again = [line for one in commands(run) for line in (f"# {one.what}", one.command)]
    blocks += [fence(again, "sh")] if again else []
    body = "\n\n".join(blocks)
    return f"<details>\n<summary>Environment, versions and commands</summary>\n\n{body}\n\n</details>"


def _versions(run: Run) -> Table:
    """What each runner says that it is; the libraries that its process has loaded are from the benchmark."""
    loaded = {timed.info.runner: ", ".join(timed.blas) for timed in run.bench.runners} if run.bench else {}
    rows = [
        row(one.runner, f"{one.language} {one.version}", loaded.get(one.runner) or one.blas, one.threads)
        for one in runners(run)
    ]
    return Table("", ("runner", "language", "BLAS", "threads"), rows, names=4)
