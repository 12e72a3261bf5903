"""`as_frame=True`: every number of the array is in the column that says what it is."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from uncertainty import DeepEnsembleClassifier, DeepEnsembleRegressor, ProbabilisticMLPRegressor
from uncertainty.estimators.frames import target_names

LEVELS = (0.29, 0.9, 0.999)
CLASSES = ["ash", "birch", "cedar"]


def ensemble(kind):
    from uncertainty import ProbabilisticMLPClassifier

    base = ProbabilisticMLPRegressor if kind is DeepEnsembleRegressor else ProbabilisticMLPClassifier
    return kind(base((8,), max_iter=2), 3, random_state=0)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(rng.standard_normal((60, 2)), columns=["a", "b"], index=[f"row {i}" for i in range(60)])


@pytest.fixture(scope="module")
def one(table):
    return ensemble(DeepEnsembleRegressor).fit(table, table["a"].rename("price"))


@pytest.fixture(scope="module")
def two(table):
    return ensemble(DeepEnsembleRegressor).fit(table, pd.DataFrame({"mass": table["a"], "charge": 9.0 * table["b"]}))


@pytest.fixture(scope="module")
def classes(table):
    return ensemble(DeepEnsembleClassifier).fit(table, np.array(CLASSES)[np.arange(60) % 3])


@pytest.fixture(scope="module")
def labels(table):
    return ensemble(DeepEnsembleClassifier).fit(table, pd.DataFrame({"wet": table["a"] > 0, "cold": table["b"] > 0}))


def expected_of_one(model, X):
    """Name of a method and its arguments: the columns of its frame, from its array."""
    mean, std = model.predict(X, return_std=True)
    interval, quantiles = model.predict_interval(X, LEVELS), model.predict_quantiles(X, (0.05, 0.5))
    members, samples = model.predict_members(X), model.sample_y(X, 2, random_state=1)
    return {
        ("predict",): {"mean": mean},
        ("predict", ("return_std", True)): {"mean": mean, "std": std},
        ("predict_var",): {"total_variance": std**2},
        ("predict_interval", ("coverage", LEVELS)): {
            f"{end}_{level}": interval[:, i, j]
            for i, end in enumerate(["lower", "upper"])
            for j, level in enumerate(["29", "90", "99.9"])
        },
        ("predict_interval",): {"lower_90": interval[:, 0, 1], "upper_90": interval[:, 1, 1]},
        ("predict_quantiles", ("quantiles", (0.05, 0.5))): {
            "quantile_0.05": quantiles[:, 0],
            "quantile_0.5": quantiles[:, 1],
        },
        ("predict_uncertainty",): dict(model.predict_uncertainty(X)),
        ("predict_members",): {f"member_{i}": members[i] for i in range(3)},
        ("sample_y", ("n_samples", 2), ("random_state", 1)): {f"sample_{i}": samples[:, i] for i in range(2)},
    }


def check(model, X, expected):
    for (method, *arguments), columns in expected.items():
        frame = getattr(model, method)(X, **dict(arguments), as_frame=True)
        assert list(frame.columns) == list(columns), method
        for name, values in columns.items():
            np.testing.assert_allclose(frame[name].to_numpy(), values, rtol=1e-12, err_msg=f"{method} {name}")


@pytest.mark.parametrize("columns", [list, pl.DataFrame], ids=["pandas", "polars"])
def test_a_regressor_names_every_column(one, table, columns):
    X = table if columns is list else pl.DataFrame(table)
    check(one, X, expected_of_one(one, X))


def test_several_targets_begin_the_names(two, table):
    mean, std = two.predict(table, return_std=True)
    interval, members = two.predict_interval(table), two.predict_members(table)
    parts = two.predict_uncertainty(table)
    quantiles, samples = two.predict_quantiles(table, (0.1,)), two.sample_y(table, 1)
    check(
        two,
        table,
        {
            ("predict", ("return_std", True)): {
                "mass_mean": mean[:, 0],
                "mass_std": std[:, 0],
                "charge_mean": mean[:, 1],
                "charge_std": std[:, 1],
            },
            ("predict_interval", ("coverage", (0.9,))): {
                f"{target}_{end}_90": interval[:, i, j]
                for i, target in enumerate(["mass", "charge"])
                for j, end in enumerate(["lower", "upper"])
            },
            ("predict_uncertainty",): {
                f"{target}_{part}": parts[part][:, i] for i, target in enumerate(["mass", "charge"]) for part in parts
            },
            ("predict_members",): {
                f"{target}_member_{m}": members[m, :, i]
                for i, target in enumerate(["mass", "charge"])
                for m in range(3)
            },
            ("predict_quantiles", ("quantiles", (0.1,))): {
                "mass_quantile_0.1": quantiles[:, 0, 0],
                "charge_quantile_0.1": quantiles[:, 1, 0],
            },
            ("sample_y",): {"mass_sample_0": samples[:, 0, 0], "charge_sample_0": samples[:, 1, 0]},
        },
    )


def test_a_classifier_names_the_classes(classes, table):
    proba, parts = classes.predict_proba(table), classes.predict_uncertainty(table)
    members = classes.predict_members(table)
    per_class = {
        f"{name}_{label}": parts[field][:, i]
        for field, name in (("proba", "probability"), *((f"{k}_variance",) * 2 for k in ("aleatoric", "epistemic")))
        for i, label in enumerate(CLASSES)
    }
    total = {f"total_variance_{label}": parts.total_variance[:, i] for i, label in enumerate(CLASSES)}
    entropies = {name: parts[name] for name in ("aleatoric_entropy", "mutual_information")}
    check(
        classes,
        table,
        {
            ("predict_proba",): {f"probability_{label}": proba[:, i] for i, label in enumerate(CLASSES)},
            ("predict_log_proba",): {f"log_probability_{c}": np.log(proba[:, i]) for i, c in enumerate(CLASSES)},
            ("predict_uncertainty",): {**per_class, **entropies, **total, "total_entropy": parts.total_entropy},
            ("predict_members",): {
                f"member_{m}_probability_{label}": members[m, :, i] for m in range(3) for i, label in enumerate(CLASSES)
            },
        },
    )
    for X in (table, pl.DataFrame(table)):
        frame = classes.predict(X, as_frame=True)
        assert frame.columns.to_list() if X is table else frame.columns == ["prediction"]
        assert list(frame["prediction"]) == classes.predict(X).tolist()


def test_several_labels_begin_the_names(labels, table):
    proba, parts = labels.predict_proba(table), labels.predict_uncertainty(table)
    members = labels.predict_members(table)
    check(
        labels,
        table,
        {
            ("predict",): {
                "wet_prediction": labels.predict(table)[:, 0],
                "cold_prediction": labels.predict(table)[:, 1],
            },
            ("predict_proba",): {"wet_probability": proba[:, 0], "cold_probability": proba[:, 1]},
            ("predict_uncertainty",): {
                f"{label}_{'probability' if part == 'proba' else part}": parts[part][:, i]
                for i, label in enumerate(["wet", "cold"])
                for part in parts
            },
            ("predict_members",): {
                f"{label}_member_{m}": members[m, :, i] for i, label in enumerate(["wet", "cold"]) for m in range(3)
            },
        },
    )


def test_the_frame_is_of_the_kind_that_X_is(one, table):
    shuffled = table.sample(frac=1.0, random_state=0)
    frame = one.predict_interval(shuffled, as_frame=True)
    assert isinstance(frame, pd.DataFrame)
    pd.testing.assert_index_equal(frame.index, shuffled.index)
    pd.testing.assert_frame_equal(frame.loc[table.index], one.predict_interval(table, as_frame=True))
    assert isinstance(one.predict_interval(pl.DataFrame(table), as_frame=True), pl.DataFrame)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        frame = one.predict_interval(table.to_numpy(), as_frame=True)
    pd.testing.assert_index_equal(frame.index, pd.RangeIndex(60))


def test_equal_names_are_refused(one, table):
    with pytest.raises(ValueError, match=r"as_frame must be False .* same name, got \['lower_90', 'upper_90'\] twice"):
        one.predict_interval(table, [0.9, 0.9], as_frame=True)


def test_arrays_need_no_pandas_but_frames_say_so(one, table, monkeypatch):
    import sys

    rows = pl.DataFrame(table)
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert one.predict_interval(rows).shape == (60, 2)
    assert one.predict_interval(rows, as_frame=True).columns == ["lower_90", "upper_90"]
    with (
        pytest.warns(UserWarning, match="does not have valid feature names"),
        pytest.raises(ImportError, match=r"uncertainty\[frames\]"),
    ):
        one.predict_interval(rows.to_numpy(), as_frame=True)


def test_names_of_targets():
    y = np.zeros((4, 2))
    for targets, n, expected in [
        (y[:, 0], 1, ["y"]),
        (y, 2, ["y0", "y1"]),
        (pd.Series(y[:, 0], name="price"), 1, ["price"]),
        (pd.Series(y[:, 0]), 1, ["y"]),
        (pl.Series("price", y[:, 0]), 1, ["price"]),
        (pd.DataFrame(y[:, :1], columns=["price"]), 1, ["price"]),
        (pd.DataFrame(y, columns=["mass", "charge"]), 2, ["mass", "charge"]),
        (pl.DataFrame(y, schema=["mass", "charge"]), 2, ["mass", "charge"]),
        (pd.DataFrame(y), 2, ["y0", "y1"]),
    ]:
        assert target_names(targets, n).tolist() == expected


def test_a_model_of_before_there_were_names_numbers_its_targets(two, table):
    model = ensemble(DeepEnsembleRegressor).fit(table, np.column_stack([table["a"], table["b"]]))
    assert list(model.predict(table, as_frame=True)) == ["y0_mean", "y1_mean"]
    del model.target_names_
    assert list(model.predict(table, as_frame=True)) == ["y0_mean", "y1_mean"]


def test_names_stay_those_of_the_first_pass(table):
    model = ProbabilisticMLPRegressor((4,), early_stopping=False, random_state=0)
    model.partial_fit(table, table.rename(columns={"a": "mass"}))
    model.partial_fit(table, table.to_numpy())
    assert model.target_names_.tolist() == ["mass", "b"]
