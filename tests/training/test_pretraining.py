"""Greedy pre-training against a written-out stack of autoencoders, and what it may touch."""

import numpy as np
import pytest
import scipy.stats
import torch
from numpy.testing import assert_allclose, assert_array_equal

from uncertainty.components import MLP, BatchNorm, LeCunNormal, PReLU
from uncertainty.components.activations import resolve_activation
from uncertainty.optim import SGD, Adam, ConstantRate
from uncertainty.training import Autoencoder, Rows, TrainingData, TrainingPlan, pretraining
from uncertainty.training.pretraining import pretrain_
from uncertainty.training.random_streams import Purpose, member_generators
from uncertainty.training.reconstruction import Reconstruction

N_ROWS, N_INPUTS, HIDDEN = 150, 4, (6, 3, 5)
PLAIN_DESCENT = SGD(momentum=0.0, nesterov=False)


def plan_of(batch_size, optimizer):
    return TrainingPlan(
        batch_size=batch_size,
        max_epochs=1,
        learning_rate=0.05,
        optimizer=optimizer,
        schedule=ConstantRate(),
        alpha=0.3,  # neither penalties nor patience are for autoencoders
        l1_ratio=0.5,
        tol=1e9,
        patience=1,
    )


def inputs(*, weighted=False, dtype=torch.float64):
    rng = np.random.default_rng(0)
    weight = rng.uniform(0.5, 1.5, N_ROWS)
    x = torch.tensor(rng.normal(size=(N_ROWS, N_INPUTS)), dtype=dtype)
    return Rows(x, x, torch.tensor(weight / weight.mean(), dtype=dtype) if weighted else None)


def run(
    numbers,
    spec=None,
    *,
    activation="tanh",
    normalizer=None,
    weighted=False,
    batch_size=N_ROWS,
    optimizer=None,
    dtype=torch.float64,
    hidden=HIDDEN,
):
    """Pre-train the members of the given numbers on 100 rows each, which follow from their numbers alone."""
    mlp = MLP(N_INPUTS, hidden, 2, resolve_activation(activation), normalizer)
    generators = [member_generators(3, range(m, m + 1), Purpose.INITIALIZATION)[0] for m in numbers]
    values, statistics = mlp.initialize(generators, LeCunNormal(), dtype=dtype)
    mlp.layout.views(values)["output.bias"][:] = 7.0
    start = values.clone(), statistics.clone()
    index = torch.tensor(np.stack([np.random.default_rng(m).permutation(N_ROWS)[:100] for m in numbers]))
    data = TrainingData(inputs(weighted=weighted, dtype=dtype), index)
    spec = Autoencoder(n_epochs=7) if spec is None else spec
    shuffles = [member_generators(3, range(m, m + 1), Purpose.PRETRAINING)[0] for m in numbers]
    pretrain_(mlp, values, statistics, data, plan_of(batch_size, optimizer or PLAIN_DESCENT), spec.build(), shuffles)
    return mlp, values, statistics, start, data


