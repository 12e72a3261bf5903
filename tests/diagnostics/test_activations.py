"""Activation statistics: against a network written out, and the names of what goes wrong in deep ones."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import norm

from uncertainty import (
    BatchNorm,
    DeepEnsembleRegressor,
    GlorotNormal,
    HeNormal,
    ProbabilisticMLPRegressor,
    RandomNormal,
)
from uncertainty.components import Residual
from uncertainty.components.activations import SPECS
from uncertainty.components.initializers import Initializer
from uncertainty.diagnostics import activation_statistics
from uncertainty.diagnostics.activations import _draw_output_weights, layer_statistics
from uncertainty.diagnostics.preparation import base_network, checked, prepare
from uncertainty.training.stack import Stack


class Planted(Initializer):
    """He's weights, with all weights of a share of the units at zero."""

    def __init__(self, share=0.6):
        self.share = share

    def build(self, fan_in, fan_out, activation=None):
        draw = HeNormal().build(fan_in, fan_out)

        def planted(generator, shape):
            weight = draw(generator, shape)
            weight[:, : round(self.share * shape[1])] = 0.0
            return weight

        return planted


def deep(depth, activation, initializer="auto", **options):
    return ProbabilisticMLPRegressor((64,) * depth, activation, initializer=initializer, **options)


def test_the_numbers_are_those_of_the_network_written_out(regression):
    network = base_network(
        ProbabilisticMLPRegressor((6, 5), "tanh", head="gaussian", dtype="float64", early_stopping=False)
    )
    run = prepare(network.set_params(batch_size="full"), checked(network, *regression), seed=0)
    _draw_output_weights(run, 0)
    found = layer_statistics(run)
    p = {name: view[0] for name, view in run.mlp.layout.views(run.values).items()}
    z1 = (run.data.rows.x @ p["hidden0.weight"] + p["hidden0.bias"]).requires_grad_()
    z2 = torch.tanh(z1) @ p["hidden1.weight"] + p["hidden1.bias"]
    z2.retain_grad()
    mean, rho = (torch.tanh(z2) @ p["output.weight"].T + p["output.bias"]).T
    sigma = torch.nn.functional.softplus(rho) + run.head.floor
    (-torch.distributions.Normal(mean, sigma).log_prob(run.data.rows.y[:, 0])).mean().backward()
    for layer, z in enumerate((z1, z2)):
        h = torch.tanh(z)
        assert_allclose(found.mean[layer], h.mean().item())
        assert_allclose(found.std[layer], h.std(correction=0).item())
        assert_allclose(found.saturated[layer], (1 - h**2 < 0.05).double().mean().item())
        assert_allclose(found.gradient_norm[layer], z.grad.norm().item())


def test_recording_leaves_the_layers_and_their_gradient_as_they_were(regression):
    network = base_network(deep(2, "relu", early_stopping=False, dtype="float64"))
    run = prepare(network, checked(network, *regression), seed=0)
    with torch.inference_mode():
        stack = Stack(run.mlp, run.head, run.values, run.statistics)
        batch = next(run.batches.epoch())
        stack.compute_gradient(batch)
        expected = stack.gradient.clone()
        from uncertainty.diagnostics.activations import record_activations

        record_activations(stack._layers, lambda: stack.compute_gradient(batch))
    assert torch.equal(stack.gradient, expected)
    assert not any("forward" in vars(layer) for layer in stack._layers)


@pytest.mark.parametrize("activation", [*SPECS, "relu", "sigmoid", "mish", "hard_tanh", "identity"])
def test_healthy_layers_of_every_activation_have_no_findings(activation, regression):
    made = activation if isinstance(activation, str) else activation()
    found = activation_statistics(deep(2, made), *regression)
    assert found.findings == ()
    assert len(found.initial.mean) == 2
    assert found.trained is None


def test_layers_in_residual_blocks_are_found(regression):
    # Without normalization the blocks end in weights of zero, through which no gradient passes at first.
    found = activation_statistics(deep(5, "relu", residual=Residual()), *regression)
    assert len(found.initial.mean) == 5
    assert (found.initial.gradient_norm == 0.0).any()
    assert found.findings == ()


def test_small_weights_make_tanh_vanish_and_glorot_keeps_it(regression):
    found = activation_statistics(deep(10, "tanh", RandomNormal(0.01)), *regression)
    assert any("activations vanish" in finding for finding in found.findings)
    assert any("gradients vanish" in finding for finding in found.findings)
    # A layer of 64 units with weights of standard deviation 0.01 multiplies by about 0.08.
    assert_allclose(np.diff(np.log(found.initial.std[1:])), np.log(0.08), atol=0.3)
    assert activation_statistics(deep(10, "tanh", GlorotNormal()), *regression).findings == ()


def test_large_weights_explode(regression):
    found = activation_statistics(deep(8, "relu", RandomNormal(1.0)), *regression)
    assert any("activations explode" in finding for finding in found.findings)
    assert any("gradients explode" in finding for finding in found.findings)


def test_large_weights_saturate_tanh(regression):
    found = activation_statistics(deep(3, "tanh", RandomNormal(2.0)), *regression)
    assert any("saturated" in finding for finding in found.findings)
    assert "saturated" not in activation_statistics(deep(3, "relu", RandomNormal(2.0)), *regression).verdict


def test_saturation_is_measured_by_the_slope(regression):
    # Unit weights on one standard normal input: |tanh| > sqrt(0.95).
    class Ones(Initializer):
        def build(self, fan_in, fan_out, activation=None):
            return lambda generator, shape: np.linspace(1.9, 2.1, shape[1])[None] * np.ones(shape)

    rng = np.random.default_rng(0)
    X = rng.standard_normal((1000, 1))
    found = activation_statistics(
        ProbabilisticMLPRegressor((9,), "tanh", initializer=Ones(), embedding=None), X, X[:, 0]
    )
    expected = 2.0 * norm.sf(np.arctanh(np.sqrt(0.95)) / 2.0)
    assert found.initial.saturated[0] == pytest.approx(expected, abs=0.04)


def test_dead_units_are_counted(regression):
    found = activation_statistics(deep(1, "relu", Planted(0.6)), *regression)
    assert found.initial.dead[0] == pytest.approx(38 / 64)
    assert "59% of the units of layer 1 are dead" in found.verdict
    assert activation_statistics(deep(1, "relu", Planted(0.3)), *regression).findings == ()


def test_equal_units_come_first(regression):
    found = activation_statistics(deep(2, "relu", RandomNormal(0.0)), *regression)
    assert "hidden units are all equal" in found.verdict
    assert found.initial.has_equal_units
    assert not activation_statistics(deep(2, "relu"), *regression).initial.has_equal_units


def test_a_fitted_estimator_is_looked_at_after_training(regression):
    X, y = regression
    model = DeepEnsembleRegressor(deep(2, "tanh", max_iter=5, normalization=BatchNorm()), 3, random_state=0).fit(X, y)
    found = activation_statistics(model, X, y)
    assert found.trained is not None
    assert np.all(found.trained.std != found.initial.std)
    dying = deep(1, "relu", max_iter=3, random_state=0).fit(X, y)
    dying.members_.values[:, : 3 * 64 + 64] = 0.0
    dying.members_.mlp.layout.views(torch.from_numpy(dying.members_.values))["hidden0.bias"].fill_(-1.0)
    assert any("after training" in finding for finding in activation_statistics(dying, X, y).findings)


def test_a_network_without_hidden_layers_is_refused(regression):
    with pytest.raises(ValueError, match="hidden_layer_sizes must name"):
        activation_statistics(ProbabilisticMLPRegressor(()), *regression)
