"""Augmentation through the estimators: with every method, on training rows alone, and for what it is."""

from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from uncertainty import (
    Augmentation,
    Categorical,
    DeepEnsembleRegressor,
    Gaussian,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
)
from uncertainty.metrics import expected_calibration_error

EVERYTHING = Augmentation(mixup=0.4, input_noise=0.1, cutout=0.1)


def test_every_method_trains_on_changed_rows_and_repeats_itself(any_kind, quick, problem, answers, assert_same):
    X, y = problem(any_kind)
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    made, again = (answers(quick(any_kind, augmentation=EVERYTHING).fit(X, y, weight), X) for _ in range(2))
    assert_same(made, again)
    plain = answers(quick(any_kind).fit(X, y, weight), X)
    nothing = answers(quick(any_kind, augmentation=Augmentation()).fit(X, y, weight), X)
    assert_same(nothing, plain)
    name = next(iter(made))
    assert not np.array_equal(made[name], plain[name])


def test_mixup_of_labels_and_of_two_classes(quick, multi_label, two_classes):
    for X, y in (multi_label, two_classes):
        model = quick(ProbabilisticMLPClassifier, augmentation=EVERYTHING, max_iter=60).fit(X, y)
        assert model.score(X, y) > 0.5


def test_it_goes_with_adversarial_training_bootstrap_and_partial_fit(quick, regression):
    X, y = regression
    own = {"adversarial_epsilon": 0.01, "bootstrap": True}
    model = quick(DeepEnsembleRegressor, own=own, augmentation=EVERYTHING, max_iter=60).fit(X, y)
    assert model.score(X, y) > 0.5
    one, two = (
        quick(DeepEnsembleRegressor, augmentation=EVERYTHING, early_stopping=False).partial_fit(X, y).partial_fit(X, y)
        for _ in range(2)
    )
    assert_array_equal(one.predict_members(X), two.predict_members(X))


def test_three_members_are_the_first_three_of_five(quick, regression):
    X, y = regression
    three, five = (
        quick(DeepEnsembleRegressor, own={"n_estimators": n}, augmentation=EVERYTHING).fit(X, y) for n in (3, 5)
    )
    assert_array_equal(five.predict_members(X)[:3], three.predict_members(X))


def test_held_out_rows_are_left_as_they_are(quick, regression):
    X, y = regression
    loud = Augmentation(mixup=0.5, input_noise=0.5, target_noise=1.0, cutout=0.2)
    model = quick(ProbabilisticMLPRegressor, augmentation=loud, dtype="float64", max_iter=60)
    model.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    nll = -model.predict_dist(X[40:]).logpdf(y[40:]).mean() - np.log(model.target_scaler_.scale_[0])
    assert model.best_loss_ == pytest.approx(nll, rel=1e-9)
    assert model.best_iter_ > 0


@pytest.mark.parametrize("standardize", [True, False, "whiten"])
def test_what_is_cut_out_is_the_mean_of_the_training_rows(any_kind, quick, problem, monkeypatch, standardize):
    seen, build = [], Augmentation.build

    def spy(self, head, column_means, *others):
        seen.append(column_means)
        return build(self, head, column_means, *others)

    monkeypatch.setattr(Augmentation, "build", spy)
    X, y = problem(any_kind)
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    model = quick(any_kind, standardize=standardize, augmentation=EVERYTHING, max_iter=3).fit(X + 2.0, y, weight)
    expected = np.average(model.input_scaler_.transform(X + 2.0), axis=0, weights=weight)
    assert_allclose(seen[0].numpy(), expected, atol=1e-6)
    assert bool(seen[0].any()) == (standardize is False)


def test_wrong_objects_and_target_noise_on_classes_are_refused(quick, regression, classification):
    for wrong in (0.1, "mixup", Gaussian()):
        with pytest.raises(TypeError, match="augmentation must be None or an Augmentation object, got"):
            quick(ProbabilisticMLPRegressor, augmentation=wrong).fit(*regression)
    with pytest.raises(ValueError, match="target_noise must be 0 for classes"):
        quick(ProbabilisticMLPClassifier, augmentation=Augmentation(target_noise=0.1)).fit(*classification)


