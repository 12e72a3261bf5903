"""The gradient of a stack against plain autograd of the loss as it is written."""

import itertools

import numpy as np
import pytest
import torch

from uncertainty import heads
from uncertainty.components import MLP, BatchNorm, Dropout, HeNormal
from uncertainty.components.layer import Batch
from uncertainty.components.mlp import OUTPUT_WEIGHT
from uncertainty.components.pointwise import pointwise
from uncertainty.heads import Gaussian
from uncertainty.heads.base import Head
from uncertainty.heads.gaussian import GaussianHead
from uncertainty.training import Rows
from uncertainty.training.stack import Stack, mean_nll

N_MEMBERS, N_ROWS, N_INPUTS, EPSILON = 3, 9, 4, 1e-3


class NoClosedForm(GaussianHead):
    """The Gaussian head by way of the default, autograd score."""

    nll_and_score = Head.nll_and_score


def every_head():
    cases = [pytest.param(NoClosedForm(1, 1e-3, constant_variance=False), "continuous", id="default score")]
    for name in heads.__all__:
        spec = getattr(heads, name)()
        variants = [spec]
        if "variance" in spec.get_params():
            variants.append(type(spec)(variance="constant"))
        for variant in variants:
            for kind in sorted(variant.target_kinds):
                n_targets = 3 if kind in ("continuous", "multilabel") else 1
                n_classes = {"continuous": 0, "multiclass": 4}.get(kind, 2)
                cases.append(pytest.param(variant.build(n_targets, n_classes), kind, id=f"{variant}-{kind}"))
    return cases


def make_problem(head, kind, hidden, *, normalized=False, dropout=False, weighted=False):
    """A stack at random parameters and a batch for it."""
    normalizer = BatchNorm(epsilon=EPSILON).build() if normalized else None
    rates = Dropout(0.4 if dropout else 0.0).build(len(hidden))
    mlp = MLP(N_INPUTS, hidden, head.n_raw, pointwise("silu"), normalizer, rates)
    sources = [np.random.default_rng(m) for m in range(N_MEMBERS)]
    values, statistics = mlp.initialize(sources, HeNormal(), dtype=torch.float64)
    noise = torch.Generator().manual_seed(0)
    values += 0.2 * torch.randn(values.shape, generator=noise, dtype=values.dtype)
    x = torch.randn(N_MEMBERS, N_ROWS, N_INPUTS, generator=noise, dtype=values.dtype)
    n_targets = getattr(head, "n_targets", 1)
    n_classes = {"continuous": 0, "multiclass": 4}.get(kind, 2)
    y = torch.randn(N_MEMBERS, N_ROWS, n_targets, generator=noise, dtype=values.dtype)
    if n_classes:
        y = torch.randint(n_classes, y.shape, generator=noise).double()
    weight = 2 * torch.rand(N_MEMBERS, N_ROWS, generator=noise, dtype=values.dtype) if weighted else None
    noise = mlp.draw_noise(sources, N_ROWS, 1, dtype=values.dtype)
    return Stack(mlp, head, values, statistics), Batch(x, y, weight, noise, N_ROWS)


def written_loss(stack, values, batch, x):
    """Weighted mean NLL of each member [M], written out with no code of the trunk, the fold or the score."""
    p = stack.mlp.layout.views(values)
    weight = torch.ones(x.shape[:2], dtype=x.dtype) if batch.weight is None else batch.weight
    share = (weight / weight.sum(dim=1, keepdim=True)).unsqueeze(2)
    h = x
    for i in range(stack.mlp.n_hidden_layers):
        h = torch.einsum("mbi,mio->mbo", h, p[f"hidden{i}.weight"])
        if stack.mlp.normalizer is None:
            h = h + p[f"hidden{i}.bias"][:, None]
        if stack.mlp.normalizer is not None:
            mean = (share * h).sum(dim=1, keepdim=True)
            variance = (share * (h - mean) ** 2).sum(dim=1, keepdim=True)
            h = (h - mean) / torch.sqrt(variance + EPSILON) * p[f"norm{i}.scale"][:, None] + p[f"norm{i}.shift"][
                :, None
            ]
        h = h * torch.sigmoid(h)
        h = h * batch.noise[i] if batch.noise else h
    raw = torch.einsum("mbh,mrh->mbr", h, p["output.weight"]) + p["output.bias"][:, None]
    return -(weight * stack.head.log_prob(raw, batch.y)).mean(dim=1)


def written_gradient(stack, batch, x):
    """Loss and its gradients with respect to the parameters and to x."""
    values = stack.values.detach().clone().requires_grad_()
    x = x.detach().clone().requires_grad_()
    loss = written_loss(stack, values, batch, x)
    gradient, x_gradient = torch.autograd.grad(loss.sum(), (values, x))
    constant = torch.tensor(stack.head.bias_only)  # rows of the output weights that are held at zero
    stack.mlp.layout.views(gradient)[OUTPUT_WEIGHT][:, constant] = 0.0
    return loss.detach(), gradient, x_gradient


