"""`gradparity train`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from ..cases import Dtype
from ..consoles import to_stdout
from ..ports.manifest import by_name, select_runners
from ..record.folder import Recorder
from . import options


@click.command()
@options.port
@click.option("--recipe", "names", multiple=True, metavar="RECIPE", help="A recipe of a post, or a pattern with *.")
@click.option("--sizes", metavar="784,50,10", help="A recipe of your own, with the options below.")
@click.option("--optimizer", type=click.Choice(["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"]))
@click.option("--lr", type=click.FloatRange(0, 1e6, min_open=True), help="Learning rate.")
@click.option("--epochs", type=click.IntRange(1, 10_000), help="Over the training images.")
@click.option("--batch", type=click.IntRange(1, 10_000))
@click.option("--dtype", type=click.Choice(get_args(Dtype)))
@click.option("--data", type=click.Choice(["mnist", "digits"]), help="Default: MNIST, or digits where it is not here.")
@options.seeds
@options.threads
@options.data_dir
@options.run
@options.json
def train(
    ports: tuple[str, ...],
    names: tuple[str, ...],
    sizes: str | None,
    optimizer: str | None,
    lr: float | None,
    epochs: int | None,
    batch: int | None,
    dtype: Dtype | None,
    data: str | None,
    seeds: list[int] | None,
    threads: int,
    data_dir: Path | None,
    run: Path | None,
    as_json: bool,
) -> int:
    """Train the posts' networks in every port, step by step beside the reference."""
    from ..train.images import find_images
    from ..train.recipes import Own, merged, select_recipes
    from ..train.show import train_report  # plotext, which `gradparity --help` does not wait for
    from ..train.train import TrainOptions, train_ports

    runners = select_runners(ports)
    images, notes = find_images(data, data_dir)
    own = Own(sizes, optimizer, lr, epochs, batch, dtype)
    recipes = merged(recipe.on(images) for recipe in select_recipes(names, own))
    settings, required = TrainOptions(threads=threads), by_name(runners, ports)
    with Recorder(run, "train") as recorder:
        result = train_ports(runners, required, recipes, seeds or [0], images, notes, settings, recorder.train)
    if as_json:
        click.echo(result.model_dump_json(indent=1))
    else:
        to_stdout().print(train_report(result))
    return result.exit_code
