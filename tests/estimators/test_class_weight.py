"""What the weight of a class means, and which ones are refused."""

import numpy as np
import pytest

from uncertainty import DeepEnsembleClassifier, ProbabilisticMLPClassifier

# Without standardisation, which follows the row weights alone.
PLAIN = {"standardize": False, "max_iter": 3}


@pytest.fixture
def uneven(classification):
    """Three classes in the ratio 3 : 1 : 1."""
    X, y = classification
    kept = (y == 0) | (np.arange(90) < 30)
    return X[kept], y[kept]


def balanced(y):
    return len(y) / (len(np.unique(y)) * np.bincount(y))


def test_balanced_is_its_dictionary_and_its_row_weights_bit_for_bit(classifier_kind, quick, uneven):
    X, y = uneven
    factors = balanced(y)
    assert np.ptp(factors) > 0.5
    found = quick(classifier_kind, class_weight="balanced", **PLAIN).fit(X, y).predict_members(X)
    by_name = quick(classifier_kind, class_weight=dict(enumerate(factors)), **PLAIN).fit(X, y)
    by_row = quick(classifier_kind, **PLAIN).fit(X, y, factors[y])
    np.testing.assert_array_equal(found, by_name.predict_members(X))
    np.testing.assert_array_equal(found, by_row.predict_members(X))
    assert not np.allclose(found, quick(classifier_kind, **PLAIN).fit(X, y).predict_members(X))


@pytest.mark.parametrize("option", ["balanced", {0: 1.0, 2: 7.0}], ids=str)
def test_validation_rows_get_the_factors_of_the_training_rows(quick, uneven, option):
    # The validation rows are even, so that factors of their own would be 1.
    X, y = uneven
    X_val, y_val = X[[0, 1, 2, 4, 5, 3]], y[[0, 1, 2, 4, 5, 3]]
    assert np.bincount(y_val).tolist() == [2, 2, 2]
    factors = balanced(y) if option == "balanced" else np.array([1.0, 1.0, 7.0])
    model = quick(ProbabilisticMLPClassifier, class_weight=option, **PLAIN).fit(X, y, X_val=X_val, y_val=y_val)
    by_row = quick(ProbabilisticMLPClassifier, **PLAIN)
    by_row.fit(X, y, factors[y], X_val=X_val, y_val=y_val, sample_weight_val=factors[y_val])
    assert model.validation_curve_ == by_row.validation_curve_
    unweighted = quick(ProbabilisticMLPClassifier, **PLAIN).fit(X, y, factors[y], X_val=X_val, y_val=y_val)
    assert model.validation_curve_ != unweighted.validation_curve_


def test_a_class_of_weight_zero_is_left_out(classifier_kind, quick, classification):
    X, y = classification
    options = {**PLAIN, "class_weight": {2: 0.0}}
    one = quick(classifier_kind, **options).fit(X, y).predict_members(X)
    # Neither what such rows hold nor how many there are matters.
    weird = np.where((y == 2)[:, None], 1e3, X)
    np.testing.assert_array_equal(quick(classifier_kind, **options).fit(weird, y).predict_members(X), one)
    kept = (y != 2) | (np.arange(90) == 44)
    np.testing.assert_array_equal(quick(classifier_kind, **options).fit(X[kept], y[kept]).predict_members(X), one)
    assert one.shape[2] == 3  # the class itself is known
    assert one[..., 2].mean() < 0.1


@pytest.mark.parametrize("labels", [np.array([0, 1, 2]), np.array(["ash", "elm", "oak"]), np.array([1.0, 2.0, 3.0])])
def test_names_of_classes_may_be_numpy_s(quick, uneven, labels):
    X, y = uneven
    plain = dict(zip(labels.tolist(), (1.0, 2.0, 3.0), strict=True))
    typed = dict(zip(labels, np.array([1.0, 2.0, 3.0]), strict=True))
    one, other = (
        quick(ProbabilisticMLPClassifier, class_weight=option, **PLAIN).fit(X, labels[y]).predict_proba(X)
        for option in (plain, typed)
    )
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("option", "error", "words"),
    [
        ({1: -1.0}, ValueError, r"class_weight of 1 must .*got -1"),
        ({1: float("nan")}, ValueError, r"class_weight of 1 must .*got nan"),
        ({1: "2"}, TypeError, r"class_weight of 1 must .*got '2'"),
        ({9: 1.0}, ValueError, r"class_weight must name classes out of \[0, 1, 2\], got \[9\]"),
        ({"1": 1.0}, ValueError, r"class_weight must name classes out of \[0, 1, 2\], got \['1'\]"),
        ("balance", ValueError, r"class_weight must be None, 'balanced' or a dict, got 'balance'"),
        ([1.0, 2.0, 1.0], ValueError, r"class_weight must be None, 'balanced' or a dict, got \[1\.0"),
        ({0: 0.0, 1: 0.0, 2: 0.0}, ValueError, r"class_weight must be positive for at least one class"),
    ],
    ids=str,
)
def test_bad_weights_of_classes_are_refused(quick, classification, option, error, words):
    with pytest.raises(error, match=words):
        quick(DeepEnsembleClassifier, class_weight=option).fit(*classification)


@pytest.mark.parametrize("option", ["balanced", {0: 2.0}], ids=str)
def test_labels_that_come_together_have_no_classes_to_weigh(quick, multi_label, option):
    with pytest.raises(ValueError, match=r"class_weight must be None for multi-label targets\. Use sample_weight"):
        quick(ProbabilisticMLPClassifier, class_weight=option).fit(*multi_label)


@pytest.mark.parametrize("option", ["balanced", {0: 2.0}], ids=str)
def test_partial_fit_does_not_know_the_frequencies_of_rows_to_come(quick, classification, option):
    model = quick(ProbabilisticMLPClassifier, early_stopping=False, class_weight=option)
    with pytest.raises(ValueError, match="class_weight must be None in partial_fit"):
        model.partial_fit(*classification)
