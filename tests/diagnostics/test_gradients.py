"""The gradient check: right for every component, and wrong where a wrong formula is planted."""

import numpy as np
import pytest
import torch

from uncertainty import (
    Augmentation,
    Categorical,
    Gaussian,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    components,
)
from uncertainty.components import Dropout, Residual
from uncertainty.components.activations import SPECS
from uncertainty.components.batch_norm import BatchNormLayer
from uncertainty.components.linear import LinearLayer
from uncertainty.components.normalization import Normalization
from uncertainty.components.pointwise import PointwiseLayer
from uncertainty.components.spec import named_specs
from uncertainty.diagnostics import gradient_check
from uncertainty.diagnostics.gradients import _central_differences, _relative_error
from uncertainty.diagnostics.preparation import base_network, checked, prepare

NETWORKS = {
    "plain": {},
    "dropout": {"dropout": 0.3},
    "dropconnect": {"dropout": Dropout(0.3, kind="connect")},
    "concrete": {"dropout": Dropout(0.3, kind="concrete")},
    "input_dropout": {"dropout": Dropout(0.1, input_rate=0.3)},
    "residual": {"hidden_layer_sizes": (8, 8, 8), "residual": "residual"},
    "stochastic_depth": {"hidden_layer_sizes": (8, 8, 8), "residual": Residual(stochastic_depth=0.4)},
    "mixture": {"head": "mixture_density"},
    "linear": {"hidden_layer_sizes": ()},
    "beta": {"head": Gaussian(beta=0.5)},
    "one_variance": {"head": Gaussian("constant")},
    "augmented": {"augmentation": Augmentation(mixup=0.3, input_noise=0.1)},
}
NETWORKS |= {name: {"normalization": name} for name in named_specs(components, Normalization)}
NETWORKS |= {spec.short_name: {"activation": spec()} for spec in SPECS}


def network_of(options, kind=ProbabilisticMLPRegressor):
    return kind(**{"hidden_layer_sizes": (16, 16), **options})


@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradients_of_every_component_are_right(name, regression):
    found = gradient_check(network_of(NETWORKS[name]), *regression)
    assert found.wrong_blocks == (), found.verdict
    assert found.relative_errors.max() < 1e-6
    assert "all" in found.verdict


def test_classes_and_class_weights(classification):
    found = gradient_check(network_of({"class_weight": "balanced"}, ProbabilisticMLPClassifier), *classification)
    assert found.wrong_blocks == ()


def test_smoothed_labels_and_mixed_rows(classification):
    options = {"head": Categorical(label_smoothing=0.2), "augmentation": Augmentation(mixup=0.3)}
    found = gradient_check(network_of(options, ProbabilisticMLPClassifier), *classification)
    assert found.wrong_blocks == ()


def test_every_block_is_looked_at(regression):
    found = gradient_check(network_of({"normalization": "batch"}), *regression, n_per_block=20)
    assert found.blocks[:3] == ("hidden0.weight", "norm0.scale", "norm0.shift")
    assert found.blocks[-2:] == ("output.weight", "output.bias")
    assert found.n_checked.max() == 20
    assert found.n_checked[-1] == 9  # of three components


def plant(monkeypatch, layer, method, change):
    right = getattr(layer, method)

    def wrong(self, gradient):
        result = right(self, gradient)
        return change(self, result)

    monkeypatch.setattr(layer, method, wrong)


def test_a_wrong_parameter_gradient_is_named(monkeypatch, regression):
    plant(monkeypatch, LinearLayer, "set_parameter_gradients", lambda layer, _: layer.bias_gradient.mul_(1.01))
    found = gradient_check(network_of({}), *regression)
    assert found.wrong_blocks == ("hidden0.bias", "hidden1.bias")
    assert "hidden1.bias" in found.verdict
    assert found.relative_errors[1] == pytest.approx(0.01 / 2.01, rel=1e-3)  # |g_num - 1.01 g_num| over their sum


def test_a_wrong_input_gradient_spoils_what_comes_before_it(monkeypatch, regression):
    plant(monkeypatch, PointwiseLayer, "input_gradient", lambda layer, gradient: gradient.mul_(1.001))
    found = gradient_check(network_of({}), *regression)
    assert found.wrong_blocks == ("hidden0.weight", "hidden0.bias", "hidden1.weight", "hidden1.bias")


def test_a_wrong_normalization_is_named(monkeypatch, regression):
    plant(monkeypatch, BatchNormLayer, "set_parameter_gradients", lambda layer, _: layer.scale_gradient.neg_())
    network = network_of({"normalization": "batch", "hidden_layer_sizes": (8,)})
    assert gradient_check(network, *regression).wrong_blocks == ("hidden0.weight", "norm0.scale")


def test_the_relative_error_is_the_formula_with_a_floor_at_rounding():
    a, b = np.array([1.0, 2.0]), np.array([1.0, 1.0])
    assert _relative_error(a, b, 1.0, 1e-5) == pytest.approx(1.0 / (np.sqrt(5) + np.sqrt(2)))
    assert _relative_error(1e-12 * a, np.zeros(2), 1.0, 1e-5) == 0.0


def test_the_numerical_gradient_agrees_with_autograd(regression):
    # The loss is written out here: one hidden layer of tanh and a Gaussian head.
    network = base_network(
        ProbabilisticMLPRegressor((4,), "tanh", head="gaussian", dtype="float64", early_stopping=False)
    )
    run = prepare(network.set_params(batch_size="full"), checked(network, *regression), seed=0)
    generator = np.random.default_rng(0)
    values = run.values + torch.from_numpy(0.3 * generator.standard_normal(run.values.shape))
    leaf = values.clone().requires_grad_()
    p = run.mlp.layout.views(leaf)
    h = torch.tanh(run.data.rows.x @ p["hidden0.weight"][0] + p["hidden0.bias"][0])
    mean, rho = (h @ p["output.weight"][0].T + p["output.bias"][0]).T
    sigma = torch.nn.functional.softplus(rho) + run.head.floor
    nll = -torch.distributions.Normal(mean, sigma).log_prob(run.data.rows.y[:, 0]).mean()
    (expected,) = torch.autograd.grad(nll, leaf)
    with torch.inference_mode():
        batch = next(run.batches.epoch())
        chosen = np.arange(values.shape[1])
        slopes = _central_differences(run, values, batch, chosen, 1e-5)
    np.testing.assert_allclose(slopes, expected[0].numpy(), atol=1e-9)
