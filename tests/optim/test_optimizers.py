"""Every optimizer, step by step, against torch.optim; members are rows and never meet."""

import pytest
import torch
from sklearn.base import clone

from uncertainty import optim
from uncertainty.components.spec import named_specs
from uncertainty.optim import SGD, Adadelta, AdaGrad, Adam, AdamW, GradientDescent, Nadam, RMSprop
from uncertainty.optim.base import OptimizerSpec

N_MEMBERS, SIZE, N_STEPS, RATE = 3, 32, 25, 0.05
DECAYED = slice(0, 20)  # weights; the rest are biases, which decay leaves alone

PEERS = {
    "gradient descent": (GradientDescent(), lambda p: torch.optim.SGD(p, RATE)),
    "sgd without momentum": (SGD(momentum=0.0, nesterov=False), lambda p: torch.optim.SGD(p, RATE)),
    "momentum": (SGD(momentum=0.8, nesterov=False), lambda p: torch.optim.SGD(p, RATE, momentum=0.8)),
    "nesterov": (SGD(momentum=0.8), lambda p: torch.optim.SGD(p, RATE, momentum=0.8, nesterov=True)),
    "averaged momentum, as a sum at a lower rate": (
        SGD(momentum=0.8, nesterov=False, momentum_form="average"),
        lambda p: torch.optim.SGD(p, (1 - 0.8) * RATE, momentum=0.8),
    ),
    "averaged nesterov, as a sum at a lower rate": (
        SGD(momentum=0.8, momentum_form="average"),
        lambda p: torch.optim.SGD(p, (1 - 0.8) * RATE, momentum=0.8, nesterov=True),
    ),
    "adagrad": (AdaGrad(), lambda p: torch.optim.Adagrad(p, RATE)),
    "adagrad from an accumulator": (
        AdaGrad(epsilon=1e-3, initial_accumulator=0.2),
        lambda p: torch.optim.Adagrad(p, RATE, eps=1e-3, initial_accumulator_value=0.2),
    ),
    "adadelta": (Adadelta(), lambda p: torch.optim.Adadelta(p, RATE)),
    "adadelta with other options": (
        Adadelta(smoothing=0.7, epsilon=1e-2),
        lambda p: torch.optim.Adadelta(p, RATE, rho=0.7, eps=1e-2),
    ),
    "nadam": (Nadam(), lambda p: torch.optim.NAdam(p, RATE)),
    "nadam with other options": (
        Nadam(beta_1=0.8, beta_2=0.95, epsilon=1e-3, momentum_decay=0.5),
        lambda p: torch.optim.NAdam(p, RATE, betas=(0.8, 0.95), eps=1e-3, momentum_decay=0.5),
    ),
    "nadam with weight decay": (
        Nadam(weight_decay=0.3),
        lambda p: torch.optim.NAdam(
            [{"params": p[:1], "weight_decay": 0.3}, {"params": p[1:], "weight_decay": 0.0}],
            RATE,
            decoupled_weight_decay=True,
        ),
    ),
    "rmsprop": (
        RMSprop(smoothing=0.9, epsilon=1e-3),
        lambda p: torch.optim.RMSprop(p, RATE, alpha=0.9, eps=1e-3),
    ),
    "adam": (
        Adam(beta_1=0.8, beta_2=0.95, epsilon=1e-3),
        lambda p: torch.optim.Adam(p, RATE, betas=(0.8, 0.95), eps=1e-3),
    ),
    "amsgrad": (
        Adam(beta_1=0.8, beta_2=0.7, epsilon=1e-3, amsgrad=True),
        lambda p: torch.optim.Adam(p, RATE, betas=(0.8, 0.7), eps=1e-3, amsgrad=True),
    ),
    "adam with weight decay": (
        Adam(weight_decay=0.3),
        lambda p: torch.optim.AdamW(
            [{"params": p[:1], "weight_decay": 0.3}, {"params": p[1:], "weight_decay": 0.0}], RATE
        ),
    ),
    "adamw": (
        AdamW(),
        lambda p: torch.optim.AdamW(
            [{"params": p[:1]}, {"params": p[1:], "weight_decay": 0.0}], RATE, weight_decay=0.02
        ),
    ),
    "adamw with other options": (
        AdamW(weight_decay=0.3, beta_1=0.8, beta_2=0.7, epsilon=1e-3, amsgrad=True),
        lambda p: torch.optim.AdamW(
            [{"params": p[:1]}, {"params": p[1:], "weight_decay": 0.0}],
            RATE,
            betas=(0.8, 0.7),
            eps=1e-3,
            weight_decay=0.3,
            amsgrad=True,
        ),
    ),
    "amsgrad with weight decay": (
        Adam(weight_decay=0.3, amsgrad=True),
        lambda p: torch.optim.AdamW(
            [{"params": p[:1], "weight_decay": 0.3}, {"params": p[1:], "weight_decay": 0.0}], RATE, amsgrad=True
        ),
    ),
}


