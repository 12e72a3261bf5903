"""What every prediction returns: shapes, agreement with the predictive, and what the numbers add up to."""

import numpy as np
import pytest
from scipy import stats

from uncertainty import (
    DeepEnsembleRegressor,
    MCDropoutClassifier,
    MCDropoutRegressor,
    MixtureDensity,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
)

N_MEMBERS = {"ProbabilisticMLP": 1}  # the quick wrappers have three


def n_members(kind):
    return N_MEMBERS.get(kind.__name__.removesuffix("Regressor").removesuffix("Classifier"), 3)


@pytest.mark.parametrize("head", ["gaussian", MixtureDensity(2)], ids=str)
@pytest.mark.parametrize("n_targets", [0, 1, 3])
def test_shapes_of_a_regressor(regressor_kind, quick, three_targets, head, n_targets):
    X, Y = three_targets
    if n_targets == 1:
        Y = Y[:, :1]
        with pytest.warns(match="column-vector"):
            model = quick(regressor_kind, head=head, max_iter=3).fit(X, Y)
    else:
        model = quick(regressor_kind, head=head, max_iter=3).fit(X, Y if n_targets else Y[:, 0])
    new, rows = X[:7], (7,) if n_targets < 2 else (7, 3)
    m = n_members(regressor_kind)
    assert model.predict(new).shape == rows
    assert model.predict(new).dtype == np.float64
    mean, std = model.predict(new, return_std=True)
    assert mean.shape == std.shape == rows
    assert model.predict_var(new).shape == rows
    assert model.predict_interval(new).shape == (*rows, 2)
    assert model.predict_interval(new, coverage=[0.5, 0.9, 0.99]).shape == (*rows, 2, 3)
    assert model.predict_quantiles(new).shape == (*rows, 3)
    assert model.predict_quantiles(new, 0.5).shape == (*rows, 1)
    assert model.predict_members(new).shape == (m, *rows)
    assert model.sample_y(new).shape == (*rows, 1)
    assert model.sample_y(new, 5).shape == (*rows, 5)
    for values in model.predict_uncertainty(new).values():
        assert values.shape == rows
    dist = model.predict_dist(new)
    assert (len(dist), dist.n_members) == (7, m)
    assert dist.logpdf(np.zeros(rows)).shape == (7,)
    assert model.n_outputs_ == (3 if n_targets == 3 else 1)
    assert model.n_features_in_ == 3


@pytest.mark.parametrize("kind_of_y", ["two_classes", "classification", "multi_label"])
def test_shapes_of_a_classifier(classifier_kind, quick, request, kind_of_y):
    X, y = request.getfixturevalue(kind_of_y)
    model = quick(classifier_kind, max_iter=3).fit(X, y)
    new, columns = X[:7], 3 if kind_of_y == "classification" else 2
    per_label = kind_of_y == "multi_label"
    assert model.predict(new).shape == ((7, 2) if per_label else (7,))
    assert model.predict_proba(new).shape == model.predict_log_proba(new).shape == (7, columns)
    assert model.decision_function(new).shape == ((7,) if kind_of_y == "two_classes" else (7, columns))
    assert model.predict_members(new).shape == (n_members(classifier_kind), 7, columns)
    for name, values in model.predict_uncertainty(new).items():
        row_wise = ("entropy" in name or name == "mutual_information") and not per_label
        assert values.shape == ((7,) if row_wise else (7, columns)), name
    assert len(model.predict_dist(new)) == 7
    np.testing.assert_array_equal(model.classes_, np.arange(columns))


def test_predictions_are_those_of_the_predictive(regressor_kind, quick, three_targets):
    X, Y = three_targets
    model = quick(regressor_kind, head=MixtureDensity(2)).fit(X, Y)
    dist = model.predict_dist(X)
    np.testing.assert_array_equal(model.predict(X), dist.mean())
    np.testing.assert_array_equal(model.predict(X, return_std=True)[1], dist.std())
    np.testing.assert_array_equal(model.predict_var(X), dist.var())
    np.testing.assert_array_equal(model.predict_interval(X, 0.8), dist.interval(0.8))
    np.testing.assert_array_equal(model.predict_interval(X, 0.8, side="upper"), dist.interval(0.8, side="upper"))
    np.testing.assert_array_equal(model.predict_quantiles(X, [0.1, 0.6]), dist.ppf([0.1, 0.6]))
    np.testing.assert_allclose(model.predict_members(X).mean(0), dist.mean(), rtol=1e-12)


