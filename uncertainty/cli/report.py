"""`uncertainty report`: a page on how far to trust a model."""

from __future__ import annotations

from pathlib import Path

import click

from uncertainty.cli.errors import in_one_line
from uncertainty.cli.files import INPUT_FILE, OUTPUT_FILE, check_output


@click.command(short_help="Write a page on how far to trust a model.")
@click.argument("model", type=INPUT_FILE)
@click.argument("data", type=INPUT_FILE)
@click.option("-o", "--output", required=True, type=OUTPUT_FILE, help="The page to write, by custom *.html.")
@click.option("--target", metavar="COLUMN", help="The column that was to be predicted.  [default: as in the fit]")
@click.option("--title", help="Of the page.")
@click.option("--force", is_flag=True, help="Replace the output if it is there already.")
@in_one_line
def report(model: Path, data: Path, output: Path, target: str | None, title: str | None, force: bool) -> None:
    """Write one self-contained HTML page on what the model file MODEL did on the csv or parquet file DATA.

    DATA should be rows that the model has not seen. The page holds values of up to 20,000 of them.

    \b
    Examples:
      uncertainty report model.uq test.csv -o report.html
    """
    check_output(output, force=force, inputs=(model, data))
    import pandas

    from uncertainty.cli.fitted_model import load_model, read_test_rows

    fitted = load_model(model)
    rows = read_test_rows(fitted, data, target)
    name = target or fitted.target
    from uncertainty.report import write_report

    y = pandas.Series(rows.y, name=name, index=rows.frame.index)
    write_report(fitted.estimator, rows.frame, y, output, title=title, target_name=name, overwrite=force)
    click.echo(f"Wrote {output} ({output.stat().st_size / 1e6:.1f} MB, {len(y)} rows).")
