"""The command line. Exit codes: 0 agreement, 1 a port disagrees, 2 wrong usage, 3 something asked for could not run."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from .errors import DataMissing, UsageError
from .version import __version__

COMMANDS = ("bench", "cases", "check", "doctor", "mutants", "new", "report", "run", "setup", "soak", "train")


class Commands(click.Group):
    """The commands of commands/, each imported when it is asked for: none waits for what another needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f".commands.{cmd_name}", __package__), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gradparity")
def cli() -> None:
    """Is a port the same computation as its reference, and how fast?"""


def main() -> None:
    """Run the command line; every expected trouble is one line on stderr, and no traceback."""
    try:
        code = cli.main(prog_name="gradparity", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = 2
    except click.ClickException as error:
        code = _trouble(error.format_message(), 2)
    except UsageError as error:
        code = _trouble(str(error), 2)
    except DataMissing as error:
        code = _trouble(str(error), 3)
    except (click.Abort, KeyboardInterrupt):
        code = _trouble("interrupted", 130)
    except BrokenPipeError:
        sys.stderr.close()
        code = 141
    sys.exit(code)


def _trouble(text: str, code: int) -> int:
    click.echo(f"gradparity: {' '.join(text.split())}", err=True)
    return code
