"""What one step of the loop does: penalty, clipping, rates, and the weights that must stay zero."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from uncertainty import optim
from uncertainty.components.mlp import OUTPUT_BIAS, OUTPUT_WEIGHT
from uncertainty.components.spec import named_specs
from uncertainty.heads import Gaussian
from uncertainty.optim import SGD, AdaGrad, Adam, GradientDescent, Nadam
from uncertainty.optim.base import OptimizerSpec

PLAIN = {"optimizer": SGD(momentum=0.0, nesterov=False), "batch_size": 50, "max_epochs": 1, "learning_rate": 0.1}


def full_batch_gradient(fitted, **penalty):
    """Gradient at the start of the written objective: mean NLL over all rows, plus the penalty on the weights."""
    values = fitted.start[0].clone().requires_grad_()
    rows = fitted.data.rows.share(len(values))
    p, h = fitted.mlp.layout.views(values), rows.x
    for i in range(fitted.mlp.n_hidden_layers):
        h = torch.tanh(h @ p[f"hidden{i}.weight"] + p[f"hidden{i}.bias"].unsqueeze(1))
    raw = h @ p[OUTPUT_WEIGHT].transpose(1, 2) + p[OUTPUT_BIAS].unsqueeze(1)
    weight = torch.ones_like(rows.y[..., 0]) if rows.weight is None else rows.weight
    loss = -(weight * fitted.head.log_prob(raw, rows.y)).mean(dim=1).sum()
    w = values * fitted.mlp.layout.penalty_mask().double()
    alpha, ratio = penalty.get("alpha", 0.0), penalty.get("l1_ratio", 0.0)
    loss = loss + alpha * ((1 - ratio) / 2 * w.square().sum() + ratio * w.abs().sum())
    return torch.autograd.grad(loss, values)[0].numpy()


@pytest.mark.parametrize("penalty", [{}, {"alpha": 0.3}, {"alpha": 0.3, "l1_ratio": 0.4}])
@pytest.mark.parametrize("weighted", [False, True])
def test_one_step_descends_the_written_objective(fit, penalty, weighted):
    fitted = fit(range(3), weighted=weighted, **PLAIN, **penalty)
    start = fitted.start[0].numpy()
    expected = start - 0.1 * full_batch_gradient(fitted, **penalty)
    if "l1_ratio" in penalty:  # what would cross zero stops there
        weights = fitted.mlp.layout.penalty_mask().numpy() > 0
        crossed = weights & (expected * start < 0)
        assert 0 < crossed.sum() < 20
        expected[crossed] = 0.0
    assert_allclose(fitted.values, expected, rtol=1e-9, atol=1e-11)


def share_of_zeros(fitted):
    weights = fitted.mlp.layout.penalty_mask().numpy() > 0
    return (fitted.values[:, weights] == 0).mean(axis=1)


@pytest.mark.parametrize("batch_size", [10, 50])
@pytest.mark.parametrize("optimizer", [GradientDescent(), SGD(), Adam()], ids=repr)
def test_l1_makes_exact_zeros_and_l2_makes_none(fit, optimizer, batch_size):
    rate = {"learning_rate": 0.1 if type(optimizer) is GradientDescent else 1e-2}
    options = {"optimizer": optimizer, "batch_size": batch_size, "max_epochs": 60, "alpha": 0.1, **rate}
    l1, l2 = (fit(range(3), l1_ratio=ratio, **options) for ratio in (1.0, 0.0))
    assert (share_of_zeros(l1) > 0.2).all()
    assert (share_of_zeros(l2) == 0.0).all()
    assert np.abs(l1.values - l1.start[0].numpy()).max() > 0.1


def hidden_norms(mlp, values):
    """The norm of the incoming weights of each hidden unit, [M, units]."""
    return np.concatenate([np.linalg.norm(w, axis=1) for w in mlp.hidden_weights(torch.as_tensor(values))], axis=1)


def test_max_norm_is_a_projection_after_the_step(fit):
    options = {**PLAIN, "normalization": "batch"}
    free = fit(range(3), **options)
    limit = float(np.median(hidden_norms(free.mlp, free.values)))
    limited = fit(range(3), **{**options, "optimizer": GradientDescent(max_norm=limit)})
    views, expected = (free.mlp.layout.views(torch.from_numpy(f.values)) for f in (limited, free))
    for name, view in views.items():
        reference = expected[name].numpy()
        if name.startswith("hidden") and name.endswith("weight"):
            reference = reference * np.minimum(1.0, limit / np.linalg.norm(reference, axis=1, keepdims=True))
        assert_allclose(view, reference, rtol=1e-12, atol=1e-15, err_msg=name)
    assert (limited.values != free.values).any()


@pytest.mark.parametrize("name", named_specs(optim, OptimizerSpec))
def test_max_norm_holds_after_every_epoch_with_every_optimizer(fit, name):
    spec = clone(named_specs(optim, OptimizerSpec)[name]).set_params(max_norm=0.8)
    seen = []
    fitted = fit(range(2), optimizer=spec, on_epoch_end=(lambda s: seen.append(s.values.clone()) or False,))
    assert max(hidden_norms(fitted.mlp, values).max() for values in seen) <= 0.8 * (1 + 1e-12)
    assert hidden_norms(fitted.mlp, fitted.start[0]).max() > 0.8


def test_max_norm_holds_back_overfitting(fit):
    # What it is for: 50 rows, a thousand weights, and no other regularization.
    options = {"hidden": (32, 32), "max_epochs": 60, "n_validation": 20}
    last = [
        fit(range(5), optimizer=Adam(max_norm=limit), **options).result.history[-1]["validation_loss"]
        for limit in (None, 0.7)
    ]
    assert last[0] > last[1] + 0.5


def test_clipping_bounds_each_members_own_norm(fit):
    free = fit(range(3), **PLAIN)
    norms = np.linalg.norm(full_batch_gradient(free), axis=1)
    limit = float(np.sort(norms)[1])  # one member is clipped, two are not
    clipped = fit(range(3), **{**PLAIN, "optimizer": SGD(momentum=0.0, nesterov=False, clip_norm=limit)})
    scale = np.minimum(limit / norms, 1.0)[:, None]
    steps = [(f.values - f.start[0].numpy()) for f in (free, clipped)]
    assert_allclose(steps[1], steps[0] * scale, rtol=1e-9, atol=1e-13)
    assert (scale < 1).sum() == 1


def test_clipping_comes_after_the_penalty(fit):
    options = {**PLAIN, "optimizer": SGD(momentum=0.0, nesterov=False, clip_norm=0.01), "alpha": 5.0}
    fitted = fit(range(3), **options)
    assert_allclose(np.linalg.norm(fitted.values - fitted.start[0].numpy(), axis=1), 0.1 * 0.01, rtol=1e-9)


def test_padding_stays_zero(fit):
    fitted = fit(range(2), optimizer=Adam(weight_decay=0.1), alpha=0.1, l1_ratio=0.5)
    covered = torch.zeros_like(fitted.start[0])
    for view in fitted.mlp.layout.views(covered).values():
        view += 1
    assert (fitted.values[covered.numpy() == 0] == 0).all()
    assert (covered == 0).any()


@pytest.mark.parametrize("hidden", [(), (8,)], ids=str)
@pytest.mark.parametrize("optimizer", [Adam(weight_decay=0.1), SGD()], ids=repr)
def test_output_weights_of_a_constant_variance_stay_zero(fit, hidden, optimizer):
    options = {"hidden": hidden, "optimizer": optimizer, "alpha": 0.01, "l1_ratio": 0.5, "n_validation": 10}
    fitted = fit(range(3), head=Gaussian(variance="constant").build(1), patience=2, **options)
    weight = fitted.mlp.layout.views(torch.from_numpy(fitted.values))[OUTPUT_WEIGHT]
    assert (weight[:, 1] == 0).all()
    assert (weight[:, 0] != 0).any()
    x = fitted.data.rows.x.unsqueeze(0)
    raw = fitted.mlp.fold(torch.from_numpy(fitted.values), torch.from_numpy(fitted.statistics)).forward(x)
    assert (raw[..., 1] == raw[:, :1, 1]).all()
    start = fitted.mlp.layout.views(fitted.start[0])["output.bias"][:, 1]
    assert (raw[:, 0, 1] != start).any()  # it is learned all the same


def test_a_fit_can_go_on_where_another_ended(fit):
    # Full batches, so that no shuffle differs between one fit of six epochs and two of three.
    for optimizer in (Adam(amsgrad=True), SGD(momentum=0.9), Nadam(), AdaGrad(initial_accumulator=0.1)):
        options = {"optimizer": optimizer, "batch_size": 50, "normalization": "batch"}
        whole = fit(range(3), max_epochs=6, **options)
        half = fit(range(3), max_epochs=3, **options)
        start = half.values, half.statistics
        rest = fit(
            range(3),
            max_epochs=3,
            start=start,
            optimizer_state=half.result.optimizer_state,
            n_updates=half.result.n_updates,
            **options,
        )
        assert_allclose(rest.values, whole.values, rtol=1e-10, atol=1e-12)
        assert_allclose(rest.statistics, whole.statistics, rtol=1e-10, atol=1e-12)


def test_scaling_is_not_the_loops_business(fit, rows):
    # All weights equal to one are the same as no weights.
    plain = rows(50)
    ones = type(plain)(plain.x, plain.y, torch.ones(50, dtype=torch.float64))
    assert_allclose(fit([0], rows=ones).values, fit([0], rows=plain).values, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_integer_weights_equal_repetition_in_full_batches(fit, rows, normalization):
    plain = rows(20)
    times = torch.tensor(np.random.default_rng(0).integers(1, 4, 20))
    weighted = type(plain)(plain.x, plain.y, times / times.double().mean())
    repeated = type(plain)(plain.x.repeat_interleave(times, 0), plain.y.repeat_interleave(times, 0))
    # Not Adam: under batch norm a bias has gradient zero, of which Adam would magnify the rounding error.
    options = {"batch_size": 100, "max_epochs": 5, "normalization": normalization, "optimizer": SGD(), "alpha": 0.01}
    a = fit([0], rows=weighted, **options)
    b = fit([0], rows=repeated, start=a.start, **options)
    assert_allclose(a.values, b.values, rtol=1e-8, atol=1e-10)
    assert_allclose(a.statistics, b.statistics, rtol=1e-8, atol=1e-10)


def test_results_are_copies_of_nothing_the_caller_holds(fit):
    fitted = fit([0])
    again = fit([0])
    fitted.values[:] = 0.0
    assert not (again.values == 0).all()
    assert_array_equal(again.values, fit([0]).values)
