"""What one would use instead: scikit-learn alone, and other packages where they are installed.

Every regressor has `fit`, `predict` and `predict_dist`, every classifier `fit`, `predict_proba` and `classes_`. All
choices, conformal ones among them, are made inside the training rows; the same `random_state` gives the same result.
"""

from __future__ import annotations

from ..method import Method
from . import sklearn_classification as classification
from . import sklearn_regression as regression
from .boosted_quantiles import BoostedQuantileRegressor
from .gaussian_process import MAX_ROWS, SubsampledGaussianProcessRegressor
from .peers import PEERS, installed_peers, missing_peers_note

__all__ = ["BASELINES", "PEERS", "missing_peers_note"]

_SKLEARN = (
    Method("sklearn_mlp", "baseline", regression.mlp, classification.mlp),
    Method("sklearn_mlp_temperature", "baseline", None, classification.mlp_temperature),
    Method("sklearn_mlp_conformal", "baseline", regression.mlp_conformal, None),
    Method(
        "gaussian_process",
        "baseline",
        SubsampledGaussianProcessRegressor,
        None,
        note=f"at most {MAX_ROWS} of the training rows",
    ),
    Method("bayesian_ridge", "baseline", regression.ScaledBayesianRidge, None),
    Method("hgb_quantile", "baseline", BoostedQuantileRegressor, None),
    Method("hgb_quantile_conformal", "baseline", regression.hgb_quantile_conformal, None),
    Method("logistic_regression", "baseline", None, classification.logistic_regression),
    Method("logistic_regression_temperature", "baseline", None, classification.logistic_regression_temperature),
    Method("hgb", "baseline", None, classification.boosting),
    Method("hgb_temperature", "baseline", None, classification.boosting_temperature),
)

# The peers among them are those that are installed.
BASELINES: tuple[Method, ...] = (*_SKLEARN, *installed_peers())
