"""MAPIE's intervals in proportion to our standard deviation, beside our own conformal intervals of the same score."""

import numpy as np
import pytest
from mapie.conformity_scores import StdConformityScore
from mapie.regression import SplitConformalRegressor
from sklearn.frozen import FrozenEstimator

from uncertainty import ConformalRegressor
from uncertainty.metrics import coverage_score

# MAPIE asks a fitted model for a row of zeros without names to see whether it is fitted.
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")


def mapie_interval(model, X, y, new, level):
    mapie = SplitConformalRegressor(
        model, confidence_level=level, conformity_score=StdConformityScore(), prefit=True
    ).conformalize(X, y)
    return mapie.predict_interval(new)[1][:, :, 0]


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_the_normalised_score_gives_our_normalised_intervals(made, fitted, level):
    X, y = made
    new = X[350:]
    lower, upper = mapie_interval(fitted, X[:350], y[:350], new, level).T
    ours = ConformalRegressor(FrozenEstimator(fitted), conformity_score="normalized").fit(X[:350], y[:350])
    np.testing.assert_allclose(upper, ours.predict_interval(new, level)[:, 1])
    # The rank of MAPIE's lower ends may be one less than the ceil(level (n + 1)) of theory and of ours.
    (mean, std), (seen, spread) = (fitted.predict(rows, return_std=True) for rows in (new, X[:350]))
    scores, rank = np.sort(np.abs(y[:350] - seen) / spread), int(np.ceil(level * 351))
    factor = (mean - lower) / std
    np.testing.assert_allclose(factor, factor[0])
    assert np.isclose(scores[rank - 2 : rank], factor[0]).any()


def test_the_widths_follow_our_standard_deviation(made, fitted):
    X, y = made
    interval = mapie_interval(fitted, X[300:350], y[300:350], X[350:], 0.8)
    np.testing.assert_allclose(
        np.ptp(interval, axis=1) / np.ptp(interval[0]),
        (std := fitted.predict(X[350:], return_std=True)[1]) / std[0],
    )
    assert 0.65 < coverage_score(y[350:], interval) < 0.95
