"""The commands together. Nothing here imports torch, so that help comes at once."""

from __future__ import annotations

import click

from uncertainty.cli.demo import demo
from uncertainty.cli.evaluate import evaluate
from uncertainty.cli.fit import fit
from uncertainty.cli.predict import predict
from uncertainty.cli.report import report


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="uncertainty", prog_name="uncertainty")
def application() -> None:
    """Predictions that say how far to trust them, from tables in csv or parquet files.

    \b
    Examples:
      uncertainty demo
      uncertainty fit train.csv --target price -o model.uq
      uncertainty predict model.uq new.csv --coverage 0.9 -o predictions.csv
      uncertainty evaluate model.uq test.csv
      uncertainty report model.uq test.csv -o report.html

    Files are never replaced unless --force is given. `uncertainty COMMAND --help` has more.
    """


for command in (fit, predict, evaluate, report, demo):
    application.add_command(command)
