"""`uncertainty fit`: from a table to a model file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from uncertainty.cli.errors import in_one_line
from uncertainty.cli.files import INPUT_FILE, OUTPUT_FILE, check_output
from uncertainty.cli.training_plan import CLASSIFICATION, HEADS, METHODS, REGRESSION, TrainingPlan


@click.command(short_help="Fit a model to a table.")
@click.argument("data", type=INPUT_FILE)
@click.option("--target", required=True, metavar="COLUMN", help="The column to predict.")
@click.option("-o", "--output", required=True, type=OUTPUT_FILE, help="The model file to write, by custom *.uq.")
@click.option("--task", type=click.Choice([REGRESSION, CLASSIFICATION]), help="By default guessed, and said.")
@click.option("--method", type=click.Choice(list(METHODS)), default="deep-ensemble", show_default=True)
@click.option("--head", type=click.Choice(list(HEADS)), help="Shape of the noise, for regression.  [default: mixture]")
@click.option("--members", type=click.IntRange(min=1), help="Number of members of an ensemble.")
@click.option("--max-iter", type=click.IntRange(min=1), help="Epochs of training at most.  [default: by the rows]")
@click.option("--max-time", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Stop training then.")
@click.option("--conformal", is_flag=True, help="Hold out a fifth of the rows, so that intervals are sure to cover.")
@click.option("--weights", metavar="COLUMN", help="Weights of the rows; not a feature.")
@click.option("--drop", multiple=True, metavar="COLUMN", help="A column that is no feature. May be repeated.")
@click.option("--category", multiple=True, metavar="COLUMN", help="Numbers that are codes. May be repeated.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same model.")
@click.option("--force", is_flag=True, help="Replace the output if it is there already.")
@in_one_line
def fit(
    data: Path,
    target: str,
    output: Path,
    task: str | None,
    weights: str | None,
    drop: tuple[str, ...],
    category: tuple[str, ...],
    force: bool,
    **options: Any,
) -> None:
    """Fit a model to the csv or parquet file DATA.

    Columns may hold numbers, text, booleans, dates such as 2020-01-31 and gaps (empty, NA, NaN, null, None or ?). What
    was understood of them is printed. Rows without a target are left out.

    \b
    Examples:
      uncertainty fit train.csv --target price -o model.uq
      uncertainty fit train.csv --target price --drop id --category postcode --conformal -o model.uq
      uncertainty fit churn.parquet --target left --task classification --method mc-dropout -o churn.uq
    """
    check_output(output, force=force, inputs=(data,))
    from uncertainty.cli.column_roles import ColumnRoles
    from uncertainty.cli.input_table import InputTable
    from uncertainty.cli.training import held_out_score, read_training_rows, train
    from uncertainty.persistence import save
    from uncertainty.tables import tabular_pipeline

    rows = read_training_rows(InputTable(data), ColumnRoles(target, weights, drop, category), task)
    click.echo(rows.summary)
    model = tabular_pipeline(TrainingPlan(**options).estimator(rows.task))
    interruption = train(model, rows)
    click.echo(held_out_score(model))
    save(model, output, overwrite=force)
    click.echo(f"Saved to {output} ({output.stat().st_size / 1e6:.1f} MB).")
    if interruption is not None:
        click.echo(f"Interrupted: {interruption}", err=True)
        sys.exit(130)
