"""Equal units stay equal: why initial weights have to be drawn."""

import numpy as np
import pytest
import torch

from uncertainty.components import MLP, RandomNormal
from uncertainty.components.pointwise import pointwise
from uncertainty.heads import Gaussian
from uncertainty.optim import SGD, Adam

HIDDEN = (8, 5)


def start(hidden, output):
    """Every hidden weight, and every output weight, of one value."""
    mlp = MLP(3, HIDDEN, Gaussian().build(1).n_raw, pointwise("tanh"))
    values = torch.zeros(2, mlp.layout.size, dtype=torch.float64)
    for name, view in mlp.layout.views(values).items():
        view.fill_(0.0 if name.endswith("bias") else hidden if name.startswith("hidden") else output)
    return values, torch.zeros(2, 0, dtype=torch.float64)


def trained(fit, values, optimizer):
    fitted = fit(range(2), hidden=HIDDEN, start=values, max_epochs=30, optimizer=optimizer, learning_rate=0.02)
    return {name: view.clone() for name, view in fitted.mlp.layout.views(torch.as_tensor(fitted.values)).items()}


@pytest.mark.parametrize("optimizer", [SGD(), Adam()], ids=str)
def test_zeros_never_learn_more_than_a_constant(fit, optimizer):
    views = trained(fit, start(0.0, 0.0), optimizer)
    for name, view in views.items():
        assert (view == 0).all() or name == "output.bias"
    assert (views["output.bias"] != 0).any()


@pytest.mark.parametrize("optimizer", [SGD(), Adam()], ids=str)
@pytest.mark.parametrize("hidden", [0.0, 0.1])
def test_equal_units_stay_equal_however_long_they_train(fit, optimizer, hidden):
    views = trained(fit, start(hidden, 0.1), optimizer)
    for i in range(2):
        weight = views[f"hidden{i}.weight"]  # [M, in, out]
        torch.testing.assert_close(weight, weight[:, :, :1].expand_as(weight), rtol=1e-9, atol=1e-12)
        moved = (weight - hidden).abs().max()
        assert moved == 0.0 if hidden == 0.0 else moved > 1e-3  # from zero they do not even start
    output = views["output.weight"]
    torch.testing.assert_close(output, output[:, :, :1].expand_as(output), rtol=1e-9, atol=1e-12)


def test_drawn_units_part(fit):
    mlp = MLP(3, HIDDEN, Gaussian().build(1).n_raw, pointwise("tanh"))
    generators = [np.random.default_rng(m) for m in range(2)]
    views = trained(fit, mlp.initialize(generators, RandomNormal(0.1), dtype=torch.float64), Adam())
    weight = views["hidden1.weight"]
    assert (weight - weight.mean(dim=2, keepdim=True)).abs().max() > 0.05
