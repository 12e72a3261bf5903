"""`uncertainty predict`: from a model file and a table of any size to a table of predictions."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click.core import ParameterSource

from uncertainty.cli.errors import in_one_line
from uncertainty.cli.files import INPUT_FILE, OUTPUT_FILE, check_output, format_of
from uncertainty.cli.output_file import STANDARD_OUTPUT


@click.command(short_help="Predict the rows of a table.")
@click.argument("model", type=INPUT_FILE)
@click.argument("data", type=INPUT_FILE)
@click.option("-o", "--output", required=True, type=OUTPUT_FILE, help="*.csv or *.parquet; - is standard output.")
@click.option(
    "--coverage",
    multiple=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=[0.9],
    show_default=True,
    help="Of intervals, or of sets with conformal classifiers. May be repeated.",
)
@click.option("--keep", multiple=True, metavar="COLUMN", help="Copy a column of DATA. May be repeated.")
@click.option("--keep-all", is_flag=True, help="Copy all columns of DATA.")
@click.option("--force", is_flag=True, help="Replace the output if it is there already.")
@in_one_line
def predict(
    model: Path,
    data: Path,
    output: Path,
    coverage: tuple[float, ...],
    keep: tuple[str, ...],
    keep_all: bool,
    force: bool,
) -> None:
    """Predict every row of the csv or parquet file DATA with the model file MODEL.

    DATA may be larger than memory. For numbers the columns are: mean, std, aleatoric_std (noise in the data),
    epistemic_std (ignorance of the model), and lower_90, upper_90 for a coverage of 0.9. For classes: prediction,
    probability_CLASS, total_entropy, mutual_information (ignorance of the model, in nats).

    \b
    Examples:
      uncertainty predict model.uq new.csv -o predictions.csv
      uncertainty predict model.uq new.csv --coverage 0.5 --coverage 0.95 --keep id -o predictions.parquet
      uncertainty predict model.uq new.csv -o - | head
    """
    if output != STANDARD_OUTPUT:
        check_output(output, force=force, inputs=(model, data))
        format_of(output)
    from uncertainty.cli.prediction import Prediction

    prediction = Prediction(model, data, coverage, keep, keep_all=keep_all)
    given = click.get_current_context().get_parameter_source("coverage") is ParameterSource.COMMANDLINE
    if given and not prediction.has_coverage:
        click.echo("Warning: --coverage has no effect on a classifier that was fitted without --conformal.", err=True)
    with click.progressbar(length=prediction.n_bytes, label="Predicting", file=sys.stderr) as bar:
        n_rows = prediction.write(output, force=force, progress=bar.update)
    click.echo(f"Predicted {n_rows} rows.", err=True)
