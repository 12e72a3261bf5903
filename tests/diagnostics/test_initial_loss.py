"""The initial loss: at the marginal of y, and what it means where it is not."""

import numpy as np
import pytest
from scipy.stats import norm

from uncertainty import MixtureDensity, ProbabilisticMLPClassifier, ProbabilisticMLPRegressor
from uncertainty.components import MLP
from uncertainty.components.mlp import OUTPUT_WEIGHT
from uncertainty.diagnostics import initial_loss_check


def test_a_regressor_starts_at_the_normal_distribution_of_y(regression):
    X, y = regression
    found = initial_loss_check(ProbabilisticMLPRegressor(head="gaussian"), X, y)
    z = (y - y.mean()) / y.std()
    assert found.marginal_loss == pytest.approx(-norm.logpdf(z).mean(), rel=1e-5)
    assert found.initial_loss == pytest.approx(found.marginal_loss, abs=1e-4)
    assert found.is_expected
    assert "as it should" in found.verdict


def test_a_classifier_starts_at_the_class_frequencies(classification):
    X, y = classification
    shares = np.unique(y, return_counts=True)[1] / len(y)
    found = initial_loss_check(ProbabilisticMLPClassifier(), X, y)
    assert found.marginal_loss == pytest.approx(-(shares * np.log(shares)).sum())
    assert found.initial_loss == pytest.approx(found.marginal_loss, abs=1e-4)
    two = initial_loss_check(ProbabilisticMLPClassifier(), X, y == "low")
    assert two.marginal_loss == pytest.approx(-(0.3 * np.log(0.3) + 0.7 * np.log(0.7)))
    assert two.is_expected


def test_class_weights_change_the_marginal(classification):
    found = initial_loss_check(ProbabilisticMLPClassifier(class_weight="balanced"), *classification)
    assert found.marginal_loss == pytest.approx(np.log(3.0))
    assert found.is_expected


def test_targets_in_their_own_units_and_several_of_them(regression):
    X, y = regression
    raw = initial_loss_check(ProbabilisticMLPRegressor(head="gaussian", standardize=False), X, y)
    assert raw.marginal_loss == pytest.approx(-norm.logpdf(y, y.mean(), y.std()).mean(), rel=1e-5)
    assert raw.is_expected
    assert initial_loss_check(ProbabilisticMLPRegressor(), X, np.column_stack([y, X])).is_expected


def test_a_mixture_starts_near_the_marginal(regression):
    assert initial_loss_check(ProbabilisticMLPRegressor(head=MixtureDensity(3)), *regression).is_expected


def test_a_mixture_that_knows_the_shape_of_y_is_its_own_marginal(regression):
    X, _ = regression
    y = np.repeat([0.0, 1.0], 60) + 1e-3 * X[:, 0]
    found = initial_loss_check(ProbabilisticMLPRegressor(), X, y)
    assert found.marginal_loss < norm.entropy() - 0.2
    assert found.is_expected


def test_warm_weights_start_below_the_marginal(regression):
    network = ProbabilisticMLPRegressor(max_iter=30, warm_start=True, random_state=0).fit(*regression)
    found = initial_loss_check(network, *regression)
    assert found.initial_loss < found.marginal_loss - 0.1
    assert "know the data already" in found.verdict
    assert initial_loss_check(network.set_params(warm_start=False), *regression).is_expected


@pytest.mark.parametrize(("planted", "words"), [(1.0, "above the marginal"), (np.nan, "not finite")])
def test_broken_initial_weights_are_seen(monkeypatch, regression, planted, words):
    right = MLP.initialize

    def broken(self, *args, **options):
        values, statistics = right(self, *args, **options)
        self.layout.views(values)[OUTPUT_WEIGHT].fill_(planted)
        return values, statistics

    monkeypatch.setattr(MLP, "initialize", broken)
    found = initial_loss_check(ProbabilisticMLPRegressor(), *regression)
    assert not found.is_expected
    assert words in found.verdict
