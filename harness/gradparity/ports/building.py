"""Builds speak: a command builds its ports before it starts any, side by side, and says on stderr what takes long."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from typing import Protocol

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from ..consoles import to_stderr
from .build import StepFailed, Watcher, ensure_built
from .family import Family
from .manifest import Port, Runner
from .programs import expand


class Display(Protocol):
    """Where it is shown what is going on, from any thread."""

    def now(self, port: str, what: str) -> None:
        """The port is at this."""

    def done(self, port: str, what: str) -> None:
        """The port is at nothing any more: this is how it ended."""


class Lines:
    """A line for each."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self.say = say

    def now(self, port: str, what: str) -> None:
        """One line."""
        self.say(what)

    def done(self, port: str, what: str) -> None:
        """One line."""
        self.say(what)


class Rows:
    """A terminal: while something is going on, a row for each port, which disappears with its end."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.tasks: dict[str, TaskID] = {}

    def now(self, port: str, what: str) -> None:
        """The port's row."""
        if port in self.tasks:
            self.progress.update(self.tasks[port], description=what)
        else:
            self.tasks[port] = self.progress.add_task(what, total=None)
        self.progress.start()

    def done(self, port: str, what: str) -> None:
        """Its row goes; a build that failed is told where its port is missing."""
        self.progress.remove_task(self.tasks.pop(port))


@contextmanager
def display_on(console: Console) -> Iterator[Display]:
    """Rows on a terminal, lines elsewhere."""
    if not console.is_terminal:
        yield Lines(console.print)
        return
    what = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    progress = Progress(SpinnerColumn(), what, TimeElapsedColumn(), console=console, transient=True)
    try:
        yield Rows(progress)
    finally:
        progress.stop()


def build_ports(
    runners: Iterable[Runner], display: Display | None = None, clock: Callable[[], float] = time.monotonic
) -> None:
    """Build the ports of these runners, if that is due and nothing is lacking: as many at a time as there are cores.

    How each build ended is what ``ensure_built`` says from then on. An interrupt ends them all, and is raised again.
    """
    ports = {id(one.port): one.port for one in runners if one.port.manifest.build and not one.lacking}
    if not ports:
        return
    with nullcontext(display) if display else display_on(to_stderr()) as shown:
        builds = [_Build(port, shown, clock) for port in ports.values()]
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            try:
                futures = [pool.submit(build.run) for build in builds]
                wait(futures)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for build in builds:
                    build.ended = True
                for build in builds:
                    build.terminate()
                raise
        for future in futures:
            future.result()


class _Build(Watcher):
    """One port's build: what is said of it, and its end before time."""

    def __init__(self, port: Port, display: Display, clock: Callable[[], float]) -> None:
        self.port, self.display, self.clock = port, display, clock
        self.ended = False
        self._waited = False
        self._process: Family | None = None
        self._began = 0.0

    def run(self) -> None:
        """Build the port. Why that failed is told where it would have been started."""
        name = self.port.manifest.name
        try:
            ensure_built(self.port, self)
            end = f"built {name} in {self.clock() - self._began:.1f} s" if self._process else f"{name} is built"
        except StepFailed:
            end = f"could not build {name}"
        if self._process or self._waited:
            self.display.done(name, end)

    def waits(self) -> None:
        """Say so, once."""
        self._go_on()
        if not self._waited:
            self._waited = True
            name = self.port.manifest.name
            self.display.now(name, f"waiting for another command that builds {name}")

    def begins(self, process: Family) -> None:
        """Say so, and be able to end it."""
        self._process, self._began = process, self.clock()
        self._go_on()
        assert self.port.manifest.build
        command = " ".join(expand(self.port.manifest.build.command))
        self.display.now(self.port.manifest.name, f"building {self.port.manifest.name}: {command}")

    def _go_on(self) -> None:
        if self.ended:
            raise KeyboardInterrupt

    def terminate(self) -> None:
        """End the build, from another thread, if it has begun; with ``ended`` set, it never will."""
        if self._process:
            self._process.terminate()