def test_uncertainty_of_a_regressor_adds_up(regressor_kind, quick, regression):
    X, y = regression
    found = quick(regressor_kind).fit(X, y).predict_uncertainty(X)
    assert set(found) == {"mean", "aleatoric_variance", "epistemic_variance", "total_variance"}
    np.testing.assert_array_equal(found.total_variance, found.aleatoric_variance + found.epistemic_variance)
    assert np.all(found.aleatoric_variance > 0)
    if regressor_kind is ProbabilisticMLPRegressor:
        assert np.all(found.epistemic_variance == 0)
    else:
        assert np.all(found.epistemic_variance > 0)


@pytest.mark.parametrize("kind_of_y", ["two_classes", "classification", "multi_label"])
def test_uncertainty_of_a_classifier_adds_up(classifier_kind, quick, request, kind_of_y):
    X, y = request.getfixturevalue(kind_of_y)
    model = quick(classifier_kind).fit(X, y)
    found = model.predict_uncertainty(X)
    variances = {"aleatoric_variance", "epistemic_variance", "total_variance"}
    assert set(found) == {"proba", "total_entropy", "aleatoric_entropy", "mutual_information"} | variances
    np.testing.assert_array_equal(found.proba, model.predict_proba(X))
    np.testing.assert_array_equal(found.total_variance, found.aleatoric_variance + found.epistemic_variance)
    np.testing.assert_array_equal(found.total_entropy, found.aleatoric_entropy + found.mutual_information)
    np.testing.assert_allclose(found.total_variance, found.proba * (1 - found.proba), rtol=1e-10)
    p = found.proba
    entropy = stats.entropy(p, axis=1) if kind_of_y != "multi_label" else stats.entropy([p, 1 - p], axis=0)
    np.testing.assert_allclose(found.total_entropy, entropy, rtol=1e-9)
    if classifier_kind is ProbabilisticMLPClassifier:
        assert np.all(found.mutual_information == 0)
        assert np.all(found.epistemic_variance == 0)
    else:
        assert np.all(found.mutual_information > 0)


