"""CV+ and jackknife+-after-bootstrap against their definitions, member by member and row by row."""

import warnings
from math import ceil, floor

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import BayesianRidge, LinearRegression
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeRegressor

from uncertainty import DeepEnsembleRegressor
from uncertainty.calibration import ConformalRegressor

FOLDS = KFold(4, shuffle=True, random_state=3)
LEVELS = [0.5, 0.8]


def plus_interval(lower, upper, level):
    """Barber et al. (2021), eq. 1.4, from the ends [n, m] that m rows bring."""
    m = lower.shape[1]
    low = np.sort(lower, axis=1)[:, floor(round((1 - level) * (m + 1), 9)) - 1]
    high = np.sort(upper, axis=1)[:, ceil(round(level * (m + 1), 9)) - 1]
    return np.stack([low, high], axis=1)


@pytest.mark.parametrize("score", ["absolute", "normalized"])
def test_cv_plus_by_its_definition(draw, score):
    (X, y), (X_test, _) = draw(43), draw(7, seed=1)
    model = ConformalRegressor(BayesianRidge(), method="cv+", conformity_score=score, cv=FOLDS).fit(X, y)
    lower, upper = [], []
    for fit, held_out in FOLDS.split(X):
        fold = BayesianRidge().fit(X[fit], y[fit])
        (mean, std), (at, at_std) = fold.predict(X[held_out], return_std=True), fold.predict(X_test, return_std=True)
        width = np.abs(y[held_out] - mean)
        half = width if score == "absolute" else (width / std) * at_std[:, None]
        lower.append(at[:, None] - half)
        upper.append(at[:, None] + half)
    expected = [plus_interval(np.hstack(lower), np.hstack(upper), level) for level in LEVELS]
    np.testing.assert_allclose(model.predict_interval(X_test, LEVELS), np.stack(expected, axis=2), rtol=1e-12)
    np.testing.assert_allclose(model.predict(X_test), BayesianRidge().fit(X, y).predict(X_test))
    assert len(model.estimators_) == 4


def test_cv_plus_agrees_with_mapie(draw):
    mapie = pytest.importorskip("mapie.regression")
    (X, y), (X_test, _) = draw(101), draw(9, seed=1)
    theirs = mapie.CrossConformalRegressor(LinearRegression(), confidence_level=[0.5, 0.9], method="plus", cv=FOLDS)
    theirs = theirs.fit_conformalize(X, y).predict_interval(X_test)[1]
    ours = ConformalRegressor(LinearRegression(), method="cv+", cv=FOLDS).fit(X, y).predict_interval(X_test, [0.5, 0.9])
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@pytest.mark.parametrize("score", ["absolute", "normalized", "pit", "quantile"])
def test_jackknife_plus_after_bootstrap_by_its_definition(draw, ensemble, score):
    (X, y), (X_test, _) = draw(40, heteroscedastic=True), draw(5, seed=1)
    ensemble.fit(X, y)
    frozen = FrozenEstimator(ensemble)
    model = ConformalRegressor(frozen, method="jackknife+ab", conformity_score=score).fit(X, y)
    at, there = ensemble.predict_dist(X), ensemble.predict_dist(X_test)
    unseen = ensemble.in_bag_counts_ == 0
    level, lower, upper = 0.8, [], []
    for i in np.flatnonzero(unseen.any(axis=0)):
        members = unseen[:, i]
        own, other = (
            type(p)(type(p.members)(p.members.weights[members], p.members.means[members], p.members.scales[members]),
                    single_target=True)
            for p in (at[int(i)], there)
        )  # fmt: skip
        if score == "absolute":
            ends = other.mean() - np.abs(y[i] - own.mean()), other.mean() + np.abs(y[i] - own.mean())
        elif score == "normalized":
            half = np.abs(y[i] - own.mean()) / own.std() * other.std()
            ends = other.mean() - half, other.mean() + half
        elif score == "pit":
            tail = float(0.5 - np.abs(own.cdf(y[i]) - 0.5)[0])
            ends = other.ppf(tail), other.ppf(1.0 - tail)
        else:
            (low, high), between = own.interval(level)[0], other.interval(level)
            ends = between[:, 0] - max(low - y[i], y[i] - high), between[:, 1] + max(low - y[i], y[i] - high)
        lower.append(ends[0])
        upper.append(ends[1])
    expected = plus_interval(np.stack(lower, axis=1), np.stack(upper, axis=1), level)
    np.testing.assert_allclose(model.predict_interval(X_test, level), expected, rtol=1e-9)
    np.testing.assert_array_equal(model.predict(X_test), ensemble.predict(X_test))