def test_target_noise_is_learned_as_variance():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 2))
    y = X[:, 0] + 0.5 * rng.standard_normal(2000)

    def variance(std):
        """The variance that a linear model learns, in squared units of the standardised target."""
        model = ProbabilisticMLPRegressor(
            (),
            head=Gaussian(variance="constant"),
            augmentation=Augmentation(target_noise=std),
            early_stopping=False,
            learning_rate_init=0.02,
            batch_size="full",
            max_iter=300,
            n_iter_no_change=300,
            random_state=0,
        ).fit(X, y)
        return model.predict_var(X[:1])[0] / model.target_scaler_.scale_[0] ** 2

    # The learned variance follows the last 50 epochs or so, in each of which it is known to sqrt(2 / 2000) of itself.
    assert variance(0.8) - variance(0.0) == pytest.approx(0.64, abs=0.05 * 0.84)


def test_input_noise_shrinks_a_linear_model_as_ridge_does():
    # Bishop (1995): in the mean it adds std^2 |w|^2, so that w = (S + std^2 I)^-1 S w_0 for inputs of covariance S.
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1000, 2)) @ np.array([[1.0, 0.8], [0.0, 0.6]])
    y = X @ np.array([1.0, -1.0]) + 0.1 * rng.standard_normal(1000)
    z, t = ((a - a.mean(axis=0)) / a.std(axis=0) for a in (X, y))
    std, covariance = 0.7, z.T @ z / len(z)
    ridge = np.linalg.solve(covariance + std**2 * np.eye(2), z.T @ t / len(z))
    model = ProbabilisticMLPRegressor(
        (),
        head=Gaussian(variance="constant"),
        augmentation=Augmentation(input_noise=std),
        early_stopping=False,
        learning_rate_init=0.01,
        schedule="cosine",
        batch_size="full",
        max_iter=600,
        n_iter_no_change=600,
        alpha=0.0,
        random_state=0,
    ).fit(X, y)
    weight = np.linalg.lstsq(z, (model.predict(X) - y.mean()) / y.std(), rcond=None)[0]
    assert_allclose(weight, ridge, atol=0.03)
    assert np.abs(ridge - np.linalg.lstsq(z, t, rcond=None)[0]).min() > 0.2


@cache  # every remedy is compared with the same networks without one
def overfitted(seed, remedy):
    """Calibration error and accuracy on fresh rows of a network that has memorised 200 rows of three classes."""

    def draw(n_rows, seed):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((n_rows, 6))
        logits = 1.2 * np.column_stack([X[:, 0], X[:, 1], X[:, 2] - X[:, 0]])
        return X, (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)

    model = ProbabilisticMLPClassifier(
        early_stopping=False, max_iter=60, n_iter_no_change=60, batch_size=32, random_state=seed, **REMEDIES[remedy]
    ).fit(*draw(200, seed))
    X, y = draw(3000, 100 + seed)
    return expected_calibration_error(y, model.predict_proba(X)), model.score(X, y)


REMEDIES = {
    "none": {},
    "mixup": {"augmentation": Augmentation(mixup=0.4)},
    "label smoothing": {"head": Categorical(label_smoothing=0.2)},
    "input noise": {"augmentation": Augmentation(input_noise=0.3)},
    "cutout": {"augmentation": Augmentation(cutout=0.2)},
}


@pytest.mark.parametrize("remedy", [name for name in REMEDIES if name != "none"])
def test_an_overfitted_network_is_better_calibrated_with_it(remedy):
    plain, with_it = (np.array([overfitted(seed, name) for seed in range(3)]) for name in ("none", remedy))
    assert (plain[:, 0] > 0.2).all()  # the error of a rate from 3000 rows is below 0.01
    assert (with_it[:, 0] < plain[:, 0] - 0.04).all()
    assert with_it[:, 1].mean() > plain[:, 1].mean() - 0.03
