"""`uncertainty demo`: the other commands on a small made table."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from uncertainty.cli.errors import in_one_line

N_ROWS = 800
N_TEST = 200


@click.command(short_help="Try everything on a small made table.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("uncertainty-demo"))
@click.option("--force", is_flag=True, help="Write into the folder although it is there already.")
@click.pass_context
@in_one_line
def demo(context: click.Context, folder: Path, force: bool) -> None:
    """Make a small table of made flats and their rents in FOLDER, and run each command on it.

    \b
    Examples:
      uncertainty demo
      uncertainty demo /tmp/demo
    """
    if folder.exists() and not force:
        raise click.UsageError(f"{str(folder)!r} is there already. Name another folder, or write into it with --force.")
    folder.mkdir(parents=True, exist_ok=True)
    _write_tables(folder)
    model, test = str(folder / "model.uq"), str(folder / "test.csv")
    fit = ["fit", str(folder / "train.csv"), "--target", "rent", "--drop", "id", "--members", "5", "-o", model]
    predict = ["predict", model, test, "--keep", "id", "--coverage", "0.9", "-o", str(folder / "predictions.csv")]
    report = ["report", model, test, "-o", str(folder / "report.html")]
    replace = ["--force"] if force else []
    for command in ([*fit, *replace], [*predict, *replace], ["evaluate", model, test], [*report, *replace]):
        _run(context.find_root().command, command)
    click.echo(f"\nLook at {folder / 'predictions.csv'} and open {folder / 'report.html'} in a browser.")


def _run(application: Any, command: list[str]) -> None:
    click.echo(click.style(f"\n$ uncertainty {shlex.join(command)}", bold=True))
    application.main(command, prog_name="uncertainty", standalone_mode=False)


def _write_tables(folder: Path) -> None:
    """Flats whose rents are the noisier, the larger they are, with text, dates and gaps."""
    import numpy as np
    import pandas

    rng = np.random.default_rng(0)
    area = rng.gamma(6.0, 12.0, N_ROWS)
    district = rng.choice(["centre", "north", "south", "harbour"], N_ROWS, p=[0.3, 0.35, 0.3, 0.05])
    rate = pandas.Series({"centre": 19.0, "north": 12.0, "south": 14.0, "harbour": 16.0})[district].to_numpy()
    day = rng.integers(0, 1500, N_ROWS)
    rent = 150.0 + area * rate * (1.0 + 5e-5 * day) + 1.2 * area * rng.normal(size=N_ROWS)
    flats = pandas.DataFrame(
        {
            "id": [f"flat-{number:04d}" for number in range(N_ROWS)],
            "area": area.round(1),
            "district": district,
            "balcony": rng.random(N_ROWS) < 0.4,
            "let_on": (pandas.Timestamp("2020-01-01") + pandas.to_timedelta(day, unit="D")).strftime("%Y-%m-%d"),
            "rent": rent.round(2),
        }
    )
    flats.loc[rng.random(N_ROWS) < 0.05, "area"] = None
    flats.loc[rng.random(N_ROWS) < 0.05, "district"] = None
    flats.iloc[N_TEST:].to_csv(folder / "train.csv", index=False)
    flats.iloc[:N_TEST].to_csv(folder / "test.csv", index=False)
