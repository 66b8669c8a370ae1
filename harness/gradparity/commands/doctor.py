"""`gradparity doctor`."""

from __future__ import annotations

import click

from ..check.options import Options
from ..check.records import CheckResult
from ..check.run import RunnerCheck
from ..check.show import doctor_report
from ..consoles import to_stdout
from ..ports.building import build_ports
from ..ports.manifest import by_name, select_runners
from . import options


@click.command()
@options.port
@options.json
def doctor(ports: tuple[str, ...], as_json: bool) -> int:
    """Say what is here, runtimes and BLAS, and what to install."""
    runners = select_runners(ports)
    build_ports(runners)
    infos = []
    for runner in runners:
        one = RunnerCheck(runner, Options())
        infos.append(one.start())
        one.close()
    result = CheckResult(required=by_name(runners, ports), runners=infos)
    if as_json:
        click.echo(result.model_dump_json(indent=1, include={"schema_version", "gradparity", "runners"}))
    else:
        to_stdout().print(doctor_report(infos, result.missing))
    return 3 if result.missing else 0
