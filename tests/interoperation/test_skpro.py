"""skpro's adapter around our regressors: its normal distribution has our mean and our standard deviation."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.base import clone
from skpro.regression.adapters.sklearn import SklearnProbaReg

from uncertainty import DeepEnsembleRegressor, RecalibratedRegressor


@pytest.fixture(scope="module")
def both(made, network):
    X, y = made
    ours = DeepEnsembleRegressor(network, 3, random_state=0)
    return SklearnProbaReg(ours).fit(X[:300], y[:300].to_frame("price")), clone(ours).fit(X[:300], y[:300]), X[300:]


def test_the_normal_distribution_has_our_moments(both):
    theirs, ours, X = both
    mean, std = ours.predict(X, return_std=True)
    distribution = theirs.predict_proba(X)
    np.testing.assert_allclose(distribution.mean()["price"], mean)
    np.testing.assert_allclose(distribution.var()["price"], std**2)
    np.testing.assert_allclose(theirs.predict_var(X)["price"], ours.predict_var(X))
    pd.testing.assert_index_equal(theirs.predict(X).index, X.index)


def test_intervals_and_quantiles_are_those_of_that_normal_distribution(both):
    theirs, ours, X = both
    mean, std = ours.predict(X, return_std=True)
    interval = theirs.predict_interval(X, coverage=0.9)
    np.testing.assert_allclose(interval["price", 0.9, "lower"], norm(mean, std).ppf(0.05))
    np.testing.assert_allclose(interval["price", 0.9, "upper"], norm(mean, std).ppf(0.95))
    np.testing.assert_allclose(theirs.predict_quantiles(X, alpha=[0.25])["price", 0.25], norm(mean, std).ppf(0.25))


def test_recalibrated_widths_arrive(made, network):
    X, y = made
    ours = RecalibratedRegressor(network, cv=2, random_state=0)
    theirs = SklearnProbaReg(ours).fit(X, y.to_frame("price"))
    expected = clone(ours).fit(X, y).predict(X, return_std=True)[1]
    np.testing.assert_allclose(theirs.predict_var(X)["price"], expected**2)
