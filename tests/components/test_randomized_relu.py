"""Randomized rectifier: its slopes, and `torch.nn.RReLU` at prediction."""

import numpy as np
import pytest
import torch
from scipy import stats

from uncertainty.components import LeakyReLU, RandomizedReLU

LOWER, UPPER = 0.1, 0.6
N_MEMBERS, N_ROWS, WIDTH = 3, 7, 5


def draw_slopes(n_members, n_rows, width, seed=0):
    sources = [np.random.Generator(np.random.SFC64((seed, m))) for m in range(n_members)]
    return RandomizedReLU(LOWER, UPPER).build().noise(width).draw(sources, n_rows, dtype=torch.float64)


def test_slopes_are_uniform_between_the_bounds_for_every_row_and_unit():
    slopes = draw_slopes(2, 100, 20)
    assert slopes.shape == (2, 100, 20)
    assert slopes.min() > LOWER
    assert slopes.max() < UPPER
    assert stats.kstest(slopes.flatten(), stats.uniform(LOWER, UPPER - LOWER).cdf).pvalue > 0.01
    assert len(slopes.unique()) > 0.95 * slopes.numel()


def test_value_and_gradient_are_those_of_the_slopes_drawn(normal, through, in_training):
    x, above = normal(N_MEMBERS, N_ROWS, WIDTH), normal(N_MEMBERS, N_ROWS, WIDTH, seed=1)
    slopes = draw_slopes(N_MEMBERS, N_ROWS, WIDTH)
    layer, _ = in_training(RandomizedReLU().build(), {}, x, noise=1)
    out, gradient = through(layer, x, above, noise=[torch.full_like(slopes, torch.nan), slopes])
    z = x.clone().requires_grad_()
    expected = torch.where(z > 0, z, slopes * z)
    torch.testing.assert_close(out, expected.detach(), rtol=0, atol=0)
    torch.testing.assert_close(gradient, torch.autograd.grad(expected, z, above)[0], rtol=0, atol=0)


def test_prediction_takes_the_mean_slope(normal):
    h = normal(N_MEMBERS, N_ROWS, WIDTH)
    for spec in (RandomizedReLU(), RandomizedReLU(LOWER, UPPER)):
        reference = torch.nn.RReLU(spec.lower, spec.upper).eval()
        torch.testing.assert_close(spec.build().step({}, {}).forward(h.clone()), reference(h))


def test_the_mean_of_training_outputs_is_the_prediction(normal, through, in_training):
    n = 20_000
    x = -normal(1, 1, WIDTH).abs().expand(1, n, WIDTH)
    layer, _ = in_training(RandomizedReLU(LOWER, UPPER).build(), {}, x, noise=0)
    out, _ = through(layer, x, torch.ones(1, n, WIDTH).double(), noise=[draw_slopes(1, n, WIDTH)])
    predicted = RandomizedReLU(LOWER, UPPER).build().step({}, {}).forward(x[:, :1].clone())
    standard_error = x[0, 0].abs() * (UPPER - LOWER) / np.sqrt(12 * n)
    assert ((out[0].mean(dim=0) - predicted[0, 0]).abs() < 4 * standard_error).all()


def test_equal_bounds_are_a_leaky_rectifier(normal, through, in_training):
    x, above = normal(1, N_ROWS, WIDTH), normal(1, N_ROWS, WIDTH, seed=1)
    spec = RandomizedReLU(0.25, 0.25)
    source = [np.random.Generator(np.random.SFC64(0))]
    slopes = spec.build().noise(WIDTH).draw(source, N_ROWS, dtype=torch.float64)
    randomized, _ = in_training(spec.build(), {}, x, noise=0)
    leaky, _ = in_training(LeakyReLU(0.25).build(), {}, x)
    for found, expected in zip(through(randomized, x, above, [slopes]), through(leaky, x, above), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (RandomizedReLU(-0.1, 0.3), "lower must be at least 0 and at most 1, got -0.1"),
        (RandomizedReLU(0.4, 0.3), "upper must be at least 0.4 and at most 1, got 0.3"),
    ],
    ids=str,
)
def test_bounds_in_the_wrong_order_are_refused(spec, words):
    with pytest.raises(ValueError, match=words):
        spec.build()