def assert_gradient_is_right(stack, batch):
    loss, gradient, _ = written_gradient(stack, batch, batch.x)
    actual = stack.compute_gradient(batch) / N_ROWS
    torch.testing.assert_close(actual, loss, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(stack.gradient, gradient, rtol=1e-7, atol=1e-9)
    stack.compute_gradient(batch)  # the second call must not add to the first
    torch.testing.assert_close(stack.gradient, gradient, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("head", "kind"), every_head())
@pytest.mark.parametrize("hidden", [(), (6,), (6, 5)], ids=str)
def test_gradient_for_every_head(head, kind, hidden):
    assert_gradient_is_right(*make_problem(head, kind, hidden, weighted=True))


OPTIONS = list(itertools.product([False, True], repeat=3))


@pytest.mark.parametrize(("normalized", "dropout", "weighted"), OPTIONS)
@pytest.mark.parametrize("variance", ["learned", "constant"])
def test_gradient_for_every_option(normalized, dropout, weighted, variance):
    options = {"normalized": normalized, "dropout": dropout, "weighted": weighted}
    assert_gradient_is_right(*make_problem(Gaussian(variance=variance).build(1), "continuous", (6, 5), **options))


@pytest.mark.parametrize("hidden", [(), (6, 5)], ids=str)
@pytest.mark.parametrize(("normalized", "dropout", "weighted"), OPTIONS)
def test_adversarial_gradient_is_the_mean_over_rows_and_their_neighbours(hidden, normalized, dropout, weighted):
    options = {"normalized": normalized, "dropout": dropout, "weighted": weighted}
    stack, batch = make_problem(Gaussian().build(1), "continuous", hidden, **options)
    perturbation = torch.tensor([0.1, 0.02, 0.3, 0.0], dtype=torch.float64)
    loss, gradient, x_gradient = written_gradient(stack, batch, batch.x)
    neighbour = batch.x + perturbation * x_gradient.sign()
    far_loss, far_gradient, _ = written_gradient(stack, batch, neighbour)
    kept = batch.x.clone()
    actual = stack.compute_adversarial_gradient(batch, perturbation) / N_ROWS
    torch.testing.assert_close(actual, (loss + far_loss) / 2, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(stack.gradient, (gradient + far_gradient) / 2, rtol=1e-7, atol=1e-9)
    assert torch.equal(batch.x, kept)
    if not normalized:
        assert (far_loss > loss).all()  # uphill, or it would be no adversary


def test_running_statistics_average_rows_and_their_neighbours():
    stack, batch = make_problem(Gaussian().build(1), "continuous", (6,), normalized=True)
    perturbation = torch.full((N_INPUTS,), 0.5, dtype=torch.float64)
    p = stack.mlp.layout.views(stack.values)
    neighbour = batch.x + perturbation * written_gradient(stack, batch, batch.x)[2].sign()
    means = [(torch.einsum("mbi,mio->mbo", x, p["hidden0.weight"])).mean(dim=1) for x in (batch.x, neighbour)]
    stack.compute_adversarial_gradient(batch, perturbation)
    running = stack.mlp.statistics_layout.views(stack.statistics)["norm0.mean"]
    torch.testing.assert_close(running, (means[0] + means[1]) / 2)


def test_output_weights_of_constants_are_zeroed():
    stack, _ = make_problem(Gaussian(variance="constant").build(2), "continuous", (6,))
    weight = stack.mlp.layout.views(stack.values)[OUTPUT_WEIGHT]
    assert (weight[:, 2:] == 0).all()
    assert (weight[:, :2] != 0).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_nll_is_the_weighted_mean_in_prediction_form(weighted, monkeypatch):
    stack, batch = make_problem(Gaussian().build(1), "continuous", (6, 5), normalized=True, weighted=weighted)
    stack.statistics += 0.3
    raw = stack.mlp.fold(stack.values, stack.statistics).forward(batch.x)
    loss = -stack.head.log_prob(raw, batch.y).detach().numpy()
    expected = [np.average(loss[m], weights=batch.weight[m].numpy() if weighted else None) for m in range(N_MEMBERS)]
    before = stack.statistics.clone()
    rows = Rows(batch.x, batch.y, batch.weight)
    torch.testing.assert_close(
        mean_nll(stack.mlp, stack.head, stack.values, stack.statistics, rows), torch.tensor(expected)
    )
    monkeypatch.setattr("uncertainty.training.stack.CHUNK_BYTES_PER_MEMBER", 8 * 6 * 2)  # two rows at a time
    torch.testing.assert_close(
        mean_nll(stack.mlp, stack.head, stack.values, stack.statistics, rows), torch.tensor(expected)
    )
    assert torch.equal(stack.statistics, before)
