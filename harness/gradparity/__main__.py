"""`python -m gradparity`, and the command `gradparity`."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run the command line. Its imports take half a second, in which an interrupt may come, too.

    To be terminated, or to lose the terminal, is an interrupt: no port is left behind, and what was found is told.
    """
    for ending in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) is signal.SIG_DFL:  # nohup ignores one
            signal.signal(ending, signal.default_int_handler)
    try:
        from .cli import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("gradparity: interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
