"""scikit-learn's own checks of the estimators that predict sets, and of those that choose rows to act on."""

import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.estimator_checks import parametrize_with_checks

from uncertainty.calibration import ConformalClassifier, SelectiveClassifier, SelectiveRegressor
from uncertainty.estimators import ProbabilisticMLPRegressor, options

# On a few dozen rows no threshold attains the guarantee, and a level may need more rows than there are: that is said.
pytestmark = pytest.mark.filterwarnings(
    "ignore:No threshold keeps the risk:UserWarning", "ignore:.* calibration rows have classes:UserWarning"
)

# Which rows are held out is drawn row by row; scikit-learn lists its own such estimators under the same name.
ROW_WISE = {
    f"check_sample_weight_equivalence_on_{kind}_data": "the rows held out are drawn row by row"
    for kind in ("dense", "sparse")
}

QUICK = [
    ConformalClassifier(LogisticRegression(), random_state=0),
    ConformalClassifier(
        GaussianNB(), conformity_score="raps", class_conditional=True, allow_empty=False, random_state=0
    ),
    SelectiveClassifier(LogisticRegression(), random_state=0),
    SelectiveRegressor(ProbabilisticMLPRegressor((16,), max_iter=60, learning_rate_init=1e-2), random_state=0),
]


@parametrize_with_checks(QUICK, expected_failed_checks=lambda estimator: ROW_WISE, xfail_strict=True)
def test_around_a_quick_model(estimator, check):
    if isinstance(estimator, SelectiveRegressor) and "_train" not in check.func.__name__:
        # The others do not look at how good the model is.
        estimator = clone(estimator).set_params(estimator__max_iter=4)
    check(estimator)


DEFAULT = [ConformalClassifier(), SelectiveClassifier(), SelectiveRegressor()]


@pytest.mark.slow
@parametrize_with_checks(DEFAULT, expected_failed_checks=lambda estimator: ROW_WISE, xfail_strict=True)
def test_default_arguments(estimator, check, monkeypatch):
    if "_train" not in check.func.__name__ or check.keywords:
        monkeypatch.setattr(options, "EPOCHS_OF_A_FIT", (30, 30))
    check(estimator)
