"""`uncertainty predict`: the numbers of Python, whatever the file, its format and the size of the batches."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.csv
import pytest

import uncertainty
from uncertainty import MCDropoutClassifier, ProbabilisticMLPRegressor
from uncertainty.cli.prediction import Prediction


@pytest.fixture(scope="module")
def predicted(run, folder, regressor):
    output = folder / "predictions.csv"
    run("predict", regressor, folder / "data.csv", "--coverage", 0.5, "--coverage", 0.95, "-o", output)
    return pd.read_csv(output)


def test_columns_and_values_are_those_of_python(predicted, regressor, frame):
    model = uncertainty.load(regressor)
    X, last = model[:-1].transform(frame), model[-1]
    parts, ends = last.predict_uncertainty(X), last.predict_interval(X, coverage=[0.5, 0.95])
    expected = {
        "mean": parts.mean,
        "std": np.sqrt(parts.total_variance),
        "lower_50": ends[:, 0, 0],
        "upper_50": ends[:, 1, 0],
        "lower_95": ends[:, 0, 1],
        "upper_95": ends[:, 1, 1],
        "aleatoric_std": np.sqrt(parts.aleatoric_variance),
        "epistemic_std": np.sqrt(parts.epistemic_variance),
    }
    assert list(predicted) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(predicted[name], values, rtol=1e-12)


@pytest.mark.parametrize(("batch_bytes", "batch_rows"), [(300, 13), (4_000, 70), (1_000_000, 10_000)])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_size_of_the_batches_changes_nothing(
    predicted, folder, regressor, tmp_path, ending, batch_bytes, batch_rows
):
    prediction = Prediction(regressor, folder / f"data.{ending}", (0.5, 0.95), (), keep_all=False)
    read = []
    sizes = {"batch_bytes": batch_bytes, "batch_rows": batch_rows}
    n_rows = prediction.write(tmp_path / "out.csv", force=False, progress=read.append, **sizes)
    assert n_rows == len(predicted)
    assert sum(read) == prediction.n_bytes
    assert min(read) >= 0
    assert (sum(n > 0 for n in read) > 3) == (batch_rows < 100)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "out.csv"), predicted, rtol=1e-12, check_exact=False)


def test_a_column_keeps_its_kind_in_every_batch(run, tmp_path):
    """Codes that look like numbers in one batch, numbers that are all missing in another."""
    codes, n = ["1", "2", "007", "x9"], 400
    table = pd.DataFrame({"code": [codes[4 * i // n] for i in range(n)], "x": np.arange(n) % 5})
    table["y"] = table["code"].map({"1": 1.5, "2": 2.0, "007": 3.0, "x9": 4.0}) + 0.1 * table["x"]
    table.sample(frac=1.0, random_state=0).to_csv(tmp_path / "train.csv", index=False)
    fit = ["--target", "y", "--method", "mlp", "--max-iter", 20]
    run("fit", tmp_path / "train.csv", *fit, "-o", tmp_path / "model.uq")
    text = table.astype({"x": object})
    text.loc[: n // 4, "x"] = None
    text.drop(columns="y").to_csv(tmp_path / "new.csv", index=False)
    whole, batched = (tmp_path / "whole.csv", tmp_path / "batched.csv")
    prediction = Prediction(tmp_path / "model.uq", tmp_path / "new.csv", (0.9,), (), keep_all=False)
    prediction.write(whole, force=False)
    prediction.write(batched, force=False, batch_bytes=200)
    one, other = pd.read_csv(whole), pd.read_csv(batched)
    pd.testing.assert_frame_equal(one, other, rtol=1e-12, check_exact=False)
    means = one["mean"].groupby(text["code"]).mean()
    assert means["1"] < means["2"] < means["007"] < means["x9"]


def test_kept_columns_are_copied_as_they_stand(run, folder, regressor, frame, tmp_path):
    run("predict", regressor, folder / "data.csv", "--keep", "id", "--keep", "place", "-o", tmp_path / "some.csv")
    some = pd.read_csv(tmp_path / "some.csv", dtype={"id": str})
    assert some["id"].tolist() == frame["id"].tolist()
    assert some["place"].fillna("").tolist() == frame["place"].fillna("").tolist()
    run("predict", regressor, folder / "data.parquet", "--keep-all", "-o", tmp_path / "all.parquet")
    everything = pd.read_parquet(tmp_path / "all.parquet")
    assert list(everything)[: len(frame.columns)] == list(frame)
    assert everything["id"].tolist() == frame["id"].tolist()
    np.testing.assert_allclose(everything["mean"], some["mean"], rtol=1e-12)
    clash = frame.rename(columns={"id": "mean"})
    clash.to_csv(tmp_path / "clash.csv", index=False)
    refused = run("predict", regressor, tmp_path / "clash.csv", "--keep-all", "-o", tmp_path / "x.csv", code=1)
    assert "column 'mean' cannot be kept" in refused.stderr
    assert not (tmp_path / "x.csv").exists()


def test_words_for_gaps_are_gaps_to_the_model_and_words_where_they_are_kept(run, regressor, frame, tmp_path):
    """ "NA" may be the code of a country."""
    frame.assign(id="NA", size="?").to_csv(tmp_path / "words.csv", index=False)
    frame.assign(size=np.nan).to_csv(tmp_path / "gaps.csv", index=False)
    for name in ("words", "gaps"):
        run("predict", regressor, tmp_path / f"{name}.csv", "--keep-all", "-o", tmp_path / f"{name}_out.csv")
    words, gaps = (pd.read_csv(tmp_path / f"{name}_out.csv", keep_default_na=False) for name in ("words", "gaps"))
    assert set(words["id"]) == {"NA"}
    assert set(words["size"]) == {"?"}
    assert words["mean"].tolist() == gaps["mean"].tolist()


def test_levels_that_differ_have_columns_that_differ(run, regressor, folder, tmp_path):
    levels = ["--coverage", 0.29, "--coverage", 0.9999998, "--coverage", 0.9999999]
    run("predict", regressor, folder / "data.csv", *levels, "-o", tmp_path / "out.csv")
    ends = [name for name in pd.read_csv(tmp_path / "out.csv") if name.startswith("lower")]
    assert ends == ["lower_29", "lower_99.99998", "lower_99.99999"]


def test_standard_output_tabs_and_compression(run, folder, regressor, predicted, frame, tmp_path):
    shown = run("predict", regressor, folder / "data.csv", "--coverage", 0.5, "--coverage", 0.95, "-o", "-").stdout
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(shown)), predicted)
    frame.to_csv(tmp_path / "data.tsv.gz", index=False, sep="\t")
    run("predict", regressor, tmp_path / "data.tsv.gz", "-o", tmp_path / "out.tsv.gz")
    assert np.allclose(pd.read_csv(tmp_path / "out.tsv.gz", sep="\t")["mean"], predicted["mean"], rtol=1e-12)


def test_classes_probabilities_entropies_and_sets(run, folder, classifier, frame, tmp_path):
    run("predict", classifier, folder / "data.csv", "--coverage", 0.8, "-o", tmp_path / "out.csv")
    table = pd.read_csv(tmp_path / "out.csv")
    named = ["prediction", "probability_cheap", "probability_dear", "total_entropy", "mutual_information", "set_80"]
    assert [name for name in named if name in table] == list(table)
    model = uncertainty.load(classifier)
    np.testing.assert_allclose(table[["probability_cheap", "probability_dear"]], model.predict_proba(frame), rtol=1e-12)
    assert table["prediction"].tolist() == model.predict(frame).tolist()
    sets = model[-1].predict_set(model[:-1].transform(frame), coverage=0.8)
    assert table["set_80"].fillna("").str.contains("dear").tolist() == sets[:, 1].tolist()


def test_entropies_of_an_ensemble(run, frame, tmp_path):
    frame[["size", "code"]].assign(label=frame["class"] == "dear").to_csv(tmp_path / "data.csv", index=False)
    options = ["--target", "label", "--method", "mc-dropout", "--members", 4, "--max-iter", 3]
    run("fit", tmp_path / "data.csv", *options, "-o", tmp_path / "model.uq")
    run("predict", tmp_path / "model.uq", tmp_path / "data.csv", "-o", tmp_path / "out.csv")
    command = ["predict", tmp_path / "model.uq", tmp_path / "data.csv", "--coverage", 0.5, "-o", "-"]
    assert "--coverage has no effect" in run(*command).stderr
    table = pd.read_csv(tmp_path / "out.csv")
    names = ["prediction", "probability_False", "probability_True", "total_entropy", "mutual_information"]
    assert list(table) == names
    assert (table["mutual_information"] > 0).all()
    assert (table["total_entropy"] > table["mutual_information"]).all()


def test_models_saved_from_python(run, folder, frame, tmp_path):
    """One of numbers alone that knows their names is enough; its gaps are still refused, and one without names too."""
    X = frame[["code", "size"]].fillna(0.0)
    model = ProbabilisticMLPRegressor((8,), max_iter=2, random_state=0)
    uncertainty.save(model.fit(X, frame["price"]), tmp_path / "named.uq")
    X.to_csv(tmp_path / "new.csv", index=False)
    run("predict", tmp_path / "named.uq", tmp_path / "new.csv", "-o", tmp_path / "out.csv")
    np.testing.assert_allclose(pd.read_csv(tmp_path / "out.csv")["mean"], model.predict(X), rtol=1e-12)
    assert "NaN" in run("predict", tmp_path / "named.uq", folder / "data.csv", "-o", tmp_path / "x.csv", code=1).stderr
    uncertainty.save(model.fit(X.to_numpy(), frame["price"]), tmp_path / "unnamed.uq")
    refused = run("predict", tmp_path / "unnamed.uq", tmp_path / "new.csv", "-o", tmp_path / "x.csv", code=1)
    assert "does not know the names of its columns" in refused.stderr
    uncertainty.save(model.fit(X, frame[["price", "size"]].fillna(0.0)), tmp_path / "two.uq")
    refused = run("predict", tmp_path / "two.uq", tmp_path / "new.csv", "-o", tmp_path / "x.csv", code=1)
    assert "predicts 2 targets" in refused.stderr


def test_a_single_column_with_gaps_keeps_its_rows(run, tmp_path):
    pd.DataFrame({"x": np.arange(50.0), "y": np.arange(50.0)}).to_csv(tmp_path / "train.csv", index=False)
    run("fit", tmp_path / "train.csv", "--target", "y", "--method", "mlp", "--max-iter", 2, "-o", tmp_path / "m.uq")
    (tmp_path / "new.csv").write_text("x\n1\n\n3\n")
    run("predict", tmp_path / "m.uq", tmp_path / "new.csv", "-o", tmp_path / "out.csv")
    assert len(pd.read_csv(tmp_path / "out.csv")) == 3


MEMORY = """
import resource, sys
from uncertainty.cli import main
sys.argv[1:] = sys.argv[1:]
try:
    main()