def mask():
    made = torch.zeros(SIZE, dtype=torch.float64)
    made[DECAYED] = 1.0
    return made


def start(n_members=N_MEMBERS):
    return torch.randn(n_members, SIZE, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def gradients():
    """Gradients of very different sizes over the steps, so that AMSGrad's maximum matters."""
    generator = torch.Generator().manual_seed(1)
    sizes = 3.0 * torch.rand(N_STEPS, 1, 1, generator=generator, dtype=torch.float64).square()
    return sizes * torch.randn(N_STEPS, N_MEMBERS, SIZE, generator=generator, dtype=torch.float64)


def walk(spec, values, steps, decay_mask):
    """The values after each step."""
    values = values.clone()
    optimizer = spec.build(values, decay_mask)
    path = []
    for gradient in steps:
        optimizer.update_(values, gradient.clone(), RATE)
        path.append(values.clone())
    return torch.stack(path)


@pytest.fixture
def torch_in_double_precision():
    """torch.optim.NAdam keeps its product of momenta in the default format."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.usefixtures("torch_in_double_precision")
@pytest.mark.parametrize("name", PEERS)
def test_steps_equal_torch(name):
    spec, make_peer = PEERS[name]
    values = start()
    weights, biases = (values[:, s].clone().requires_grad_() for s in (DECAYED, slice(DECAYED.stop, None)))
    peer = make_peer([weights, biases])
    path = walk(spec, values, gradients(), mask())
    for step, gradient in enumerate(gradients()):
        weights.grad, biases.grad = gradient[:, DECAYED], gradient[:, DECAYED.stop :]
        peer.step()
        expected = torch.cat([weights, biases], dim=1).detach()
        torch.testing.assert_close(path[step], expected, rtol=1e-10, atol=1e-13)


def averaged_gradient(past, momentum, *, nesterov, bias_correction):
    """The direction of a step from all gradients so far, as sums of powers written out."""
    if nesterov:
        past = [*past, past[-1]]  # as if the next gradient were like this one
    weights = [(1 - momentum) * momentum**age for age in reversed(range(len(past)))]
    total = sum(weights) if bias_correction else 1.0
    return sum(w * g for w, g in zip(weights, past, strict=True)) / total


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("bias_correction", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.8, 0.999])
def test_averaged_momentum_is_a_weighted_mean_of_gradients(momentum, nesterov, bias_correction):
    options = {"nesterov": nesterov, "bias_correction": bias_correction}
    path = walk(SGD(momentum=momentum, momentum_form="average", **options), start(), gradients(), mask())
    expected = start()
    for step in range(N_STEPS):
        expected -= RATE * averaged_gradient(list(gradients()[: step + 1]), momentum, **options)
        torch.testing.assert_close(path[step], expected, rtol=1e-10, atol=1e-13)


def test_bias_correction_makes_the_first_steps_as_long_as_the_others():
    steady = torch.ones(N_STEPS, N_MEMBERS, SIZE, dtype=torch.float64)
    for nesterov in (False, True):
        options = {"momentum": 0.9, "momentum_form": "average", "nesterov": nesterov}
        lengths = {}
        for corrected in (False, True):
            path = walk(SGD(bias_correction=corrected, **options), start(), steady, mask())
            lengths[corrected] = -torch.diff(torch.cat([start().unsqueeze(0), path]), dim=0)[:, 0, 0] / RATE
        torch.testing.assert_close(lengths[True], torch.ones(N_STEPS, dtype=torch.float64))
        assert lengths[False][0] < 0.2
        assert lengths[False][-1] > 0.9


OPTIMIZERS = named_specs(optim, OptimizerSpec) | {
    "averaged": SGD(momentum_form="average"),
    "averaged and corrected": SGD(momentum_form="average", bias_correction=True),
}


def with_decay(name):
    return clone(OPTIMIZERS[name]).set_params(weight_decay=0.2)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_is_decoupled_and_leaves_biases_alone(name):
    # With no gradient at all, weights shrink by rate * decay a step and biases stay.
    values, steps = start(), torch.zeros(N_STEPS, N_MEMBERS, SIZE, dtype=torch.float64)
    path = walk(with_decay(name), values, steps, mask())
    expected = values.clone()
    expected[:, DECAYED] *= (1 - RATE * 0.2) ** N_STEPS
    torch.testing.assert_close(path[-1], expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_does_not_enter_the_moments(name):
    plain = walk(clone(OPTIMIZERS[name]).set_params(weight_decay=0.0), start(), gradients()[:2], mask())
    decayed = walk(with_decay(name), start(), gradients()[:2], mask())
    first = plain[0].clone()
    first[:, DECAYED] -= RATE * 0.2 * start()[:, DECAYED]
    torch.testing.assert_close(decayed[0], first, rtol=1e-12, atol=1e-13)
    second = plain[1] + (decayed[0] - plain[0])
    second[:, DECAYED] -= RATE * 0.2 * decayed[0][:, DECAYED]
    torch.testing.assert_close(decayed[1], second, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_member_alone_takes_the_same_steps_to_the_bit(name):
    spec, values, steps = with_decay(name), start().float(), gradients().float()
    stack = walk(spec, values, steps, mask().float())
    for m in range(N_MEMBERS):
        alone = walk(spec, values[m : m + 1], steps[:, m : m + 1], mask().float())
        assert torch.equal(alone[:, 0], stack[:, m])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_members_that_stay_go_on_as_if_nothing_had_happened(name):
    spec, steps = with_decay(name), gradients()
    whole = walk(spec, start(), steps, mask())
    values, rows = start(), torch.tensor([2, 0])
    optimizer = spec.build(values, mask())
    for step, gradient in enumerate(steps):
        if step == 10:
            optimizer.select(rows)
            values = values[rows]
        gradient = gradient if step < 10 else gradient[rows]
        optimizer.update_(values, gradient.clone(), RATE)
    assert torch.equal(values, whole[-1][rows])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_optimizer_leaves_the_gradient_alone(name):
    spec, values, gradient = with_decay(name), start(), gradients()[0]
    kept = gradient.clone()
    optimizer = spec.build(values, mask())
    for _ in range(2):
        optimizer.update_(values, gradient, RATE)
    assert torch.equal(gradient, kept)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_parts_of_a_stack_step_like_the_whole(name):
    # Each part goes its own way in time: one may be steps ahead of the other.
    spec, steps = with_decay(name), gradients()
    whole = walk(spec, start(), steps, mask())
    values = start()
    optimizer = spec.build(values, mask())
    for rows in (slice(0, 1), slice(1, N_MEMBERS)):
        part = optimizer.part(rows, 0)
        for gradient in steps:
            part.update_(values[rows], gradient[rows].clone(), RATE)
    assert torch.equal(values, whole[-1])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_rate_may_be_a_number_or_a_tensor(name):
    by_number, by_tensor = start(), start()
    first, second = (with_decay(name).build(values, mask()) for values in (by_number, by_tensor))
    for gradient in gradients():
        first.update_(by_number, gradient, RATE)
        second.update_(by_tensor, gradient, torch.tensor(RATE, dtype=torch.float64))
    torch.testing.assert_close(by_tensor, by_number, rtol=1e-14, atol=0.0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_carries_over_to_a_new_optimizer(name):
    spec, steps = with_decay(name), gradients()
    whole = walk(spec, start(), steps, mask())
    values = start()
    first = spec.build(values, mask())
    for gradient in steps[:10]:
        first.update_(values, gradient.clone(), RATE)
    second = spec.build(values, mask())
    second.load({name: buffer.numpy() for name, buffer in first.buffers.items()})
    second = second.part(slice(0, N_MEMBERS), int(first.steps))
    for gradient in steps[10:]:
        second.update_(values, gradient.clone(), RATE)
    assert torch.equal(values, whole[-1])


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("limit", ["clip_norm", "max_norm"])
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_limit_must_be_positive(name, limit, value):
    spec = clone(OPTIMIZERS[name]).set_params(**{limit: value})
    with pytest.raises(ValueError, match=f"{limit} must be greater than 0"):
        getattr(spec, f"checked_{limit}")()
    assert getattr(OPTIMIZERS[name], f"checked_{limit}")() is None


@pytest.mark.parametrize(
    "spec",
    [
        SGD(momentum=1.0),
        SGD(weight_decay=-0.1),
        SGD(momentum_form="mean"),
        SGD(bias_correction=True),
        GradientDescent(weight_decay=-0.1),
        AdaGrad(epsilon=0.0),
        AdaGrad(initial_accumulator=-1.0),
        AdaGrad(weight_decay=-0.1),
        Adadelta(smoothing=1.0),
        Adadelta(epsilon=0.0),
        Nadam(beta_1=1.0),
        Nadam(beta_2=1.0),
        Nadam(epsilon=0.0),
        Nadam(momentum_decay=-1.0),
        RMSprop(smoothing=1.0),
        RMSprop(epsilon=0.0),
        Adam(beta_1=1.0),
        Adam(beta_2=1.0),
        Adam(epsilon=0.0),
        Adam(weight_decay=-0.1),
        AdamW(beta_1=1.0),
        AdamW(epsilon=0.0),
        AdamW(weight_decay=-0.1),
    ],
    ids=repr,
)
def test_bad_options_are_refused_when_built(spec):
    with pytest.raises(ValueError, match="must be"):
        spec.build(start(), mask())
