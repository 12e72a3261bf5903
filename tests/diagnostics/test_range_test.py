"""The learning-rate range test: the sweep's rates, the rules, and whether what they suggest trains."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_diabetes

from uncertainty import SGD, ProbabilisticMLPRegressor
from uncertainty.components.moving_averages import exponential_average
from uncertainty.diagnostics import learning_rate_range_test, range_test
from uncertainty.diagnostics.preparation import train_quietly
from uncertainty.diagnostics.range_test import SMOOTHING, ExponentialSweep, _read


def test_the_sweep_grows_by_one_factor_a_step():
    factor = ExponentialSweep(1e4).build(n_epochs=3, steps_per_epoch=7)
    steps = np.array([factor(step) for step in range(21)])
    assert_allclose(steps, np.geomspace(1.0, 1e4, 21))


def test_the_rates_are_those_of_the_ends_of_the_points(regression):
    network = ProbabilisticMLPRegressor((4,), batch_size=20)  # 108 rows to train on: 6 batches a point
    found = learning_rate_range_test(network, *regression, lowest=1e-5, highest=1e-2, n_points=10)
    assert_allclose(found.learning_rates, np.geomspace(1e-5, 1e-2, 60)[5::6])


def test_the_first_losses_are_those_of_the_marginal(regression):
    found = learning_rate_range_test(ProbabilisticMLPRegressor(), *regression)
    assert_allclose(found.train_loss[:10], found.marginal_loss, atol=0.06)
    assert_allclose(found.marginal_loss, 0.5 * np.log(2 * np.pi * np.e), rtol=1e-6)


def history_of(loss, rates):
    return [
        {"learning_rate": rate, "train_loss": value, "validation_loss": value}
        for value, rate in zip(loss, rates, strict=True)
    ]


def test_the_rules_for_bounds_and_suggestion():
    rates = np.geomspace(1e-6, 10.0, 71)  # ten points a decade
    loss = np.interp(np.log10(rates), [-4.0, -2.0, -1.0], [1.0, 0.0, 3.0])  # falls from 1e-4 on, rises from 1e-2 on
    found = _read(history_of(loss, rates), 1.0, 3e-3)
    smooth = exponential_average(loss, SMOOTHING)
    lowest, highest = found.cyclical_bounds
    assert highest == rates[smooth.argmin()]
    assert lowest == rates[np.flatnonzero(smooth <= 1.0 - 0.1 * (1.0 - smooth.min()))[0]]
    assert 1e-4 < lowest < 5e-4
    assert 1e-2 <= highest < 3e-2
    assert_allclose(found.suggested_rate, highest / 3.0)
    assert "lies between" in found.verdict
    assert "times the highest" in _read(history_of(loss, rates), 1.0, 0.3).verdict
    assert "hardly trains" in _read(history_of(loss, rates), 1.0, 1e-5).verdict


def test_noise_suggests_nothing():
    rates = np.geomspace(1e-6, 10.0, 71)
    loss = 1.0 + 0.2 * np.random.default_rng(0).standard_normal(71) + np.where(rates > 0.1, 5.0, 0.0)
    found = _read(history_of(loss, rates), 1.0, 3e-3)
    assert not found.trains
    assert found.suggested_rate == 3e-3
    assert "no rate lowers" in found.verdict


def test_a_sweep_that_ends_in_overflow_keeps_the_finite_part():
    rates = np.geomspace(1e-3, 1.0, 12)
    loss = [1.0, 0.9, 0.8, 0.7, 0.6, 0.6, 1.0, 5.0, np.inf]
    found = _read(history_of(loss, rates[:9]), 1.0, 1e-3)
    assert len(found.learning_rates) == len(found.smoothed_train_loss) == 8
    assert found.diverged_at == rates[8]
    assert np.isfinite(found.train_loss).all()


def test_the_back_off_is_off_and_divergence_is_seen(monkeypatch, regression):
    histories = []

    def watching(run):
        histories.append(train_quietly(run).history)
        return SimpleNamespace(history=histories[-1])

    monkeypatch.setattr(range_test, "train_quietly", watching)
    network = ProbabilisticMLPRegressor(optimizer=SGD(), learning_rate_init=1e-2, embedding=None)
    found = learning_rate_range_test(network, *regression, highest=1e4)
    (history,) = histories
    assert len(history) == len(found.learning_rates) + 1  # the run ends where weights are not finite
    assert found.diverged_at == history[-1]["learning_rate"] < 1e4
    assert found.cyclical_bounds[1] < found.diverged_at


def test_no_rate_helps_where_nothing_passes_through(regression):
    X, y = regression
    found = learning_rate_range_test(ProbabilisticMLPRegressor(()), np.zeros_like(X), y, highest=1e-3)
    assert "no rate lowers" in found.verdict


@pytest.mark.parametrize("optimizer", ["adam", SGD()], ids=["adam", "sgd"])
def test_the_suggested_rate_beats_both_ends(optimizer):
    X, y = load_diabetes(return_X_y=True)
    options = {"head": "gaussian", "optimizer": optimizer, "embedding": None}
    network = ProbabilisticMLPRegressor((64, 64), **options)
    found = learning_rate_range_test(network, X, y)
    low, suggested, high = found.cyclical_bounds[0] / 10, found.suggested_rate, found.cyclical_bounds[1] * 30

    def loss_at(rate):
        at_one_rate = {"learning_rate_init": rate, "schedule": "constant", "averaging": None}
        network = ProbabilisticMLPRegressor((64, 64), max_iter=15, random_state=0, **options)
        network.set_params(**at_one_rate)
        return network.fit(X, y).best_loss_

    assert loss_at(suggested) < min(loss_at(low), loss_at(high)) - 0.05


def test_arguments_are_checked(regression):
    with pytest.raises(ValueError, match="highest must be greater than"):
        learning_rate_range_test(ProbabilisticMLPRegressor(), *regression, lowest=1.0, highest=0.1)
    with pytest.raises(ValueError, match="n_points must be at least 10"):
        learning_rate_range_test(ProbabilisticMLPRegressor(), *regression, n_points=5)
