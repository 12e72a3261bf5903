"""The classes that a model file may hold, by the names that stand for them there. Nothing else is made from a file."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType

from sklearn.base import BaseEstimator

from uncertainty import calibration, components, estimators, heads, optim, tables, training
from uncertainty.calibration.calibrated import Calibrated
from uncertainty.calibration.conformity_scores import ConformityScore
from uncertainty.calibration.selective_threshold import RiskCoverageCurve
from uncertainty.components.component import Component
from uncertainty.components.dropout import DropoutRates
from uncertainty.components.hidden_layer import HiddenLayer
from uncertainty.components.mlp import MLP
from uncertainty.components.noise import KeptEntries, Noise
from uncertainty.components.parameters import Block, ParameterLayout
from uncertainty.components.residual import ResidualBlocks
from uncertainty.estimators.encoding import LabelEncoder
from uncertainty.estimators.gaps import Gaps
from uncertainty.estimators.members import Members
from uncertainty.estimators.piecewise_linear import Bins, PiecewiseLinear, PiecewiseLinearEncoding
from uncertainty.estimators.scaling import InputScaler, TargetScaler
from uncertainty.estimators.whitening import Whitening
from uncertainty.heads.base import Head
from uncertainty.heads.normal_mixture import NormalMixture
from uncertainty.predictive import ContinuousPredictive, RecalibratedPredictive
from uncertainty.predictive.cdf_map import CdfMap

# Rooms whose public estimators and options are stored.
ROOMS: tuple[ModuleType, ...] = (calibration, components, estimators, heads, optim, tables, training)

# What fitted estimators hold besides: abstract classes stand for all that this package derives from them.
FAMILIES: tuple[type, ...] = (Calibrated, Component, ConformityScore, Head)
STATE: tuple[type, ...] = (
    Bins,
    CdfMap,
    ContinuousPredictive,
    DropoutRates,
    InputScaler,
    KeptEntries,
    Gaps,
    LabelEncoder,
    MLP,
    Members,
    NormalMixture,
    PiecewiseLinear,
    PiecewiseLinearEncoding,
    RecalibratedPredictive,
    ResidualBlocks,
    RiskCoverageCurve,
    TargetScaler,
    Whitening,
)

# scikit-learn's own that hold numbers and text alone: what stands in a pipeline before a model, and splitters (`cv`).
SCIKIT_LEARN: dict[str, tuple[str, ...]] = {
    "compose": ("ColumnTransformer", "make_column_selector"),
    "decomposition": ("PCA",),
    "feature_selection": ("VarianceThreshold",),
    "frozen": ("FrozenEstimator",),
    "impute": ("MissingIndicator", "SimpleImputer"),
    "model_selection": (
        "GroupKFold",
        "GroupShuffleSplit",
        "KFold",
        "LeaveOneGroupOut",
        "LeaveOneOut",
        "ShuffleSplit",
        "StratifiedGroupKFold",
        "StratifiedKFold",
        "StratifiedShuffleSplit",
        "TimeSeriesSplit",
    ),
    "pipeline": ("FeatureUnion", "Pipeline"),
    "preprocessing": (
        "Binarizer",
        "FunctionTransformer",
        "KBinsDiscretizer",
        "MaxAbsScaler",
        "MinMaxScaler",
        "Normalizer",
        "OneHotEncoder",
        "OrdinalEncoder",
        "PolynomialFeatures",
        "PowerTransformer",
        "QuantileTransformer",
        "RobustScaler",
        "StandardScaler",
        "TargetEncoder",
    ),
}


@cache
def own_classes() -> dict[str, type]:
    """Name -> class of this package: public estimators and options, and what they hold when fitted."""
    return {kind.__name__: kind for kind in [*_public(), *_derived(FAMILIES), *STATE]}


@cache
def stored_classes() -> dict[str, type]:
    """Name -> class, for every class that a model file may hold; those of scikit-learn have its name in front."""
    foreign = {
        f"sklearn.{module}.{name}": getattr(import_module(f"sklearn.{module}"), name)
        for module, names in SCIKIT_LEARN.items()
        for name in names
    }
    return own_classes() | foreign


@cache
def class_names() -> dict[type, str]:
    """Class -> the name that stands for it in a model file."""
    return {kind: name for name, kind in stored_classes().items()}


def qualified_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _public() -> Iterator[type]:
    for room in ROOMS:
        for name in room.__all__:
            kind = getattr(room, name)
            if isinstance(kind, type) and issubclass(kind, BaseEstimator):
                yield kind


def _derived(families: tuple[type, ...]) -> Iterator[type]:
    """The classes of this package that derive from these, abstract ones left out."""
    waiting = list(families)
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("uncertainty.") and not inspect.isabstract(kind):
            yield kind


# For skops, which wants every class of a file named that it does not know: `skops.io.load(path, trusted=...)`. As
# pickle does, it also stores what an architecture derives from its sizes, which a model file leaves out.
SKOPS_TRUSTED_TYPES: list[str] = sorted(
    {qualified_name(k) for k in (*own_classes().values(), *_derived((Noise,)), Block, HiddenLayer, ParameterLayout)}
)
