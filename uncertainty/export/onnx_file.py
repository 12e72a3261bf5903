"""`export_onnx`: a fitted estimator as one ONNX file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from uncertainty.calibration import RecalibratedClassifier, RecalibratedRegressor
from uncertainty.estimators.estimator import MemberEstimator
from uncertainty.export.classification import classification_outputs
from uncertainty.export.graph import Graph, Value
from uncertainty.export.heads import Classes, member_distributions
from uncertainty.export.inputs import encoded
from uncertainty.export.model_bytes import model_bytes, require_onnx
from uncertainty.export.network import raw_outputs
from uncertainty.export.outputs import Output
from uncertainty.export.regression import regression_outputs
from uncertainty.persistence.whole_file import refuse_existing, write_whole

INPUT = "X"
INPUT_DTYPES = ("float64", "float32")


def export_onnx(
    estimator: Any,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    input_dtype: str = "float64",
    distribution: bool = False,
) -> None:
    """Write a fitted estimator to one ONNX file, whose outputs are those of `predict_uncertainty`.

    The file holds the whole way from X in the units of training: standardisation, all members, and the mixture over
    them; MC-dropout is its fixed masks. Any program that runs ONNX predicts with it, for any number of rows, without
    this package or Python. In onnxruntime the numbers are those of `predict_uncertainty` to a relative 1e-5 and better:
    weights and arithmetic are in double precision.

    The input is `X` [N, D]. The outputs of a regressor are `mean, aleatoric_variance, epistemic_variance,
    total_variance, std`, each [N], or [N, T] for several targets, in (squared) units of y. Those of a classifier are
    `label` [N]; `probabilities, aleatoric_variance, epistemic_variance, total_variance` [N, C]; and `total_entropy,
    aleatoric_entropy, mutual_information` [N] in nats; for multi-label data all are [N, T]. A row with missing or
    infinite values gives NaN in all outputs, and the label "" or the smallest 64-bit integer; other rows are not
    affected.

    Parameters
    ----------
    estimator : a fitted estimator of this package
        A base network, deep ensemble, MC-dropout or snapshot ensemble, or one of these inside a
        `RecalibratedRegressor` (methods "variance" and "temperature") or `RecalibratedClassifier`.
    path : str or path-like
        By custom with the ending `.onnx`. The file appears whole or not at all.
    overwrite : bool, default False
        Whether a file that is there already may be replaced.
    input_dtype : "float64" or "float32"
        Type of X. float32 rounds columns to 7 digits before anything is computed: as servers send them, but too
        coarse for time stamps and the like.
    distribution : bool, default False
        Whether a regressor's file also gives the mixture of normal components, from which clients compute exact
        quantiles: `weights` [N, K], `means` and `scales` [N, K], or [N, T, K] for several targets.

    Raises
    ------
    TypeError
        For an estimator that has no such graph; the message says what to export instead.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    FileExistsError
        If there is such a file and `overwrite` is False.
    ImportError
        If onnx is not installed.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from uncertainty import ProbabilisticMLPRegressor, export_onnx
    >>> model = ProbabilisticMLPRegressor(max_iter=3, random_state=0).fit([[0.0], [1.0], [2.0]], [1, 3, 2])
    >>> with TemporaryDirectory() as folder:
    ...     export_onnx(model, Path(folder) / "model.onnx")
    ...     [path.name for path in Path(folder).iterdir()]
    ['model.onnx']
    """
    require_onnx("export_onnx")
    target = Path(path)
    refuse_existing(target, overwrite=overwrite)
    if input_dtype not in INPUT_DTYPES:
        raise ValueError(f"input_dtype must be 'float64' or 'float32', got {input_dtype!r}. Choose one of these.")
    network, wrappers = _unwrapped(estimator)
    graph = Graph()
    x = Value(graph, INPUT).cast("float64")
    outputs = list(_outputs(x, network, wrappers, distribution=distribution))
    given = (INPUT, network.n_features_in_, input_dtype, _about_inputs(network))
    about = f"{type(estimator).__name__} of {len(network.members_)} members, in double precision."
    write_whole(target, model_bytes(graph, given, outputs, about, _metadata(estimator, network)), overwrite=overwrite)


def _unwrapped(estimator: Any) -> tuple[Any, list[Any]]:
    """The fitted network estimator, and the recalibrations around it, innermost first."""
    wrappers: list[Any] = []
    inner = estimator
    while isinstance(inner, (FrozenEstimator, RecalibratedClassifier, RecalibratedRegressor)):
        if isinstance(inner, FrozenEstimator):
            inner = inner.estimator
        else:
            check_is_fitted(inner)
            wrappers.insert(0, inner)
            inner = inner.estimator_
    if not isinstance(inner, MemberEstimator):
        raise TypeError(_refusal(inner))
    check_is_fitted(inner, "members_")
    return inner, wrappers


def _refusal(estimator: Any) -> str:
    name = type(estimator).__name__
    if isinstance(estimator, Pipeline):
        advice = (
            "Export its last step, pipeline[-1], and give it what pipeline[:-1].transform returns; skl2onnx makes a "
            "graph of that part"
        )
    elif type(estimator).__module__.startswith("uncertainty.calibration"):
        advice = "Export its estimator_, and apply to the outputs what it adds: the user guide on serving says how"
    else:
        advice = "Others are exported by skl2onnx"
    return (
        f"estimator must be a fitted network or ensemble of this package, or a recalibration of one by a factor or a "
        f"linear map, got a {name}. {advice}."
    )


def _outputs(x: Value, network: Any, wrappers: list[Any], *, distribution: bool) -> Iterable[Output]:
    # 0, or NaN for a row that is not all finite: comparisons on the way are no way for NaN.
    unknown = (0.0 * x).sum(axis=1)
    raw = raw_outputs(encoded(x, network.input_scaler_), network.members_) + unknown
    members = member_distributions(network.head_, raw)
    if isinstance(members, Classes):
        if distribution:
            raise ValueError(
                "distribution must be False for a classifier, got True. Its probabilities are the distribution."
            )
        return classification_outputs(members, network, wrappers)
    return regression_outputs(members, network, wrappers, distribution=distribution)


def _about_inputs(network: MemberEstimator) -> str:
    names = getattr(network, "feature_names_in_", None)
    columns = "" if names is None else f": {', '.join(names)}"
    return f"Rows in the units of training, without missing values; columns in the order of training{columns}."


def _metadata(estimator: Any, network: MemberEstimator) -> dict[str, str]:
    """What a client may want to know, each as JSON."""
    facts: dict[str, Any] = {
        "uncertainty_version": version("uncertainty"),
        "estimator": type(estimator).__name__,
        "n_members": len(network.members_),
    }
    if hasattr(network, "feature_names_in_"):
        facts["feature_names"] = list(network.feature_names_in_)
    if hasattr(network, "classes_"):
        facts["classes"] = network.classes_.tolist()
    return {key: json.dumps(fact) for key, fact in facts.items()}
