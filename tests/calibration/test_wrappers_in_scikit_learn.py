"""What every wrapper owes to scikit-learn's machinery beyond its own checks; a new one is found through `__all__`."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from uncertainty import ProbabilisticMLPClassifier, ProbabilisticMLPRegressor, calibration, metrics

# On so few rows a guarantee may not be had: that is said, and beside the point here.
pytestmark = pytest.mark.filterwarnings("ignore:No threshold keeps the risk:UserWarning")

RNG = np.random.default_rng(0)
X = pd.DataFrame(5.0 + RNG.standard_normal((60, 3)), columns=["length", "width", "height"])
Y = X["length"].to_numpy() + 0.3 * RNG.standard_normal(60)
LABELS = np.array(["low", "middle", "high"])[np.digitize(Y, [4.5, 5.5])]

SETTINGS = {"cv": 2, "calibration_size": 0.4, "target_risk": 0.8, "tolerance": 2.0, "random_state": 0}
WRAPPERS = [name for name in calibration.__all__ if inspect.isclass(getattr(calibration, name))]
wrappers = pytest.mark.parametrize("name", WRAPPERS)


def wrapper_and_target(name):
    kind = getattr(calibration, name)
    network = ProbabilisticMLPRegressor if name.endswith("Regressor") else ProbabilisticMLPClassifier
    known = inspect.signature(kind).parameters
    model = kind(network((8,), max_iter=5, random_state=0), **{k: v for k, v in SETTINGS.items() if k in known})
    return model, Y if name.endswith("Regressor") else LABELS


@wrappers
def test_a_frame_keeps_its_names_through_a_pipeline(name):
    model, y = wrapper_and_target(name)
    pipe = make_pipeline(StandardScaler(), model).set_output(transform="pandas").fit(X, y)
    assert pipe[-1].feature_names_in_.tolist() == pipe[-1].estimator_.feature_names_in_.tolist() == list(X)
    inner = pipe[:-1].transform(X)
    np.testing.assert_array_equal(pipe.predict(X), pipe[-1].predict(inner))
    with pytest.raises(ValueError, match="feature names should match"):
        pipe[-1].predict(inner[["height", "width", "length"]])


@wrappers
def test_a_search_reaches_the_network_inside(name):
    model, y = wrapper_and_target(name)
    grid = {"estimator__max_iter": [2, 5]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_estimator_.estimator_.max_iter == search.best_params_["estimator__max_iter"]


@wrappers
def test_a_clone_fits_alike_and_a_pickle_predicts_alike(name):
    model, y = wrapper_and_target(name)
    fitted = model.fit(X, y)
    copies = clone(model).fit(X, y), pickle.loads(pickle.dumps(fitted))
    method = next(m for m in ("predict_interval", "predict_set", "accepts", "predict_proba") if hasattr(fitted, m))
    for copy in copies:
        np.testing.assert_array_equal(getattr(copy, method)(X), getattr(fitted, method)(X))


@wrappers
@pytest.mark.parametrize("piped", [False, True], ids=["bare", "in a pipeline"])
def test_proper_scores_in_cross_validation(name, piped):
    model, y = wrapper_and_target(name)
    scorers = {
        "predict_dist": metrics.neg_crps_scorer if not is_classifier(model) else None,
        "predict_interval": metrics.neg_interval_score_scorer,
        "predict_proba": metrics.neg_brier_scorer,
    }
    chosen = [scorer for method, scorer in scorers.items() if scorer and hasattr(model, method)]
    estimator = make_pipeline(StandardScaler(), model) if piped else model
    for scorer in [metrics.neg_log_likelihood_scorer, *chosen]:
        scores = cross_val_score(estimator, X, y, cv=2, scoring=scorer, error_score="raise")
        assert np.isfinite(scores).all()
        assert (scores < 0).all()
