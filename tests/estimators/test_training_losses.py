"""Training by something else than the NLL: beta-NLL, the warm-up of the mean and label smoothing, in estimators."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from uncertainty import (
    Adam,
    Bernoulli,
    Categorical,
    DeepEnsembleRegressor,
    Gaussian,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
)

# -- what is watched and reported --------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:the warm-up of")
@pytest.mark.parametrize("head", [Gaussian(beta=1.0), Gaussian(mean_warmup=3), Gaussian(mean_warmup=30)], ids=str)
def test_a_regressor_watches_the_plain_nll(quick, regression, head):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, head=head, dtype="float64")
    model.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    nll = -model.predict_dist(X[40:]).logpdf(y[40:]).mean() - np.log(model.target_scaler_.scale_[0])
    assert model.best_loss_ == pytest.approx(nll, rel=1e-9)


@pytest.mark.parametrize("head", [Bernoulli(label_smoothing=0.4), Categorical(label_smoothing=0.4)], ids=str)
def test_a_classifier_watches_the_plain_nll(quick, two_classes, head):
    X, y = two_classes
    model = quick(ProbabilisticMLPClassifier, head=head, dtype="float64")
    model.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    nll = -model.predict_log_proba(X[40:])[np.arange(len(y[40:])), y[40:]].mean()
    assert model.best_loss_ == pytest.approx(nll, rel=1e-9)


def test_smoothed_labels_keep_probabilities_from_the_ends(two_classes):
    X, y = two_classes
    X = X + 20.0 * y[:, None]  # far apart
    for head in (Bernoulli, Categorical):

        def largest(smoothing, head=head):
            model = ProbabilisticMLPClassifier(
                head=head(label_smoothing=smoothing), early_stopping=False, max_iter=300, random_state=0, alpha=0.0
            )
            return model.fit(X, y).predict_proba(X).max(axis=1)

        assert largest(0.0).min() > 0.99
        assert largest(0.2) == pytest.approx(0.9, abs=0.04)  # 1 - 0.2 + 0.2 / 2


# -- the warm-up over several calls ------------------------------------------------------------------------------------


def spread_of_std(model, X):
    """How much the predicted standard deviation depends on x: not at all, as long as the mean alone is trained."""
    return np.ptp(np.sqrt(model.predict_uncertainty(X)["aleatoric_variance"]))


def test_partial_fit_counts_its_passes(quick, regression):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, head=Gaussian(mean_warmup=2), early_stopping=False)
    assert spread_of_std(model.partial_fit(X, y), X) < 1e-12
    first = model.predict(X)
    assert spread_of_std(model.partial_fit(X[:30], y[:30]), X) < 1e-12
    assert (model.predict(X) != first).any()
    assert spread_of_std(model.partial_fit(X, y), X) > 1e-4


def test_a_warm_start_does_not_warm_up_again(quick, regression):
    X, y = regression
    options = {"early_stopping": False, "warm_start": True}
    model = quick(ProbabilisticMLPRegressor, head=Gaussian(mean_warmup=3), max_iter=2, **options)
    words = r"the warm-up of 3 epochs was not over after 2, so that only the mean has been trained\. Raise max_iter"
    with pytest.warns(ConvergenceWarning, match=words):
        model.fit(X, y)
    assert spread_of_std(model, X) < 1e-12
    assert spread_of_std(model.fit(X, y), X) > 1e-4  # a third epoch and a fourth
    model.set_params(warm_start=False)
    with pytest.warns(ConvergenceWarning, match=words):
        model.fit(X, y)
    assert spread_of_std(model, X) < 1e-12


@pytest.mark.filterwarnings("ignore:the warm-up of")
def test_networks_that_a_warm_start_adds_have_a_warm_up_of_their_own(quick, regression):
    X, y = regression
    model = quick(DeepEnsembleRegressor, own={"n_estimators": 2, "warm_start": True}, head=Gaussian(mean_warmup=9)).fit(
        X, y
    )
    model.set_params(n_estimators=3).fit(X, y)
    scales = model.predict_dist(X).members.scales[..., 0, 0]  # [M, n]
    assert np.ptp(scales, axis=1).max() < 1e-12


def test_every_method_warms_up(any_kind, quick, problem):
    X, y = problem(any_kind)
    if any_kind.__name__.endswith("Classifier"):
        pytest.skip("classes have no variance to wait for")
    model = quick(any_kind, head=Gaussian(mean_warmup=3), early_stopping=False).fit(X, y)
    assert spread_of_std(model, X) > 1e-4


# -- what it is for ----------------------------------------------------------------------------------------------------


def error_of_the_mean(head):
    """Root mean squared errors of five networks on a function that is zero in most places and a wave in the others.

    The NLL explains the wave as noise early on, and then divides its errors by that noise (Seitzer et al. 2022).
    """
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (400, 2))
    truth = np.where(X[:, 0] > 0.5, 2 * np.sin(4 * X[:, 1]), 0.0)
    network = ProbabilisticMLPRegressor(
        (32, 32),
        head=head,
        optimizer=Adam(clip_norm=1.0),
        schedule="constant",
        learning_rate_init=3e-3,
        averaging=None,
        embedding=None,
        early_stopping=False,
        max_iter=150,
        n_iter_no_change=None,
        batch_size=32,
        alpha=0.0,
    )
    model = DeepEnsembleRegressor(network, n_estimators=5, random_state=0).fit(
        X, truth + 0.01 * rng.standard_normal(400)
    )
    return np.sqrt(((model.predict_members(X) - truth) ** 2).mean(axis=1))


def test_beta_and_the_warm_up_find_a_mean_that_the_nll_gives_up():
    assert (error_of_the_mean(Gaussian()) > 0.6).all()  # the function itself is 0.7
    for head in (Gaussian(beta=0.5), Gaussian(beta=1.0), Gaussian(mean_warmup=75)):
        assert (error_of_the_mean(head) < 0.3).all()
