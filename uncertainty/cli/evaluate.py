"""`uncertainty evaluate`: scores of a model on rows that it has not seen."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from uncertainty.cli.errors import in_one_line
from uncertainty.cli.files import INPUT_FILE

if TYPE_CHECKING:
    from uncertainty.cli.scores import Score


@click.command(short_help="Score a model on a table with known targets.")
@click.argument("model", type=INPUT_FILE)
@click.argument("data", type=INPUT_FILE)
@click.option("--target", metavar="COLUMN", help="The column that was to be predicted.  [default: as in the fit]")
@click.option("--weights", metavar="COLUMN", help="Weights of the rows.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")
@in_one_line
def evaluate(model: Path, data: Path, target: str | None, weights: str | None, as_json: bool) -> None:
    """Score the model file MODEL on the csv or parquet file DATA, whose rows it should not have seen.

    Limits are of 95 %, by the bootstrap over these rows (of coverage: Clopper-Pearson): they are the noise of the rows,
    not of the training. Rows without a target are left out.

    \b
    Examples:
      uncertainty evaluate model.uq test.csv
      uncertainty evaluate model.uq test.parquet --json > scores.json
    """
    from uncertainty.cli.fitted_model import load_model, read_test_rows
    from uncertainty.cli.scores import scores_of

    fitted = load_model(model)
    rows = read_test_rows(fitted, data, target, weights)
    scores = scores_of(fitted, rows)
    click.echo(_json(scores, len(rows.y)) if as_json else _table(scores, len(rows.y)))


def _json(scores: list[Score], n_rows: int) -> str:
    """JSON has neither NaN nor infinity: a score that is not defined, or without end, is null."""
    content = {
        score.name: {
            key: value if value is not None and math.isfinite(value) else None
            for key, value in {"value": score.value, "low": score.low, "high": score.high}.items()
        }
        for score in scores
    }
    return json.dumps({"rows": n_rows, "confidence": 0.95, "scores": content}, indent=2, allow_nan=False)


def _table(scores: list[Score], n_rows: int) -> str:
    lines = [f"{n_rows} rows", f"{'score':12}  {'value':>10}  {'95 % limits':>23}  meaning"]
    for score in scores:
        limits = "" if score.low is None else f"{score.low:>10.4g} .. {score.high:<10.4g}"
        lines.append(f"{score.name:12}  {score.value:>10.4g}  {limits:>23}  {score.meaning}")
    return "\n".join(lines)
