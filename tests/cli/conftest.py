"""Small tables in files, and models that the command line has fitted to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from uncertainty.cli.application import application

QUICK = ["--method", "mlp", "--max-iter", "3"]


@pytest.fixture(scope="session")
def run() -> Callable[..., Result]:
    def call(*arguments: object, code: int = 0) -> Result:
        result = CliRunner().invoke(application, [str(argument) for argument in arguments])
        unexpected = not isinstance(result.exception, SystemExit | None)
        if unexpected:
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    return call


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    """300 rows with numbers, codes, text, truth values, dates and gaps, and a target of each task."""
    rng = np.random.default_rng(0)
    n = 300
    size = rng.normal(size=n)
    table = pd.DataFrame({"id": [f"{i:03d}" for i in range(n)], "size": size, "code": rng.integers(1, 4, n)})
    table["place"] = rng.choice(["north, far", 'the "old" town', "süd"], n)
    table["flag"] = rng.random(n) < 0.5
    table["day"] = (pd.Timestamp("2023-03-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D")).strftime(
        "%Y-%m-%d"
    )
    table["price"] = 3.0 + size + (table["place"] == "süd") + 0.1 * rng.normal(size=n)
    table["class"] = np.where(table["price"] > 3.5, "dear", "cheap")
    table.loc[5:20, "size"] = np.nan
    table.loc[30:40, "place"] = None
    table.loc[50:55, "day"] = None
    return table


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame) -> Path:
    """The table as csv and parquet."""
    path = tmp_path_factory.mktemp("tables")
    frame.to_csv(path / "data.csv", index=False)
    frame.assign(day=pd.to_datetime(frame["day"])).to_parquet(path / "data.parquet")
    return path


@pytest.fixture(scope="session")
def regressor(folder: Path, run: Callable[..., Result]) -> Path:
    options = ["--drop", "id", "--drop", "class", "--category", "code", "--max-iter", 3, "--members", 2]
    run("fit", folder / "data.csv", "--target", "price", *options, "-o", folder / "regressor.uq")
    return folder / "regressor.uq"


@pytest.fixture(scope="session")
def classifier(folder: Path, run: Callable[..., Result]) -> Path:
    options = ["--drop", "id", "--drop", "price", *QUICK, "--conformal"]
    run("fit", folder / "data.csv", "--target", "class", *options, "-o", folder / "classifier.uq")
    return folder / "classifier.uq"
