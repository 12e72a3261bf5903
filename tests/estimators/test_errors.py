"""Bad input gets an error that says what to do."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

from uncertainty import (
    ELU,
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    Dropout,
    Gaussian,
    LeakyReLU,
    Maxout,
    MCDropoutRegressor,
    MixtureDensity,
    PReLU,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    RandomizedReLU,
    Residual,
    SnapshotEnsembleRegressor,
)
from uncertainty.components import Constant, Zeros


@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_missing_and_infinite_inputs_are_named(any_kind, quick, problem, value, word):
    X, y = problem(any_kind)
    frame = pd.DataFrame(X, columns=[f"length {i}" for i in range(X.shape[1])])
    bad = frame.copy()
    bad.loc[3, "length 1"] = value
    with pytest.raises(ValueError, match=f"(?s)X contains {word}.*'length 1'") as caught:
        quick(any_kind).fit(bad, y)
    assert "length 0" not in str(caught.value)
    model = quick(any_kind, max_iter=3).fit(frame, y)
    with pytest.raises(ValueError, match=f"(?s)X contains {word}.*'length 1'"):
        model.predict(bad)
    X = X.copy()
    X[3, 1] = value
    with pytest.raises(ValueError, match=f"X contains {word}"):
        quick(any_kind).fit(X, y)


@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_missing_and_infinite_targets_are_named(regressor_kind, quick, three_targets, value, word):
    X, Y = three_targets
    frame = pd.DataFrame(Y, columns=["mass", "charge", "spin"])
    frame.loc[5, "charge"] = value
    with pytest.raises(ValueError, match=f"(?s)y contains {word}.*'charge'"):
        quick(regressor_kind).fit(X, frame)
    y = Y[:, 0].copy()
    y[0] = value
    with pytest.raises(ValueError, match=f"y contains {word}"):
        quick(regressor_kind).fit(X, y)


def test_missing_labels_are_refused(classifier_kind, quick, classification):
    X, y = classification
    y = y.astype(float)
    y[4] = np.nan
    with pytest.raises(ValueError, match="y contains NaN"):
        quick(classifier_kind).fit(X, y)


@pytest.mark.parametrize(
    "weight", [[np.nan] * 60, [-1.0] * 60, [0.0] * 60, [1.0] * 59], ids=["NaN", "-1", "0", "short"]
)
def test_bad_weights_are_refused(quick, regression, weight):
    with pytest.raises(ValueError, match=r"(?i)weight"):
        quick(DeepEnsembleRegressor).fit(*regression, weight)


def test_a_wrong_number_of_features_is_refused(any_kind, quick, problem):
    X, y = problem(any_kind)
    model = quick(any_kind, max_iter=3).fit(X, y)
    with pytest.raises(ValueError, match=f"X has 1 features, but .* is expecting {X.shape[1]} features"):
        model.predict(X[:, :1])


def test_predicting_before_fitting_is_refused(any_kind, quick, problem):
    X, y = problem(any_kind)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        quick(any_kind).predict(X)
    failed = quick(any_kind, optimizer="nonsense")
    with pytest.raises(ValueError, match="optimizer must be one of"):
        failed.fit(X, y)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        failed.predict(X)


def test_one_row_is_refused(any_kind, quick, problem):
    X, y = problem(any_kind)
    with pytest.raises(ValueError, match=r"at least 2 rows of positive weight, got n_samples = 1"):
        quick(any_kind).fit(X[:1], y[:1])
    with pytest.raises(ValueError, match=r"at least 2 rows of positive weight"):
        quick(any_kind).fit(X, y, (np.arange(len(y)) == 3).astype(float))


def test_one_class_is_refused(classifier_kind, quick, classification):
    X, y = classification
    with pytest.raises(ValueError, match=r"y must have at least 2 classes, got 1 class: 'oak'"):
        quick(classifier_kind).fit(X, np.full(90, "oak"))
    with pytest.raises(ValueError, match=r"got 1 class: 1"):  # the other classes have no weight
        quick(classifier_kind).fit(X, y, (y == 1).astype(float))


def test_continuous_and_multi_class_multi_output_labels_are_refused(classifier_kind, quick, classification):
    X, y = classification
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        quick(classifier_kind).fit(X, y + 0.5 * np.random.default_rng(0).random(90))
    with pytest.raises(ValueError, match=r"multi-label, holding 0 and 1 only.*MultiOutputClassifier"):
        quick(classifier_kind).fit(X, np.column_stack([y, y]))


@pytest.mark.parametrize(
    ("coverage", "words"),
    [
        (90, r"coverage must lie strictly between 0 and 1, got 90\. For 90 percent pass 0\.9"),
        (0, "got 0"),
        (1, "got 1"),
        ([0.5, -0.1], "got -0.1"),
    ],
)
@pytest.mark.parametrize("kind", ["observation", "mean"])
def test_coverage_outside_zero_and_one_is_refused(quick, regression, coverage, words, kind):
    model = quick(DeepEnsembleRegressor, max_iter=2).fit(*regression)
    with pytest.raises(ValueError, match=words):
        model.predict_interval(regression[0], coverage, kind=kind)


def test_unknown_kinds_and_sides_of_intervals_are_refused(quick, regression):
    X, y = regression
    model = quick(DeepEnsembleRegressor, max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match="kind must be 'observation' or 'mean', got 'both'"):
        model.predict_interval(X, kind="both")
    for kind in ("observation", "mean"):
        with pytest.raises(ValueError, match="side must be 'two', 'lower' or 'upper', got 'left'"):
            model.predict_interval(X, kind=kind, side="left")
    with pytest.raises(ValueError, match=r"q must lie strictly between 0 and 1, got 5\. For 5 percent pass 0\.05"):
        model.predict_quantiles(X, [5, 50, 95])


UNKNOWN_NAMES = [
    ("head", "gausian", ["'auto'", "'gaussian'", "'mixture_density'", "Did you mean 'gaussian'"]),
    ("head", "bernoulli", ["'gaussian'", "'mixture_density'"]),
    ("optimizer", "adan", ["'adam'", "'rmsprop'", "'sgd'"]),
    ("schedule", "cosin", ["'constant'", "'cosine'", "'cosine_restarts'", "'exponential'", "'step'"]),
    ("activation", "rely", ["'relu'", "'silu'", "'tanh'", "Did you mean 'relu'"]),
    ("activation", "maxot", ["'maxout'", "'prelu'", "'rrelu'", "'selu'", "'mish'", "Did you mean 'maxout'"]),
    ("residual", "resnet", ["'residual'"]),
    ("initializer", "xavier", ["'auto'", "glorot", "he"]),
    ("normalization", "instance", ["'batch'", "group", "layer"]),
    ("dtype", "float16", ["'float32'", "'float64'"]),
    ("device", "tpu", ["'auto'", "'cpu'", "'cuda'"]),
    ("device", "meta", ["'auto'", "'cpu'", "'cuda'"]),
    ("device", "mps", ["'auto'", "'cpu'", "'cuda'"]),
    ("standardize", "yes", ["'auto'", "'whiten'", "True", "False"]),
    ("embedding", "piecewise", ["'auto'", "'piecewise_linear'", "Did you mean 'piecewise_linear'"]),
    ("batch_size", "all", ["'auto'", "'full'", "whole number"]),
]


@pytest.mark.parametrize(("argument", "value", "words"), UNKNOWN_NAMES, ids=[f"{a}={v}" for a, v, _ in UNKNOWN_NAMES])
def test_unknown_names_list_the_valid_ones(quick, regression, argument, value, words):
    with pytest.raises(ValueError, match=f"^{argument} must") as caught:
        quick(DeepEnsembleRegressor, **{argument: value}).fit(*regression)
    for word in [repr(value), *words]:
        assert word in str(caught.value)


def test_unknown_inference_lists_the_valid_ones(quick, regression):
    with pytest.raises(ValueError, match=r"inference must be one of \['monte_carlo', 'weight_scaling'\], got 'mc'"):
        quick(MCDropoutRegressor, own={"inference": "mc"}).fit(*regression)


def test_a_head_that_does_not_suit_the_targets_is_refused(quick, classification, multi_label):
    with pytest.raises(ValueError, match=r"head must model multiclass targets|head must be one of"):
        quick(ProbabilisticMLPClassifier, head="bernoulli").fit(*classification)
    with pytest.raises(ValueError, match=r"head must be one of .*'bernoulli'"):
        quick(ProbabilisticMLPClassifier, head="categorical").fit(*multi_label)
    with pytest.raises(ValueError, match=r"head must model multiclass targets, got Gaussian\(\)"):
        quick(ProbabilisticMLPClassifier, head=Gaussian()).fit(*classification)


BAD_NUMBERS = [
    ("alpha", -1.0, ValueError),
    ("alpha", "0.1", TypeError),
    ("alpha", float("nan"), ValueError),
    ("l1_ratio", 1.5, ValueError),
    ("learning_rate_init", 0.0, ValueError),
    ("learning_rate_init", None, TypeError),
    ("max_iter", 0, ValueError),
    ("max_iter", 10.0, TypeError),
    ("tol", -1e-3, ValueError),
    ("n_iter_no_change", 0, ValueError),
    ("validation_fraction", 0.0, ValueError),
    ("validation_fraction", 1.0, ValueError),
    ("batch_size", 0, ValueError),
    ("batch_size", 2.5, TypeError),
    ("hidden_layer_sizes", (8, 0), ValueError),
    ("hidden_layer_sizes", (2.5,), TypeError),
    ("hidden_layer_sizes", "8", TypeError),
    ("dropout", 1.0, ValueError),
    ("dropout", -0.1, ValueError),
    ("dropout", "0.1", TypeError),
    ("dropout", (0.1, 0.1), ValueError),
    ("activation", 3, TypeError),
    ("activation", LeakyReLU, TypeError),  # the class, not an instance
    ("residual", True, TypeError),
    ("optimizer", 3, TypeError),
    ("head", 3, TypeError),
]


@pytest.mark.parametrize(("argument", "value", "error"), BAD_NUMBERS, ids=lambda v: str(v))
def test_bad_numbers_of_the_network_are_refused(quick, regression, argument, value, error):
    with pytest.raises(error, match=rf"{argument}.* must ") as caught:
        quick(DeepEnsembleRegressor, **{argument: value}).fit(*regression)
    assert "got" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "argument", "value", "error"),
    [
        (DeepEnsembleRegressor, "n_estimators", 0, ValueError),
        (DeepEnsembleRegressor, "n_estimators", 2.0, TypeError),
        (DeepEnsembleRegressor, "adversarial_epsilon", -0.1, ValueError),
        (MCDropoutRegressor, "n_mc_samples", 0, ValueError),
        (SnapshotEnsembleRegressor, "n_snapshots", 0, ValueError),
        (SnapshotEnsembleRegressor, "n_dropped_cycles", -1, ValueError),
    ],
)
def test_bad_numbers_of_the_wrappers_are_refused(quick, regression, kind, argument, value, error):
    with pytest.raises(error, match=f"^{argument} must .*got {value}"):
        quick(kind, own={argument: value}).fit(*regression)


@pytest.mark.parametrize("head", [MixtureDensity(0), MixtureDensity(floor=0.0), Gaussian(floor=-1), Gaussian("known")])
def test_bad_options_of_a_head_are_refused(quick, regression, head):
    with pytest.raises(ValueError, match="must be"):
        quick(DeepEnsembleRegressor, head=head).fit(*regression)


BAD_OPTIONS = [
    ("activation", LeakyReLU(-0.1), r"slope must be at least 0 and at most 1, got -0\.1"),
    ("activation", LeakyReLU("0.1"), "slope must be a number, got '0.1'"),
    ("activation", ELU(-1.0), r"alpha of elu must be at least 0, got -1\.0"),
    ("activation", PReLU(2.0), r"slope must be at least -1 and at most 1, got 2\.0"),
    ("activation", RandomizedReLU(0.4, 0.3), r"upper must be at least 0\.4 and at most 1, got 0\.3"),
    ("activation", Maxout(1), "n_pieces must be at least 2, got 1"),
    ("dropout", Dropout(kind="conect"), r"kind of dropout must be one of .*got 'conect'\. Did you mean 'connect'\?"),
    ("dropout", Dropout(kind=None), r"kind of dropout must be one of \['concrete', 'connect', 'unit'\]"),
    ("dropout", Dropout(input_rate=1.0), r"input_rate of dropout must be at least 0 and less than 1, got 1\.0"),
    ("dropout", Dropout(input_rate=-0.1), r"input_rate of dropout must be at least 0 and less than 1, got -0\.1"),
    ("dropout", Dropout(0.0, kind="concrete"), r"dropout rate must be greater than 0 where it is learned, got 0\.0"),
    ("residual", Residual(), r"hidden_layer_sizes must have a pair of layers .* got \(8,\)\. Take three layers"),
]


@pytest.mark.parametrize(("argument", "value", "words"), BAD_OPTIONS, ids=lambda v: str(v)[:40])
def test_bad_options_of_a_component_are_refused(quick, regression, argument, value, words):
    with pytest.raises((ValueError, TypeError), match=words):
        quick(DeepEnsembleRegressor, **{argument: value}).fit(*regression)


@pytest.mark.parametrize("depth", [1.0, 1.5, -0.1, "0.1"])
def test_a_probability_of_skipping_blocks_outside_the_interval_is_refused(quick, regression, depth):
    options = {"hidden_layer_sizes": (8, 8, 8), "residual": Residual(depth)}
    with pytest.raises((ValueError, TypeError), match=f"stochastic_depth must be .*got {depth!r}"):
        quick(DeepEnsembleRegressor, **options).fit(*regression)


@pytest.mark.parametrize("options", [{"dropout": 0.0}, {"dropout": None}, {"hidden_layer_sizes": ()}], ids=str)
def test_mc_dropout_without_dropout_is_refused(quick, regression, options):
    with pytest.raises(ValueError, match=r"dropout must be positive in MC-dropout.*all members would be equal"):
        quick(MCDropoutRegressor, **{"dropout": 0.1, **options}).fit(*regression)


@pytest.mark.parametrize("base", [LinearRegression(), ProbabilisticMLPClassifier(), DeepEnsembleRegressor(), "mlp"])
def test_a_wrong_base_estimator_is_refused(regression, base):
    with pytest.raises(TypeError, match="estimator must be a ProbabilisticMLPRegressor or None, got"):
        DeepEnsembleRegressor(base).fit(*regression)


def test_a_regressor_is_no_base_for_a_classifier(classification):
    with pytest.raises(TypeError, match="estimator must be a ProbabilisticMLPClassifier or None"):
        DeepEnsembleClassifier(ProbabilisticMLPRegressor()).fit(*classification)


def test_half_a_validation_set_is_refused(any_kind, quick, problem):
    X, y = problem(any_kind)
    with pytest.raises(ValueError, match="X_val and y_val must be given together"):
        quick(any_kind).fit(X, y, X_val=X)


def test_unknown_labels_and_missing_values_in_validation_rows_are_refused(quick, classification):
    X, y = classification
    with pytest.raises(ValueError, match=r"y must hold the classes \[0, 1\], got also \[2\]"):
        quick(ProbabilisticMLPClassifier).fit(X[y < 2], y[y < 2], X_val=X, y_val=y)
    with pytest.raises(ValueError, match="contains NaN"):
        quick(ProbabilisticMLPClassifier).fit(X, y, X_val=np.full_like(X, np.nan), y_val=y)


def test_a_change_of_targets_or_classes_in_a_warm_start_is_refused(quick, three_targets, classification):
    X, Y = three_targets
    model = quick(ProbabilisticMLPRegressor, warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="y must have 3 targets, as in the first fit, got 1"):
        model.fit(X, Y[:, 0])
    X, y = classification
    model = quick(ProbabilisticMLPClassifier, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match=r"got also \[5\]"):
        model.fit(X, np.where(y == 2, 5, y))


def test_numbers_beyond_the_training_format_are_refused(quick, regression):
    X, y = regression
    with pytest.raises(ValueError, match=r"X must fit in torch.float32 after scaling.*dtype='float64'"):
        quick(ProbabilisticMLPRegressor, standardize=False).fit(1e60 * X, y)


@pytest.mark.parametrize("options", [{"early_stopping": False}, {"early_stopping": np.False_}], ids=str)
def test_validation_rows_that_nothing_watches_are_refused(any_kind, quick, problem, options):
    X, y = problem(any_kind)
    with pytest.raises(ValueError, match="X_val must not be given where nothing watches it"):
        quick(any_kind, **options).fit(X, y, X_val=X, y_val=y)


def test_weights_of_validation_rows_alone_are_refused(any_kind, quick, problem):
    X, y = problem(any_kind)
    with pytest.raises(ValueError, match="sample_weight_val must come with X_val and y_val"):
        quick(any_kind).fit(X, y, sample_weight_val=np.ones(len(y)))


@pytest.mark.parametrize(
    ("argument", "value", "words"),
    [
        ("early_stopping", "no", "early_stopping must be True or False, got 'no'"),
        ("early_stopping", 1, "early_stopping must be True or False, got 1"),
        ("standardize", [], r"standardize must be 'auto', 'whiten', True or False, got \[\]"),
        ("standardize", 1, "standardize must be 'auto', 'whiten', True or False, got 1"),
        ("initializer", Zeros(), r"initializer must draw different weights for different units, got Zeros\(\)"),
        ("initializer", Constant(0.1), "initializer must draw different weights for different units, got Constant"),
    ],
    ids=str,
)
def test_values_that_cannot_mean_what_was_wished_are_refused(quick, regression, argument, value, words):
    with pytest.raises(ValueError, match=words):
        quick(DeepEnsembleRegressor, **{argument: value}).fit(*regression)


@pytest.mark.parametrize("coverage", ["0.9", ["0.5", "0.9"], None, True], ids=str)
@pytest.mark.parametrize("kind", ["observation", "mean"])
def test_coverage_that_is_no_number_is_refused(quick, regression, coverage, kind):
    model = quick(DeepEnsembleRegressor, max_iter=2).fit(*regression)
    with pytest.raises(TypeError, match="coverage must be a number or a list of numbers, got"):
        model.predict_interval(regression[0], coverage, kind=kind)
