"""Coverage on made data, where the probability of a new observation in an interval is known exactly.

Each test draws calibration rows afresh many times. The full numbers of repeats run with -m slow.
"""

from math import ceil

import numpy as np
import pytest
from scipy.special import ndtr
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import BayesianRidge, LinearRegression

from uncertainty import ConformalRegressor
from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.predictive import ContinuousPredictive

LEVELS = np.array([0.8, 0.9, 0.95])
N_TEST = 100
SIZES = [20, 100, 500]

REPEATS = [pytest.param(40, id="quick"), pytest.param(400, id="full", marks=pytest.mark.slow)]
REPEATS_OF_ENSEMBLES = [pytest.param(8, id="quick"), pytest.param(400, id="full", marks=pytest.mark.slow)]


def noise_scale(X):
    """Standard deviation of the noise of each row."""
    return 0.5 + np.abs(X[:, 1])


def sample(rng, n, shift=0.0):
    """Rows with mean x_1 and the noise above; x_2 is normal around `shift`."""
    X = rng.standard_normal((n, 2)) + np.array([0.0, shift])
    return X, X[:, 0] + noise_scale(X) * rng.standard_normal(n)


def coverage(interval, X):
    """Exact probability (L,) that a new observation lies in intervals (n, 2, L), on average over the rows X."""
    z = (interval - X[:, 0, None, None]) / noise_scale(X)[:, None, None]
    return (ndtr(z[:, 1]) - ndtr(z[:, 0])).mean(axis=0)


class WrongModel(RegressorMixin, BaseEstimator):
    """A model that is fitted to nothing and predicts with the wrong mean and the wrong spread."""

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X, return_std=False):
        dist = self.predict_dist(X)
        return (dist.mean(), dist.std()) if return_std else dist.mean()

    def predict_dist(self, X):
        ones = np.ones((1, len(X), 1))
        means, scales = 0.5 * X[:, 0] + 0.3, 0.4 + 0.2 * np.abs(X[:, 1])
        members = NormalMixture(ones, *(a.reshape(1, len(X), 1, 1) for a in (means, scales)))
        return ContinuousPredictive(members, single_target=True)


FROZEN = FrozenEstimator(WrongModel().fit(None, None))


def simulate(n_repeats, one):
    """Mean over repeats, and its standard error, of what `one` returns for a generator."""
    found = np.array([one(np.random.default_rng([7, repeat])) for repeat in range(n_repeats)])
    return found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(n_repeats)


def exact_coverage(n):
    return np.array([min(ceil(round(level * (n + 1), 9)) / (n + 1), 1.0) for level in LEVELS])


@pytest.mark.parametrize("n_repeats", REPEATS)
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("score", ["absolute", "normalized", "pit", "quantile"])
def test_split_covers_between_the_level_and_a_row_more(score, n, n_repeats):
    def one(rng):
        model = ConformalRegressor(FROZEN, conformity_score=score).fit(*sample(rng, n))
        X, _ = sample(rng, N_TEST)
        return coverage(model.predict_interval(X, LEVELS), X)

    mean, error = simulate(n_repeats, one)
    expected = exact_coverage(n)  # in [level, level + 1 / (n + 1)]
    if score == "quantile":  # unions
        assert (mean >= LEVELS - 4.0 * error).all()
    else:
        assert (np.abs(mean - expected) <= 4.0 * error).all(), (mean, expected, error)
    assert (error < 0.3 / np.sqrt(n_repeats)).all()


@pytest.mark.parametrize("n_repeats", REPEATS)
@pytest.mark.parametrize("n", SIZES)
def test_split_with_rows_held_out_by_itself(n, n_repeats):
    def one(rng):
        X, y = sample(rng, 2 * n)
        model = ConformalRegressor(BayesianRidge(), calibration_size=n, random_state=int(rng.integers(1 << 30)))
        model.set_params(conformity_score="normalized").fit(X, y)
        X, _ = sample(rng, N_TEST)
        return coverage(model.predict_interval(X, LEVELS), X)

    mean, error = simulate(n_repeats, one)
    assert (np.abs(mean - exact_coverage(n)) <= 4.0 * error).all(), (mean, error)


@pytest.mark.parametrize("n_repeats", REPEATS)
@pytest.mark.parametrize("n", SIZES)
def test_cv_plus_with_a_stable_model(n, n_repeats):
    def one(rng):
        model = ConformalRegressor(LinearRegression(), method="cv+", random_state=int(rng.integers(1 << 30)))
        model.fit(*sample(rng, n))
        X, _ = sample(rng, N_TEST)
        return coverage(model.predict_interval(X, LEVELS), X)

    mean, error = simulate(n_repeats, one)
    assert (mean >= LEVELS - 0.02 - 4.0 * error * (n_repeats < 400)).all(), (mean, error)
    assert (mean <= LEVELS + 2.0 / n + 0.02 + 4.0 * error).all(), (mean, error)


@pytest.mark.filterwarnings("ignore:early stopping")
@pytest.mark.parametrize("n_repeats", REPEATS_OF_ENSEMBLES)
@pytest.mark.parametrize("n", SIZES)
def test_jackknife_plus_after_bootstrap_with_a_stable_model(ensemble, n, n_repeats):
    def one(rng):
        ensemble.set_params(random_state=int(rng.integers(1 << 30)))
        model = ConformalRegressor(ensemble, method="jackknife+ab").fit(*sample(rng, n))
        X, _ = sample(rng, N_TEST)
        return coverage(model.predict_interval(X, LEVELS), X)

    mean, error = simulate(n_repeats, one)
    assert (mean >= LEVELS - 0.02 - 4.0 * error * (n_repeats < 400)).all(), (mean, error)


@pytest.mark.parametrize("n_repeats", REPEATS)
def test_every_group_is_covered(n_repeats):
    # The noisy rows are a third: without groups they would be covered too seldom.
    sizes = np.array([60, 30])

    def one(rng):
        X, y = sample(rng, sizes.sum())
        groups = np.repeat([0, 1], sizes)
        X[:, 1] = groups * 3.0
        y = X[:, 0] + noise_scale(X) * rng.standard_normal(len(X))
        model = ConformalRegressor(FROZEN).fit(X, y, groups=groups)
        X_test, _ = sample(rng, N_TEST)
        found = []
        for group in (0, 1):
            X_test[:, 1] = group * 3.0
            found.append(coverage(model.predict_interval(X_test, LEVELS, groups=np.full(N_TEST, group)), X_test))
        return found

    mean, error = simulate(n_repeats, one)
    expected = np.stack([exact_coverage(n) for n in sizes])
    assert (np.abs(mean - expected) <= 4.0 * error).all(), (mean, expected, error)


@pytest.mark.filterwarnings("ignore:.*rows have infinite intervals")
@pytest.mark.parametrize("n_repeats", REPEATS)
@pytest.mark.parametrize("n", [100, 500])
def test_a_known_shift(n, n_repeats):
    shift = 1.0

    def ratio(X):  # of the normal densities around `shift` and around 0
        return np.exp(shift * X[:, 1] - 0.5 * shift**2)

    def one(rng):
        X, y = sample(rng, n)
        X_test, _ = sample(rng, N_TEST, shift)
        models = (ConformalRegressor(FROZEN, density_ratio=r).fit(X, y) for r in (ratio, None))
        return [coverage(model.predict_interval(X_test, LEVELS), X_test) for model in models]

    (weighted, plain), (error, _) = simulate(n_repeats, one)
    assert (weighted >= LEVELS - 4.0 * error).all(), (weighted, error)
    assert (plain < LEVELS - 0.01).all(), plain
