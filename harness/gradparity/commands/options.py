"""The options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from ..cases import Dtype
from ..seeds import parse_seeds


class SeedList(click.ParamType[list[int]]):
    """ "3", "1,5,9" or "0-4"."""

    name = "SEEDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """The seeds in order, each once."""
        try:
            return parse_seeds(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


FOLDER = click.Path(path_type=Path, file_okay=False)
reference = click.option(
    "--reference", type=click.Path(path_type=Path), metavar="FILE", help="Functions of your own: a Python file."
)
port = click.option(
    "--port", "ports", multiple=True, metavar="PORT", help="rust, julia:native, or a port's folder. Default: all."
)
case = click.option("--case", "cases", multiple=True, metavar="CASE", help="A name, a pattern with *, or a .toml file.")
dtypes = click.option("--dtype", "dtypes", multiple=True, type=click.Choice(get_args(Dtype)), help="Default: both.")
seeds = click.option("--seeds", type=SeedList(), show_default="0", help="3, or 1,5,9, or 0-4.")
"""None where it is not given."""
threads = click.option(
    "--threads", type=click.IntRange(1, 1024), default=1, show_default=True, help="For each runtime."
)
data_dir = click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the four MNIST files.")
strict = click.option("--strict", is_flag=True, help="Changed arguments, and accuracy by norm alone, are failures.")
svg = click.option(
    "--svg", type=click.Path(path_type=Path, dir_okay=False, writable=True), help="Save the screen there."
)
run = click.option("--run", type=FOLDER, metavar="FOLDER", help="Record it, for `report`.")
json = click.option("--json", "as_json", is_flag=True, help="Print the record as JSON instead of tables.")