def written_out(mlp, start, rows, index, n_epochs, rate):
    """The hidden weights and biases of one member, layer by layer, by autograd on the written objective."""
    views = {name: view[0] for name, view in mlp.layout.views(start).items()}
    h, learned = rows.x, {}
    for i in range(mlp.n_hidden_layers):
        weight, bias = views[f"hidden{i}.weight"].clone(), views[f"hidden{i}.bias"].clone()
        share = (torch.ones(len(h), dtype=h.dtype) if rows.weight is None else rows.weight)[index]
        decoder = torch.zeros(weight.shape[1], weight.shape[0], dtype=h.dtype)
        best_constant = (share[:, None] * h[index]).sum(0) / share.sum()
        parameters = [p.requires_grad_() for p in (weight, bias, decoder, best_constant)]
        for _ in range(n_epochs):
            code = torch.tanh(h[index] @ weight + bias)
            error = (code @ decoder + best_constant - h[index]).square().sum(dim=1)
            gradients = torch.autograd.grad((0.5 * share * error).mean(), parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter -= rate * gradient
        learned[f"hidden{i}.weight"], learned[f"hidden{i}.bias"] = weight.detach(), bias.detach()
        h = torch.tanh(h @ weight + bias).detach()
    return learned


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rate", [None, 0.02])
def test_layers_are_those_of_a_written_out_stack_of_autoencoders(weighted, rate):
    spec = Autoencoder(n_epochs=7, learning_rate=rate)
    mlp, values, _, start, data = run(range(3), spec, weighted=weighted)
    for m in range(3):
        index = data.train_index[m]
        expected = written_out(mlp, start[0][m : m + 1], data.rows, index, 7, rate or 0.05)
        for name, array in expected.items():
            found = mlp.layout.views(values)[name][m]
            assert_allclose(found, array, rtol=1e-9, atol=1e-11)
            assert (found - mlp.layout.views(start[0])[name][m]).abs().max() > 1e-7


def test_rows_may_be_encoded_in_chunks(monkeypatch):
    _, whole, *_ = run(range(3), weighted=True)
    monkeypatch.setattr(pretraining, "CHUNK_BYTES_PER_MEMBER", 0)
    _, chunked, *_ = run(range(3), weighted=True)
    assert_allclose(chunked, whole, rtol=1e-12, atol=1e-14)


def test_the_output_layer_stays_where_it_was():
    mlp, values, _, start, _ = run(range(2))
    for name in ("output.weight", "output.bias"):
        assert_array_equal(mlp.layout.views(values)[name], mlp.layout.views(start[0])[name])


VARIANTS = {
    "batches": {"batch_size": 17},
    "denoising": {"batch_size": 17, "spec": Autoencoder(n_epochs=3, corruption=0.3)},
    "batch norm": {"normalizer": BatchNorm().build(), "batch_size": 17},
    "weights": {"weighted": True, "batch_size": 17, "optimizer": Adam()},
    "learned slopes": {"activation": PReLU(), "batch_size": 17, "optimizer": Adam()},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_stack_is_its_members_alone(variant):
    _, values, statistics, start, _ = run(range(3), **VARIANTS[variant])
    for m in range(3):
        _, alone, alone_statistics, _, _ = run([m], **VARIANTS[variant])
        assert_allclose(alone[0], values[m], rtol=1e-9, atol=1e-11)
        assert_allclose(alone_statistics[0], statistics[m], rtol=1e-9, atol=1e-11)
    assert (values - start[0]).abs().max() > 1e-3


@pytest.mark.parametrize("hidden", [HIDDEN, (37, 51, 13)], ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_three_members_are_the_first_three_of_seven_to_the_bit(variant, hidden):
    # The last member of a stack is where kernels for whole vectors of an exponential end.
    options = {"activation": "silu", **VARIANTS[variant], "dtype": torch.float32, "hidden": hidden}
    _, seven, of_seven, _, _ = run(range(7), **options)
    _, three, of_three, _, _ = run(range(3), **options)
    assert_array_equal(three, seven[:3])
    assert_array_equal(of_three, of_seven[:3])


@pytest.mark.parametrize("variant", ["batch norm", "learned slopes"])
def test_everything_that_a_hidden_layer_learns_is_kept(variant):
    mlp, values, statistics, start, _ = run(range(2), **VARIANTS[variant])
    for layout, now, before in ((mlp.layout, values, start[0]), (mlp.statistics_layout, statistics, start[1])):
        for name, view in layout.views(now).items():
            moved = bool((view != layout.views(before)[name]).any())
            assert moved != name.startswith("output."), name


def test_a_linear_denoising_autoencoder_is_the_ridge_map(monkeypatch):
    # E |x - (x * m) A|^2 under masks m of mean 1 and variance p / (1 - p) is least at
    # A = (S + p / (1 - p) diag S)^-1 S, where S is the second moment of x.
    trained, fit_members = [], pretraining.fit_members

    def watched(mlp, *arguments, **options):
        result = fit_members(mlp, *arguments, **options)
        trained.append(mlp.layout.views(torch.from_numpy(result.values)))
        return result

    monkeypatch.setattr(pretraining, "fit_members", watched)
    p = 0.4
    spec = Autoencoder(n_epochs=600, corruption=p, learning_rate=3e-3)
    *_, data = run(range(24), spec, activation="identity", hidden=(6,), optimizer=Adam(), batch_size=100)
    found = (trained[0]["hidden0.weight"] @ trained[0]["output.weight"].transpose(1, 2)).mean(dim=0)
    x = data.rows.x - data.rows.x.mean(dim=0)
    s = x.T @ x / len(x)
    expected = torch.linalg.solve(s + p / (1 - p) * torch.diag(s.diagonal()), s)
    assert (found - expected).abs().max() < 0.1
    assert (found - torch.eye(N_INPUTS)).abs().max() > 0.3  # which is what it would learn without corruption


def test_the_reconstruction_head_is_a_normal_distribution_of_variance_one():
    rng = np.random.default_rng(0)
    raw, y = (torch.tensor(rng.normal(size=(2, 5, 3))) for _ in range(2))
    head = Reconstruction(3)
    expected = scipy.stats.norm(raw, 1.0).logpdf(y).sum(axis=-1)
    assert_allclose(head.log_prob(raw, y), expected, rtol=1e-12)
    nll, score = head.nll_and_score(raw, y)
    assert_allclose(nll, -expected, rtol=1e-12)
    leaf = raw.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(-head.log_prob(leaf, y).sum(), leaf)
    assert_allclose(score, gradient, rtol=1e-12)
    distribution = head.distribution(raw.numpy())
    assert_array_equal(distribution.mean(), raw)
    assert_array_equal(distribution.variance(), np.ones((2, 5, 3)))
    weight = torch.tensor(rng.uniform(0.5, 2.0, 5))
    assert_allclose(head.init_raw(y[0], weight), np.average(y[0], axis=0, weights=weight), rtol=1e-12)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (Autoencoder(n_epochs=0), "n_epochs must be at least 1, got 0"),
        (Autoencoder(corruption=1.0), "corruption must be .*less than 1, got 1"),
        (Autoencoder(corruption=-0.1), "corruption must be at least 0"),
        (Autoencoder(learning_rate=0.0), "learning_rate must be greater than 0"),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(value),
)
def test_numbers_out_of_range_are_refused(spec, words):
    with pytest.raises(ValueError, match=words):
        spec.build()
