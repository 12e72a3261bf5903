"""Initial weights: the variance each paper asks for, and draws that belong to one member alone."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from uncertainty import components
from uncertainty.components import (
    LSUV,
    MLP,
    BatchNorm,
    Constant,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LayerNorm,
    LeakyReLU,
    LeCunNormal,
    Maxout,
    Orthogonal,
    PReLU,
    RandomizedReLU,
    RandomNormal,
    Residual,
    Zeros,
)
from uncertainty.components.activations import resolve_activation
from uncertainty.components.initializers import Initializer
from uncertainty.components.initializers.automatic import automatic_initializer
from uncertainty.components.pointwise import pointwise
from uncertainty.components.spec import named_specs

FAN_IN, FAN_OUT = 400, 300  # 1.2e5 draws; unequal, so that a mix-up of the two shows

# Variance and excess kurtosis of what each initializer draws.
EXPECTED = {
    "he_normal": (2 / FAN_IN, 0.0),
    "he_uniform": (2 / FAN_IN, -1.2),
    "glorot_normal": (2 / (FAN_IN + FAN_OUT), 0.0),
    "glorot_uniform": (2 / (FAN_IN + FAN_OUT), -1.2),
    "lecun_normal": (1 / FAN_IN, 0.0),
    "random_normal": (0.01**2, 0.0),
    "data_dependent": (1 / FAN_IN, 0.0),  # before it has seen data
    "random_walk": (np.exp(1 / FAN_OUT) / FAN_IN, 0.0),  # in front of no activation
    "fixup": (2 / (FAN_IN + FAN_OUT), -1.2),  # the same: what "auto" draws
}
NAMED = named_specs(components, Initializer)


def test_every_random_initializer_has_an_expected_variance():
    assert set(EXPECTED) | {"orthogonal", "lsuv"} == set(NAMED)


@pytest.mark.parametrize("name", EXPECTED)
def test_mean_and_variance(name):
    variance, kurtosis = EXPECTED[name]
    draws = NAMED[name].build(FAN_IN, FAN_OUT)(np.random.default_rng(0), (FAN_IN, FAN_OUT)).ravel()
    n = draws.size
    # Standard errors of the mean and of the variance; the kurtosis term makes the uniform ones tighter.
    assert abs(draws.mean()) < 4 * np.sqrt(variance / n)
    assert abs(draws.var() / variance - 1) < 4 * np.sqrt((2 + kurtosis) / n)


@pytest.mark.parametrize(("name", "limit"), [("he_uniform", 6 / FAN_IN), ("glorot_uniform", 6 / (FAN_IN + FAN_OUT))])
def test_uniform_initializers_fill_their_interval_and_stay_inside(name, limit):
    largest = np.abs(NAMED[name].build(FAN_IN, FAN_OUT)(np.random.default_rng(1), (FAN_IN, FAN_OUT))).max()
    assert 0.999 * np.sqrt(limit) < largest <= np.sqrt(limit)


def test_fan_in_is_the_argument_and_not_read_off_the_shape():
    draws = HeNormal().build(8, 1)(np.random.default_rng(0), (300, 400))
    assert_allclose(draws.var(), 2 / 8, rtol=4 * np.sqrt(2 / draws.size))


def test_random_normal_takes_its_standard_deviation():
    draws = RandomNormal(0.3).build(FAN_IN, FAN_OUT)(np.random.default_rng(0), (FAN_IN, FAN_OUT))
    assert_allclose(draws.std(), 0.3, rtol=4 / np.sqrt(2 * draws.size))


@pytest.mark.parametrize("shape", [(7, 7), (12, 5), (5, 12)])
@pytest.mark.parametrize(("spec", "gain"), [(Orthogonal(1.7), 1.7), (LSUV(), 1.0)])
def test_orthogonal_rows_or_columns(shape, spec, gain):
    w = spec.build(*shape)(np.random.default_rng(3), shape)
    gram = w.T @ w if shape[0] >= shape[1] else w @ w.T
    assert_allclose(gram, gain**2 * np.eye(min(shape)), atol=1e-12)


def test_orthogonal_matrices_are_uniform_over_the_group():
    # Without the sign correction the diagonal of q would be biased: LAPACK's r has a diagonal of one sign.
    draw = Orthogonal().build(3, 3)
    generator = np.random.default_rng(5)
    corner = np.array([draw(generator, (3, 3))[0, 0] for _ in range(4000)])
    assert abs(corner.mean()) < 4 * np.sqrt(1 / 3 / corner.size)  # E q = 0, E q^2 = 1/3


def test_zeros_and_constant():
    generator = np.random.default_rng(0)
    assert_array_equal(Zeros().build(3, 2)(generator, (3, 2)), np.zeros((3, 2)))
    assert_array_equal(Constant(-1.5).build(3, 2)(generator, (3, 2)), np.full((3, 2), -1.5))


@pytest.mark.parametrize("name", NAMED)
def test_a_member_starts_alike_in_a_stack_of_any_size(name):
    sizes = (5, 5, 5, 4)
    mlp = MLP(3, sizes, 2, pointwise("relu"), residual=Residual().build(sizes))

    def start(n_members, offset=0):
        generators = [np.random.default_rng(m + offset) for m in range(n_members)]
        return mlp.initialize(generators, NAMED[name], dtype=torch.float32)[0]

    assert torch.equal(start(5)[:2], start(2))
    assert torch.equal(start(5)[3:4], start(1, offset=3))
    assert not torch.equal(start(2)[0], start(2)[1])


# Slopes of the negative side: He et al. (2015), eq. 15.
SLOPES = [("relu", 0.0), (LeakyReLU(0.3), 0.3), (PReLU(0.5), 0.5), (RandomizedReLU(0.2, 0.4), 0.3), ("silu", 0.0)]


@pytest.mark.parametrize("spec", [HeNormal(), HeUniform()], ids=str)
@pytest.mark.parametrize(("activation", "slope"), SLOPES, ids=str)
def test_he_takes_the_negative_slope_into_account(spec, activation, slope):
    draws = spec.build(FAN_IN, FAN_OUT, resolve_activation(activation))(np.random.default_rng(0), (FAN_IN, FAN_OUT))
    assert_allclose(draws.var(), 2 / ((1 + slope**2) * FAN_IN), rtol=4 * np.sqrt(2 / draws.size))


# A normalization takes off a constant that is added before it: the positive start has to come after.
@pytest.mark.parametrize(
    ("normalization", "name", "other"),
    [
        (None, "hidden{}.bias", None),
        (BatchNorm(), "norm{}.shift", None),
        (LayerNorm(), "norm{}.shift", "hidden{}.bias"),
    ],
)
def test_a_positive_bias_stands_right_before_the_activation(normalization, name, other):
    normalizer = None if normalization is None else normalization.build()
    mlp = MLP(3, (5, 4), 2, pointwise("relu"), normalizer)
    views = [
        mlp.layout.views(mlp.initialize([np.random.default_rng(0)], HeNormal(bias), dtype=torch.float64)[0])
        for bias in (0.01, 0.0)
    ]
    for i in range(2):
        assert (views[0][name.format(i)] == 0.01).all()
        assert (views[1][name.format(i)] == 0.0).all()
        assert other is None or (views[0][other.format(i)] == 0.0).all()
        assert torch.equal(views[0][f"hidden{i}.weight"], views[1][f"hidden{i}.weight"])
    assert (views[0]["output.bias"] == 0.0).all()


AUTOMATIC = [
    ("relu", HeNormal),
    ("silu", HeNormal),
    (Maxout(), LeCunNormal),
    (PReLU(), HeNormal),
    ("selu", LeCunNormal),
]
AUTOMATIC += [(name, GlorotUniform) for name in ("tanh", "sigmoid", "identity", "hard_tanh")]


@pytest.mark.parametrize(("activation", "kind"), AUTOMATIC, ids=str)
def test_the_automatic_choice_follows_the_activation(activation, kind):
    assert type(automatic_initializer(resolve_activation(activation))) is kind


@pytest.mark.parametrize("spec", [Orthogonal(gain=0.0), RandomNormal(std=-1.0), Constant(value=float("nan"))])
def test_bad_options_are_refused_when_built(spec):
    with pytest.raises(ValueError, match="must be"):
        spec.build(3, 3)