except SystemExit as done:
    assert done.code in (0, None), done.code
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(regressor, frame, tmp_path):
    peaks = []
    for n_copies in (20, 700):
        path = tmp_path / f"{n_copies}.csv"
        table = pyarrow.Table.from_pandas(pd.concat([frame] * n_copies), preserve_index=False)
        pyarrow.csv.write_csv(table, path)
        command = [sys.executable, "-c", MEMORY, "predict", str(regressor), str(path), "--keep-all", "--force"]
        shown = subprocess.run([*command, "-o", str(tmp_path / "out.csv")], capture_output=True, text=True, check=True)
        peaks.append(int(shown.stdout.splitlines()[-1]))
    assert peaks[1] < peaks[0] + 150
    assert peaks[1] < 1000


def test_no_member_is_lost_by_mc_dropout_classifiers(run, frame, tmp_path):
    """The public class is what the file holds, so that Python can go on with it."""
    frame[["size", "class"]].to_csv(tmp_path / "data.csv", index=False)
    options = ["--target", "class", "--method", "mc-dropout", "--members", 3, "--max-iter", 2]
    run("fit", tmp_path / "data.csv", *options, "-o", tmp_path / "model.uq")
    model = uncertainty.load(tmp_path / "model.uq")[-1]
    assert isinstance(model, MCDropoutClassifier)
    assert len(model.members_) == 3
