"""How to run a check, and the command that does a part of it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..ports.manifest import Runner
from ..ports.session import HELLO_SECONDS, REQUEST_SECONDS


@dataclass(frozen=True)
class Options:
    """How to run the check. Times in seconds: for a request, and for the first, which includes the runtime's start.

    ``reference`` is the file of the functions, where the cases are theirs.
    """

    threads: int = 1
    seconds: float = REQUEST_SECONDS
    hello_seconds: float = HELLO_SECONDS
    data_dir: Path | None = None
    reference: Path | None = None

    def command(self, runner: Runner, case: str, seed: int, before: Sequence[str] = ()) -> str:
        """The command line that runs one case again, after those ``before`` it."""
        words = ["gradparity", "check"]
        words += ["--reference", str(self.reference)] if self.reference else []
        words += runner.asks([*before, case], seed)
        words += ["--threads", str(self.threads)] if self.threads != 1 else []
        words += ["--timeout", f"{self.seconds:g}"] if self.seconds != REQUEST_SECONDS else []
        words += ["--data-dir", str(self.data_dir)] if self.data_dir else []
        return shlex.join(words)
