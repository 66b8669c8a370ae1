"""A check that a signal ends says what it has found until then, and leaves no port behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from conftest import PATIENCE, MakePort, wait_until


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_keeps_what_was_found_and_no_port(
    ending: signal.Signals, make_port: MakePort, tmp_path: Path
) -> None:
    port = make_port("faulty.py", "hang").folder
    # As in a terminal, though this test may run where these signals are ignored.
    main = (
        "from signal import *; signal(SIGINT, default_int_handler); signal(SIGTERM, SIG_DFL); signal(SIGHUP, SIG_DFL)\n"
        "from gradparity.__main__ import main; main()"
    )
    record = tmp_path / "run" / "record.jsonl"
    command = [sys.executable, "-c", main, "check", "--timeout", "600", "--run", str(record.parent)]
    with subprocess.Popen([*command, "--port", str(port), "--port", "python"], stdout=-1, stderr=-1, text=True) as run:
        wait_until(lambda: run.poll() is not None or (record.exists() and '"cases"' in record.read_text()), "a case")
        run.send_signal(ending)
        out, err = run.communicate(timeout=PATIENCE)
    assert run.returncode == 3
    assert "Traceback" not in out + err
    assert "python  layers" in out
    assert "interrupted" in out
    wait_until(lambda: not running_in(port), "no port to be left behind")


def running_in(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()) == folder:
                found.append(process)
    return found
