"""What every public metric owes its caller. A new metric is found through `__all__` and fed by its argument names."""

import dataclasses
import inspect

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ndtr, ndtri

from uncertainty import metrics
from uncertainty.metrics.pointwise import normal_crps, normal_logpdf

N_ROWS = 60
FUNCTIONS = [name for name in metrics.__all__ if inspect.isfunction(getattr(metrics, name))]
# One value a row, and a wrapper of any metric: each has its own tests.
NO_METRICS = {"pit_values", "bootstrap_ci"}
METRICS = [name for name in FUNCTIONS if name not in NO_METRICS]
TAKE_TARGETS = [name for name in METRICS if {"y", "y_true"} & set(inspect.signature(getattr(metrics, name)).parameters)]
# Weights are importance there, not counts: see its docstring and test_intervals.py.
WEIGHTS_ARE_NO_COUNTS = {
    "coverage_by_bin",
    "coverage_by_group",
    "coverage_confidence_interval",
    "coverage_report",
    "pit_histogram",
    "regression_calibration_curve",
}
LEVELS = np.array([0.1, 0.5, 0.9])
# What an argument is called where it does not carry its column's name in the table.
COLUMNS = {"prediction": "interval", "feature": "mean", "uncertainty": "std", "score": "std", "median": "mean"}
SETTINGS = {"coverage": 0.8, "levels": LEVELS, "n_directions": 20, "n_bins": 5, "resolution": 5}


@dataclasses.dataclass
class NormalRows:
    """A minimal predictive: one normal per row."""

    loc: np.ndarray
    scale: np.ndarray

    def mean(self):
        return self.loc

    def std(self):
        return self.scale

    def logpdf(self, y):
        return normal_logpdf(y, self.loc, self.scale)

    def crps(self, y):
        return normal_crps(y, self.loc, self.scale)

    def cdf(self, y):
        return ndtr((y - self.loc) / self.scale)

    def ppf(self, level):
        return self.loc + self.scale * ndtri(level)


class Echo:
    """A fitted model for regression or classification whose inputs are its answers, so that it can be cut by rows."""

    classes_ = ("a", "b", "c")

    def predict_dist(self, X):
        return NormalRows(X[:, 0], X[:, 1])

    def predict_interval(self, X, coverage):
        return np.column_stack([X[:, 0] - 1.6 * X[:, 1], X[:, 0] + 1.6 * X[:, 1]])

    def predict_proba(self, X):
        return X[:, 2:]


def make_table(seed=0, n_rows=N_ROWS):
    """Return every kind of argument a metric can ask for, one entry a row."""
    rng = np.random.default_rng(seed)
    mean, std = 40.0 + 7.0 * rng.normal(size=n_rows), rng.uniform(0.5, 3.0, n_rows)
    y = mean + std * rng.normal(size=n_rows)
    proba = rng.dirichlet([1.0, 2.0, 1.5], n_rows)
    labels = np.array(["a", "b", "c"])[[rng.choice(3, p=p) for p in proba]]
    return {
        "y": y,
        "labels": labels,
        "mean": mean,
        "std": std,
        "weights": rng.dirichlet(np.ones(4), n_rows),
        "means": mean[:, None] + rng.normal(size=(n_rows, 4)),
        "scales": rng.uniform(0.5, 3.0, (n_rows, 4)),
        "interval": np.column_stack([mean - 1.6 * std, mean + 1.2 * std]),
        "y_proba": proba,
        "y_set": proba > 0.2,
        "samples": mean[:, None] + rng.normal(size=(n_rows, 6)),
        "y_quantiles": mean[:, None] + std[:, None] * ndtri(LEVELS),
        "loss": np.abs(y - mean),
        "is_foreign": std + rng.normal(size=n_rows) > 2.0,
        "groups": np.array(["left", "right"])[(mean > 40.0).astype(int)],
        "X": np.column_stack([mean, std, proba]),
    }


def evaluate(name, table, rows=slice(None), sample_weight=None):
    """Call the metric on some rows of the table and return its result as one vector."""
    metric = getattr(metrics, name)
    names = inspect.signature(metric).parameters
    is_classification = {"y_proba", "y_set"} & set(names) or "brier" in name
    arguments = {}
    for parameter in names:
        if parameter in ("y_true", "y"):
            arguments[parameter] = table["labels" if is_classification else "y"][rows]
        elif parameter == "dist":
            arguments[parameter] = NormalRows(table["mean"][rows], table["std"][rows])
        elif parameter == "estimator":
            arguments[parameter] = Echo()
        elif parameter in SETTINGS:
            arguments[parameter] = SETTINGS[parameter]
        elif parameter in (table | COLUMNS) and parameter != "labels":
            arguments[parameter] = table[COLUMNS.get(parameter, parameter)][rows]
    return as_vector(metric(**arguments, sample_weight=sample_weight))


