"""The scale: one map in torch and numpy, its derivative, and its inverse."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from uncertainty.heads.scale import predicted_scale, raw_from_scale, scale_derivative, scale_from_raw

RHO = np.concatenate([np.linspace(-60, 60, 481), [-700.0, 700.0]])


@pytest.mark.parametrize("floor", [1e-3, 0.2])
def test_training_and_prediction_use_the_same_scale(floor):
    torch_scale = scale_from_raw(torch.tensor(RHO), floor).numpy()
    assert_allclose(torch_scale, predicted_scale(RHO, floor), rtol=2e-10)  # torch's softplus is linear above 20
    assert_allclose(torch_scale, np.log1p(np.exp(np.minimum(RHO, 500))) + np.maximum(RHO - 500, 0) + floor, rtol=1e-9)


@pytest.mark.parametrize("floor", [0.0, 1e-3])
def test_the_predicted_scale_is_exact_to_rounding(floor):
    assert_allclose(predicted_scale(RHO, floor), np.logaddexp(0.0, RHO) + floor, rtol=1e-15)


def test_derivative():
    rho = torch.tensor(RHO, requires_grad=True)
    (expected,) = torch.autograd.grad(scale_from_raw(rho, 0.1).sum(), rho)
    torch.testing.assert_close(scale_derivative(rho.detach()), expected, rtol=1e-8, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_inverse(dtype):
    floor = 1e-3
    scale = torch.logspace(-2.9, 3, 60, dtype=dtype)
    rtol = 1e-4 if dtype == torch.float32 else 1e-9
    torch.testing.assert_close(scale_from_raw(raw_from_scale(scale, floor), floor), scale, rtol=rtol, atol=0)


def test_scales_at_or_below_the_floor_start_just_above_it():
    floor = 0.01
    scale = scale_from_raw(raw_from_scale(torch.tensor([0.0, 0.005, 0.01], dtype=torch.float64), floor), floor)
    assert (scale > floor).all()
    assert (scale < 1.2 * floor).all()
