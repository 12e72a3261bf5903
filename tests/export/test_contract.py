"""Whatever the package has in the way of options is exported, and says what `predict_uncertainty` says.

Options are found through the lists of the rooms: what is added there is tested here.
"""

from __future__ import annotations

import inspect
import itertools

import numpy as np
import pytest

from uncertainty import (
    Dropout,
    Gaussian,
    MCDropoutRegressor,
    MixtureDensity,
    PiecewiseLinear,
    calibration,
    components,
    estimators,
    export_onnx,
    heads,
)
from uncertainty.components.activation import ActivationSpec
from uncertainty.components.component import Step
from uncertainty.components.dropout import KINDS
from uncertainty.components.folded import MaskedSharedStep
from uncertainty.components.normalization import Normalization
from uncertainty.components.pointwise import KERNELS
from uncertainty.components.spec import named_specs
from uncertainty.export.network import formula
from uncertainty.export.pointwise import FORMULAS
from uncertainty.heads.base import HeadSpec

ACTIVATIONS = [*(set(KERNELS) - {"leaky_relu", "elu"}), *named_specs(components, ActivationSpec)]
NORMALIZATIONS = [None, *named_specs(components, Normalization)]
ESTIMATORS = [getattr(estimators, name) for name in estimators.__all__]
CALIBRATIONS = [name for name in calibration.__all__ if isinstance(getattr(calibration, name), type)]
HEADS = [
    (spec, kind)
    for spec in [*named_specs(heads, HeadSpec).values(), Gaussian("constant"), MixtureDensity(1), MixtureDensity(5)]
    for kind in sorted(spec.target_kinds | ({"several"} if "continuous" in spec.target_kinds else set()))
]


def subclasses(kind):
    for derived in kind.__subclasses__():
        yield derived
        yield from subclasses(derived)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_activation(regressor, table, new_rows, check, shake, activation):
    model = regressor(activation=activation, hidden_layer_sizes=(4, 4)).fit(*table)
    check(shake(model), new_rows)


def test_every_activation_has_a_formula():
    assert FORMULAS.keys() == KERNELS.keys()


@pytest.mark.parametrize("residual", [None, "residual"])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_every_normalization_alone_and_in_blocks(regressor, table, new_rows, check, shake, normalization, residual):
    network = regressor(hidden_layer_sizes=(16, 16, 16), normalization=normalization, residual=residual, dropout=0.3)
    model = MCDropoutRegressor(network, n_mc_samples=4, random_state=0).fit(*table)
    check(shake(model), new_rows)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hidden_layer_sizes", [(), (8,), (8, 6, 8)])
def test_every_dropout_as_its_masks(regressor, table, new_rows, check, shake, kind, hidden_layer_sizes):
    network = regressor(hidden_layer_sizes=hidden_layer_sizes, head="gaussian", dropout=Dropout(0.4, 0.2, kind))
    model = MCDropoutRegressor(network, n_mc_samples=4, random_state=0).fit(*table)
    found = check(shake(model), new_rows)
    assert (found["epistemic_variance"] > 0.0).all()


def test_every_step_of_the_prediction_form_has_a_formula():
    # Masks multiply what a layer reads here, so their own step never comes up.
    missing = {kind for kind in subclasses(Step) if formula.dispatch(kind) is formula.dispatch(object)}
    assert missing == {MaskedSharedStep}


@pytest.mark.parametrize(("head", "kind"), HEADS, ids=lambda value: str(value))
def test_every_head_for_every_kind_of_target(regressor, classifier, table, targets, new_rows, check, shake, head, kind):
    network = regressor(head=head) if kind in ("continuous", "several") else classifier(head=head)
    ensemble = type(network).__name__.replace("ProbabilisticMLP", "DeepEnsemble")
    model = getattr(estimators, ensemble)(network, 3, random_state=0).fit(table[0], targets[kind])
    found = check(shake(model), new_rows)
    assert (found["epistemic_variance"] > 0.0).all()


@pytest.mark.parametrize(
    ("standardize", "embedding"),
    [(False, None), *itertools.product([True, "whiten"], [None, "piecewise_linear", PiecewiseLinear(3, 0.5)])],
)
def test_every_way_of_encoding_the_inputs(regressor, table, new_rows, check, shake, standardize, embedding):
    model = regressor(standardize=standardize, embedding=embedding, head="gaussian", activation="tanh").fit(*table)
    assert (model.input_scaler_.n_gap_inputs > 0) == (embedding is not None)
    X = new_rows if standardize else new_rows[:60]  # what is not damped overflows in training units too
    found = check(shake(model), X)
    assert np.ptp(found["mean"][:30]) > 0.0


@pytest.mark.parametrize("kind", ESTIMATORS, ids=lambda kind: kind.__name__)
def test_every_estimator(regressor, classifier, table, targets, new_rows, check, kind):
    is_regressor = kind.__name__.endswith("Regressor")
    network = (regressor if is_regressor else classifier)(dropout=0.1, early_stopping=False, max_iter=6)
    if "estimator" in inspect.signature(kind).parameters:
        size = next(name for name in inspect.signature(kind).parameters if name.startswith("n_"))
        network = kind(network, random_state=0, **{size: 3})
    model = network.fit(table[0], targets["continuous" if is_regressor else "multiclass"])
    check(model, new_rows)


@pytest.mark.filterwarnings("ignore:No threshold keeps the risk")
@pytest.mark.parametrize("name", CALIBRATIONS)
def test_every_wrapper_is_exported_or_refused_by_name(
    regressor, classifier, table, targets, new_rows, check, tmp_path, name
):
    is_regressor = name.endswith("Regressor")
    network = (regressor if is_regressor else classifier)()
    kind = getattr(calibration, name)
    model = kind(network, cv=2, random_state=0) if "cv" in inspect.signature(kind).parameters else kind(network)
    model.fit(table[0], targets["continuous" if is_regressor else "binary"])
    if name.startswith("Recalibrated"):
        check(model, new_rows)
        return
    with pytest.raises(TypeError, match=rf"got a {name}\. Export its estimator_"):
        export_onnx(model, tmp_path / "model.onnx")
    check(model.estimator_, new_rows)