@pytest.mark.parametrize("kind_of_y", ["two_classes", "classification", "multi_label"])
def test_decisions_labels_and_probabilities_agree(classifier_kind, quick, request, kind_of_y):
    X, y = request.getfixturevalue(kind_of_y)
    model = quick(classifier_kind).fit(X, y)
    proba, decision, labels = model.predict_proba(X), model.decision_function(X), model.predict(X)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(proba), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(model.predict_members(X).mean(0), proba, rtol=1e-12)
    if kind_of_y == "two_classes":
        np.testing.assert_allclose(decision, np.log(proba[:, 1] / proba[:, 0]), rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(labels, (decision > 0).astype(int))
    elif kind_of_y == "multi_label":
        np.testing.assert_allclose(decision, np.log(proba / (1 - proba)), rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(labels, (proba > 0.5).astype(int))
    else:
        np.testing.assert_array_equal(decision, model.predict_log_proba(X))
        np.testing.assert_array_equal(labels, proba.argmax(1))
        np.testing.assert_allclose(proba.sum(1), 1.0, rtol=1e-12)


@pytest.mark.parametrize("coverage", [0.5, 0.95])
def test_intervals_of_the_mean_are_student_t_over_the_members(wrapper_kind, quick, regression, coverage):
    if not wrapper_kind.__name__.endswith("Regressor"):
        pytest.skip("classifiers have no intervals")
    X, y = regression
    model = quick(wrapper_kind).fit(X, y)
    members = model.predict_members(X)
    m = len(members)
    half = stats.t(m - 1).ppf(0.5 + coverage / 2) * members.std(0, ddof=1) * np.sqrt(1 + 1 / m)
    expected = np.stack([members.mean(0) - half, members.mean(0) + half], axis=-1)
    np.testing.assert_allclose(model.predict_interval(X, coverage, kind="mean"), expected, rtol=1e-9, atol=1e-12)


def test_intervals_of_the_mean_have_the_shapes_of_the_others(quick, three_targets):
    X, Y = three_targets
    model = quick(DeepEnsembleRegressor).fit(X, Y)
    for coverage in (0.9, [0.5, 0.9]):
        for side in ("two", "lower", "upper"):
            mean, observation = (
                model.predict_interval(X, coverage, kind=k, side=side) for k in ("mean", "observation")
            )
            assert mean.shape == observation.shape
            np.testing.assert_array_equal(np.isinf(mean), np.isinf(observation))
    two, lower = model.predict_interval(X, 0.8, kind="mean"), model.predict_interval(X, 0.9, kind="mean", side="lower")
    np.testing.assert_allclose(two[..., 0], lower[..., 0], rtol=1e-12)


def test_a_single_network_has_no_interval_of_the_mean(quick, regression):
    model = quick(ProbabilisticMLPRegressor).fit(*regression)
    with pytest.raises(ValueError, match=r"one member has no spread\. Use an ensemble"):
        model.predict_interval(regression[0], kind="mean")


def test_intervals_are_nested_and_hold_the_median(regressor_kind, quick, regression):
    X, y = regression
    model = quick(regressor_kind, head=MixtureDensity(2)).fit(X, y)
    low, high = np.moveaxis(model.predict_interval(X, [0.5, 0.9, 0.99]), 1, 0)
    median = model.predict_quantiles(X, [0.5])
    assert np.all((low <= median) & (median <= high))
    assert np.all(np.diff(low) < 0)
    assert np.all(np.diff(high) > 0)


def test_samples_have_the_predictive_s_moments(regressor_kind, quick, regression):
    X, y = regression
    model = quick(regressor_kind).fit(X, y)
    draws = model.sample_y(X, 4000, random_state=0)
    mean, std = model.predict(X, return_std=True)
    assert np.all(np.abs(draws.mean(1) - mean) < 5 * std / np.sqrt(4000))
    np.testing.assert_allclose(draws.std(1), std, rtol=0.1)
    np.testing.assert_array_equal(model.sample_y(X, 3), model.sample_y(X, 3, random_state=0))
    assert not np.array_equal(model.sample_y(X, 3), model.sample_y(X, 3, random_state=1))


def test_one_component_is_the_gaussian_head(regressor_kind, quick, regression):
    X, y = regression
    gaussian = quick(regressor_kind, dtype="float64", max_iter=3, head="gaussian").fit(X, y)
    mixture = quick(regressor_kind, dtype="float64", max_iter=3, head=MixtureDensity(1)).fit(X, y)
    np.testing.assert_allclose(mixture.predict(X), gaussian.predict(X), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(mixture.predict_var(X), gaussian.predict_var(X), rtol=1e-6)


def test_more_masks_approach_the_expected_network(quick, regression):
    # The mean over masks and weight scaling differ by the curvature of the layers, not by a factor such as 1 - rate.
    X, y = regression
    options = {"hidden_layer_sizes": (64,), "max_iter": 30}
    many = quick(MCDropoutRegressor, own={"n_mc_samples": 400}, **options).fit(X, y)
    scaled = quick(MCDropoutRegressor, own={"inference": "weight_scaling"}, **options).fit(X, y)
    spread = np.sqrt(many.predict_uncertainty(X).epistemic_variance / 400)
    assert np.all(np.abs(many.predict(X) - scaled.predict(X)) < 5 * spread + 0.02 * y.std())


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_weight_scaling_is_the_base_network(quick, regression, classification, normalization):
    options = {"dropout": 0.1, "normalization": normalization}
    for kind, base, (X, y) in (
        (MCDropoutRegressor, ProbabilisticMLPRegressor, regression),
        (MCDropoutClassifier, ProbabilisticMLPClassifier, classification),
    ):
        model = quick(kind, own={"inference": "weight_scaling"}, **options).fit(X, y)
        np.testing.assert_array_equal(model.predict_members(X), quick(base, **options).fit(X, y).predict_members(X))
        assert np.all(model.predict_uncertainty(X).epistemic_variance == 0)
