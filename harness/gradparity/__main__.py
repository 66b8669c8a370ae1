"""`python -m gradparity`, and the command `gradparity`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. Its imports take half a second, in which an interrupt may come, too."""
    try:
        from .cli import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("gradparity: interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
