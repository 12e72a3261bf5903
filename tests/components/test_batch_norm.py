"""Batch normalization against torch's, member by member, and its running statistics against plain averages."""

import pytest
import torch

from uncertainty.components import BatchNorm
from uncertainty.components.component import Place
from uncertainty.components.layer import Batch

N_MEMBERS, N_ROWS, WIDTH = 3, 9, 4


@pytest.fixture
def layer():
    """Inputs [M, B, H], scale and shift [M, H], and fresh running statistics."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    z = 3.0 * draw(N_MEMBERS, N_ROWS, WIDTH) + 2.0
    return {
        "z": z,
        "scale": 1.0 + 0.3 * draw(N_MEMBERS, WIDTH),
        "shift": draw(N_MEMBERS, WIDTH),
        "running_mean": torch.zeros(N_MEMBERS, WIDTH, dtype=torch.float64),
        "running_variance": torch.ones(N_MEMBERS, WIDTH, dtype=torch.float64),
    }


def build(normalizer, layer):
    """The training form, and the tensors it writes the gradients of scale and shift to."""
    parameters = {name: layer[name] for name in ("scale", "shift")}
    gradients = {name: torch.zeros_like(parameter) for name, parameter in parameters.items()}
    running = {"mean": layer["running_mean"], "variance": layer["running_variance"]}
    place = Place(parameters, gradients, running, None, layer["z"], 0)
    return normalizer.layer(place), tuple(gradients.values())


def forward(normalizer, layer, n_updates, weight=None):
    batch = Batch(layer["z"], layer["z"], weight, [], N_ROWS)
    return build(normalizer, layer)[0].forward(layer["z"].clone(), batch, n_updates).clone()


def torch_layers(layer, momentum, epsilon):
    """One torch.nn.BatchNorm1d a member, with the same scale and shift."""
    modules = []
    for scale, shift in zip(layer["scale"], layer["shift"], strict=True):
        module = torch.nn.BatchNorm1d(WIDTH, eps=epsilon, momentum=momentum).double()
        module.weight.data.copy_(scale)
        module.bias.data.copy_(shift)
        modules.append(module)
    return modules


def test_output_and_gradients_equal_torch(layer):
    epsilon = 1e-2  # large, so that its place inside the root matters
    made, (scale_gradient, shift_gradient) = build(BatchNorm(epsilon=epsilon).build(), layer)
    out = made.forward(layer["z"].clone(), Batch(layer["z"], layer["z"], None, [], N_ROWS), 0).clone()
    probe = torch.randn(out.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    made.set_parameter_gradients(probe)
    got = made.input_gradient(probe.clone()), scale_gradient, shift_gradient
    for m, module in enumerate(torch_layers(layer, 0.1, epsilon)):
        z = layer["z"][m].clone().requires_grad_()
        expected = module(z)
        torch.testing.assert_close(out[m], expected, rtol=1e-10, atol=1e-10)
        wanted = torch.autograd.grad((expected * probe[m]).sum(), (z, module.weight, module.bias))
        for a, b in zip(got, wanted, strict=True):
            torch.testing.assert_close(a[m], b, rtol=1e-9, atol=1e-10)


def test_running_statistics_follow_torch_once_warm(layer):
    momentum, normalizer = 0.3, BatchNorm(momentum=0.3).build()
    modules = torch_layers(layer, momentum, 1e-5)
    for step in range(4):
        batch = {**layer, "z": layer["z"] * (1 + step) - step}
        forward(normalizer, batch, 1000 + step)
        for module, z in zip(modules, batch["z"], strict=True):
            module(z)
    torch.testing.assert_close(layer["running_mean"], torch.stack([m.running_mean for m in modules]))
    # torch keeps the unbiased variance, this layer the one that training divides by; both start at one.
    start = (1 - momentum) ** 4
    expected = (torch.stack([m.running_var for m in modules]) - start) * (N_ROWS - 1) / N_ROWS + start
    torch.testing.assert_close(layer["running_variance"], expected)


def test_the_first_batches_are_averaged_plainly(layer):
    normalizer = BatchNorm(momentum=0.2).build()
    means, variances = [], []
    for step in range(5):  # 1 / momentum batches
        z = layer["z"] * (1 + step) - step
        forward(normalizer, {**layer, "z": z}, step)
        means.append(z.mean(dim=1))
        variances.append(z.var(dim=1, correction=0))
        torch.testing.assert_close(layer["running_mean"], torch.stack(means).mean(dim=0))
        torch.testing.assert_close(layer["running_variance"], torch.stack(variances).mean(dim=0))
    z = layer["z"] + 50.0
    before = layer["running_mean"].clone()
    forward(normalizer, {**layer, "z": z}, 5)
    torch.testing.assert_close(layer["running_mean"], 0.8 * before + 0.2 * z.mean(dim=1))


def repeated_and_weighted(layer):
    """Output and running statistics of a weighted batch, and of the batch with its rows repeated instead."""
    normalizer = BatchNorm().build()
    times = torch.tensor([1, 3, 1, 2, 1, 1, 4, 1, 1])
    weight = (times / times.double().mean()).expand(N_MEMBERS, -1)
    weighted = forward(normalizer, layer, 0, weight)
    repeated_layer = {**layer, "z": layer["z"].repeat_interleave(times, dim=1)}
    fresh = {"running_mean": torch.zeros_like(layer["running_mean"])}
    fresh["running_variance"] = torch.ones_like(layer["running_variance"])
    repeated = forward(normalizer, {**repeated_layer, **fresh}, 0)
    weighted = weighted.repeat_interleave(times, dim=1)
    return (weighted, layer["running_mean"], layer["running_variance"]), (repeated, *fresh.values())


def test_integer_weights_equal_repetition(layer):
    weighted, repeated = repeated_and_weighted(layer)
    torch.testing.assert_close(weighted, repeated)


def test_prediction_reads_the_running_statistics_and_nothing_else(layer):
    normalizer = BatchNorm().build()
    mean, variance = layer["running_mean"] + 1.5, layer["running_variance"] * 4.0
    kept = mean.clone(), variance.clone()
    a, b = normalizer.affine(layer, {"mean": mean, "variance": variance})
    z = layer["z"]
    expected = (z - 1.5) / (4.0 + 1e-5) ** 0.5 * layer["scale"].unsqueeze(1) + layer["shift"].unsqueeze(1)
    torch.testing.assert_close(a.unsqueeze(1) * z + b.unsqueeze(1), expected)
    assert torch.equal(mean, kept[0])
    assert torch.equal(variance, kept[1])


@pytest.mark.parametrize("options", [{"momentum": 0.0}, {"momentum": 1.1}, {"epsilon": 0.0}])
def test_bad_options_are_refused_when_built(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        BatchNorm(**options).build()