def test_nothing_is_refitted(draw, ensemble, monkeypatch):
    X, y = draw(40)
    ensemble.fit(X, y)
    monkeypatch.setattr(DeepEnsembleRegressor, "fit", None)
    model = ConformalRegressor(FrozenEstimator(ensemble), method="jackknife+ab").fit(X, y)
    assert model.estimator_ is ensemble
    assert np.isfinite(model.predict_interval(X)).all()


def test_a_row_that_every_member_has_seen_calibrates_nothing(draw, ensemble):
    X, y = draw(40)
    ensemble.fit(X, y)
    ensemble.in_bag_counts_[:, 7] = 1
    model = ConformalRegressor(FrozenEstimator(ensemble), method="jackknife+ab", conformity_score="pit").fit(X, y)
    np.testing.assert_array_equal(model.calibration_rows_, np.delete(np.arange(40), 7))
    assert np.isfinite(model.predict_interval(X)).all()


@pytest.mark.parametrize("ratio", [None, lambda x: np.exp(3.0 * x[:, 0])], ids=["plain", "ratio"])
def test_low_levels_give_intervals_too(draw, ratio):
    """Models that differ more from one another than they miss: the ends of low levels pass each other."""
    (X, y), (X_test, _) = draw(60), draw(200, seed=1)
    levels = [0.02, 0.1, 0.3, 0.5, 0.6]
    model = ConformalRegressor(DecisionTreeRegressor(random_state=0), method="cv+", cv=FOLDS, density_ratio=ratio)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # infinite where the ratio is large
        lower, upper = model.fit(X, y).predict_interval(X_test, levels).transpose(1, 0, 2)
        high_levels = model.predict_interval(X_test, [0.5, 0.6])
    assert (lower <= upper).all()
    assert (lower == upper)[:, :2].any()
    assert (lower[:, 1:] <= lower[:, :-1]).all()
    assert (upper[:, 1:] >= upper[:, :-1]).all()
    np.testing.assert_array_equal(np.stack([lower, upper], axis=1)[..., 3:], high_levels)


def test_folds_that_cannot_be(draw):
    X, y = draw(12)
    rows = np.arange(12)
    overlapping = [(rows, rows[:6]), (rows[:6], rows[6:])]
    with pytest.raises(ValueError, match="cv must not calibrate on rows that it fits on"):
        ConformalRegressor(LinearRegression(), method="cv+", cv=overlapping).fit(X, y)
    with pytest.raises(ValueError, match="cv must hold out every row exactly once"):
        ConformalRegressor(LinearRegression(), method="cv+", cv=[(rows[6:], rows[:6])]).fit(X, y)
    with pytest.raises(ValueError, match="method must not be 'cv\\+' with a FrozenEstimator"):
        ConformalRegressor(FrozenEstimator(LinearRegression().fit(X, y)), method="cv+").fit(X, y)


def test_ensembles_that_cannot_be(draw, ensemble):
    X, y = draw(40)
    with pytest.raises(TypeError, match=r"needs a DeepEnsembleRegressor with bootstrap=True.*LinearRegression"):
        ConformalRegressor(LinearRegression(), method="jackknife+ab").fit(X, y)
    with pytest.raises(TypeError, match=r"needs a DeepEnsembleRegressor with bootstrap=True"):
        ConformalRegressor(ensemble.set_params(bootstrap=False), method="jackknife+ab").fit(X, y)
    ensemble.set_params(bootstrap=True, n_estimators=19)
    with pytest.raises(ValueError, match="n_estimators must be at least 20"):
        ConformalRegressor(ensemble, method="jackknife+ab").fit(X, y)
    frozen = FrozenEstimator(ensemble.set_params(n_estimators=20).fit(X, y))
    with pytest.raises(ValueError, match=r"X must hold the rows that the ensemble was fitted on.*40, got 39"):
        ConformalRegressor(frozen, method="jackknife+ab").fit(X[:-1], y[:-1])