def as_vector(result):
    """Return the numbers of a result; counts are of rows, whatever their weight, and names no numbers."""
    if dataclasses.is_dataclass(result):
        result = {f.name: getattr(result, f.name) for f in dataclasses.fields(result) if f.name != "count"}
    if isinstance(result, dict):
        columns = [np.ravel(column) for column in result.values()]
        result = np.concatenate([column for column in columns if column.dtype.kind == "f"])
    return np.atleast_1d(result)


@pytest.fixture(scope="module")
def table():
    return make_table()


@pytest.mark.parametrize("name", METRICS)
class TestEveryMetric:
    def test_is_a_plain_float(self, name, table):
        result = evaluate(name, table)
        assert result.dtype == np.float64
        annotation = inspect.signature(getattr(metrics, name)).return_annotation
        if annotation is float:
            assert result.shape == (1,)
            assert np.isfinite(result).all()

    def test_unit_weights_change_nothing(self, name, table):
        assert_array_equal(evaluate(name, table, sample_weight=np.ones(N_ROWS)), evaluate(name, table))

    def test_weights_matter(self, name, table):
        weighted = evaluate(name, table, sample_weight=np.linspace(0.1, 3.0, N_ROWS))
        assert not np.allclose(weighted, evaluate(name, table), rtol=1e-6, equal_nan=True)

    def test_integer_weights_are_repetition(self, name, table):
        counts = np.random.default_rng(1).integers(0, 4, N_ROWS)
        weighted = evaluate(name, table, sample_weight=counts)
        repeated = evaluate(name, table, np.repeat(np.arange(N_ROWS), counts))
        if name in WEIGHTS_ARE_NO_COUNTS:
            assert not np.allclose(weighted, repeated)
        else:
            assert_allclose(weighted, repeated, rtol=1e-12)

    def test_scaling_weights_changes_nothing(self, name, table):
        weight = np.random.default_rng(2).uniform(0.1, 2.0, N_ROWS)
        reference = evaluate(name, table, sample_weight=weight)
        for factor in (3.7, 1e-300, 1e306):
            assert_allclose(evaluate(name, table, sample_weight=factor * weight), reference, rtol=1e-12)

    def test_zero_weight_is_removal(self, name, table):
        weight = np.random.default_rng(3).uniform(0.1, 2.0, N_ROWS)
        weight[::4] = 0.0
        kept = np.flatnonzero(weight)
        removed = evaluate(name, table, kept, sample_weight=weight[kept])
        assert_allclose(evaluate(name, table, sample_weight=weight), removed, rtol=1e-12)

    def test_order_of_rows_does_not_matter(self, name, table):
        rng = np.random.default_rng(4)
        weight, order = rng.uniform(0.1, 2.0, N_ROWS), rng.permutation(N_ROWS)
        shuffled = evaluate(name, table, order, sample_weight=weight[order])
        assert_allclose(shuffled, evaluate(name, table, sample_weight=weight), rtol=1e-12)

    @pytest.mark.parametrize(
        ("weight", "message"),
        [
            (np.zeros(N_ROWS), "must not be zero in every row"),
            (np.linspace(-1.0, 1.0, N_ROWS), "must be non-negative, got -1"),
            (np.full(N_ROWS, np.nan), "must be finite, got nan"),
            (np.ones(N_ROWS - 1), "must have shape"),
            (np.ones((N_ROWS, 1)), "must have shape"),
        ],
    )
    def test_bad_weights_are_refused(self, name, table, weight, message):
        with pytest.raises(ValueError, match=f"sample_weight {message}"):
            evaluate(name, table, sample_weight=weight)

    def test_no_rows_are_refused(self, name, table):
        with pytest.raises(ValueError, match="must"):
            evaluate(name, table, np.arange(0))

    def test_documented(self, name):
        text = inspect.getdoc(getattr(metrics, name))
        assert all(f"\n{heading}\n---" in text for heading in ("Parameters", "Returns", "Raises", "References"))
        assert ">>>" in text


@pytest.mark.parametrize("name", TAKE_TARGETS)
class TestTargets:
    def test_a_column_does_not_broadcast(self, name, table):
        column = {key: table[key][:, None] for key in ("y", "labels")}
        with pytest.raises(ValueError, match=r"must (have|give)"):
            evaluate(name, table | column)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_missing_values_are_refused(self, name, table, bad):
        target = np.arange(N_ROWS, dtype=float) % 3
        target[5] = bad
        with pytest.raises(ValueError, match="y_true must"):
            evaluate(name, table | {"y": target, "labels": target})


def test_the_discovery_finds_the_metrics():
    assert {"crps_score", "neg_brier_scorer", "mean_width", "log_loss"} <= set(METRICS)
    assert set(FUNCTIONS) >= NO_METRICS
    assert metrics.__all__ == sorted(metrics.__all__)
    tables = [getattr(metrics, name) for name in set(metrics.__all__) - set(FUNCTIONS)]
    assert all(dataclasses.is_dataclass(table) and table.__dataclass_params__.frozen for table in tables)
