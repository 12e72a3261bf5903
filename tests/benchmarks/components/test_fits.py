"""The scores of a network alone and of the ensemble, against scipy row by row, and what is timed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from benchmarks.components.family import Option
from benchmarks.components.fits import TimedFit, Trial, fit_option, member_log_densities, score_members
from uncertainty import DeepEnsembleRegressor, Gaussian, MixtureDensity, ProbabilisticMLPRegressor

SMALL = {"hidden_layer_sizes": (8,), "learning_rate_init": 1e-2}


@pytest.mark.parametrize("n_components", [1, 3])
def test_densities_of_members_are_those_of_the_members_alone(n_components: int, regression: Trial) -> None:
    head = MixtureDensity(n_components=n_components) if n_components > 1 else Gaussian()
    network = ProbabilisticMLPRegressor(head=head, early_stopping=False, max_iter=3, **SMALL)
    ensemble = DeepEnsembleRegressor(network, n_estimators=3, random_state=0).fit(*regression.train)
    X, y = regression.test
    members = ensemble.predict_dist(X).members
    density = np.sum(members.weights * norm.pdf(y[:, None], members.means[:, :, 0], members.scales[:, :, 0]), axis=2)
    np.testing.assert_allclose(member_log_densities(ensemble.predict_dist(X), y), np.log(density).T, rtol=1e-10)


def test_one_member_alone_is_its_own_network(regression: Trial) -> None:
    X, y = regression.test
    networks = [Option(SMALL).make("regression", 4, n, 0).fit(*regression.train) for n in (1, 2)]
    alone = networks[0].predict_dist(X)
    np.testing.assert_allclose(
        member_log_densities(networks[1].predict_dist(X), y)[:, 0], alone.logpdf(y), rtol=1e-4, atol=1e-4
    )
    scores = score_members(networks[0], X, y)
    assert scores["nll"] == pytest.approx(-np.mean(alone.logpdf(y)))
    assert scores["rmse"] == pytest.approx(np.sqrt(np.mean((alone.mean() - y) ** 2)))


def test_row_of_a_regression(regression: Trial) -> None:
    row = fit_option(Option(SMALL), regression, n_epochs=5, n_members=3, rate=None)
    fitted = Option(SMALL).make("regression", 5, 3, regression.seed).fit(*regression.train)
    X, y = regression.test
    assert row["loss"] == pytest.approx(fitted.loss_curve_[-1])
    X_train, y_train = regression.train
    assert row["train_nll"] == pytest.approx(-np.mean(member_log_densities(fitted.predict_dist(X_train), y_train)))
    assert row["nll"] == pytest.approx(-np.mean(member_log_densities(fitted.predict_dist(X), y)))
    assert row["ensemble_nll"] == pytest.approx(-np.mean(fitted.predict_dist(X).logpdf(y)))
    assert row["ensemble_nll"] < row["nll"]  # the logarithm is concave
    assert row["rmse"] == pytest.approx(np.mean(np.sqrt(np.mean((fitted.predict_members(X) - y) ** 2, axis=1))))
    assert (row["epochs"], row["seed"], row["rate"], row["warnings"]) == (5, regression.seed, None, [])
    assert row["seconds_many"] > 0.0
    assert row["seconds_one"] > 0.0


def test_row_of_a_classification(classification: Trial) -> None:
    row = fit_option(Option(SMALL), classification, n_epochs=5, n_members=3, rate=2e-2)
    fitted = Option(SMALL).make("classification", 5, 3, classification.seed, 2e-2).fit(*classification.train)
    X, y = classification.test
    column = np.searchsorted(fitted.classes_, y)
    proba = fitted.predict_members(X)[:, np.arange(len(y)), column]
    assert row["nll"] == pytest.approx(-np.mean(np.log(proba)))
    assert row["ensemble_nll"] == pytest.approx(-np.mean(np.log(proba.mean(axis=0))))
    right = fitted.classes_[np.argmax(fitted.predict_members(X), axis=2)] == y
    assert row["accuracy"] == pytest.approx(np.mean(right))
    assert row["rate"] == 2e-2


def test_mc_dropout_is_one_network_with_its_masks(regression: Trial) -> None:
    option = Option({**SMALL, "dropout": 0.2}, n_masks=20)
    row = fit_option(option, regression, n_epochs=5, n_members=3, rate=None)
    fitted = option.make("regression", 5, 3, regression.seed).fit(*regression.train)
    X, y = regression.test
    assert row["nll"] == pytest.approx(-np.mean(fitted.predict_dist(X).logpdf(y)))
    assert row["ensemble_nll"] is None
    assert row["seconds_many"] is None


def test_warnings_of_a_fit_are_kept_and_its_errors_go_on() -> None:
    class Warns:
        def fit(self, X: Any, y: Any) -> None:
            warnings.warn("slow", UserWarning, stacklevel=1)
            if len(y) == 0:
                raise ValueError("no rows")

    rows = np.zeros((1, 1)), np.zeros(1)
    assert TimedFit(Warns()).run(rows).warnings == ["UserWarning: slow"]
    with pytest.raises(ValueError, match="no rows"):
        TimedFit(Warns()).run((np.zeros((0, 1)), np.zeros(0)))
