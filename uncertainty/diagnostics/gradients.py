"""Whether the gradients that train the network are those of its loss: central differences, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier
from torch import Tensor

from uncertainty.components.concrete_dropout import ConcreteDropout
from uncertainty.components.layer import Batch
from uncertainty.components.spec import check_integer, check_number
from uncertainty.diagnostics.axes import COLOURS, axes_for
from uncertainty.diagnostics.examination import Examination
from uncertainty.diagnostics.preparation import base_network, checked, prepare, sample, seed_from
from uncertainty.estimators.fitting import PreparedRun
from uncertainty.training.stack import Stack

# Numbers in a stack of perturbed networks: 32 MiB of float64.
NUMBERS_PER_STACK = 4 * 1024 * 1024
# Standard deviation of the noise on the initial parameters.
NOISE = 0.1


@dataclass(frozen=True, eq=False, repr=False)
class GradientCheck(Examination):
    """Analytic and numerical gradients, one entry a block of parameters.

    Attributes
    ----------
    blocks : names of the blocks, from the input to the output
    relative_errors : (B,) of the entries looked at in each block
    n_checked : (B,) how many entries these are
    tolerance : float
    wrong_blocks : names of the blocks whose error is larger
    verdict : str
    """

    blocks: tuple[str, ...]
    relative_errors: NDArray[np.float64]
    n_checked: NDArray[np.intp]
    tolerance: float
    wrong_blocks: tuple[str, ...]
    verdict: str

    def plot(self, ax: Any = None) -> Any:
        """Draw the relative error of each block; return the axes."""
        ax = axes_for(ax)
        wrong = np.isin(self.blocks, self.wrong_blocks)
        for chosen, colour, label in ((~wrong, "blue", "right"), (wrong, "vermillion", "wrong")):
            if chosen.any():
                errors = np.maximum(self.relative_errors[chosen], 1e-16)
                ax.plot(errors, np.flatnonzero(chosen), "o", color=COLOURS[colour], label=label)
        ax.axvline(self.tolerance, color=COLOURS["grey"], ls="--", label=f"tolerance {self.tolerance:.0e}")
        ax.set(xscale="log", xlim=(1e-17, 3.0), ylim=(len(self.blocks) - 0.5, -0.5))
        ax.set_yticks(range(len(self.blocks)), self.blocks)
        ax.set(xlabel="relative error of the gradient [1]", title="Gradient check")
        ax.legend(fontsize="small")
        return ax


def gradient_check(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    n_rows: int = 10,
    n_per_block: int = 30,
    step: float = 1e-5,
    tolerance: float = 1e-5,
    random_state: Any = 0,
) -> GradientCheck:
    """Compare the hand-written gradients of the base network with central differences of its loss, in float64.

    For some entries of each block of parameters the relative error is ``|g_num - g| / (|g_num| + |g|)`` with Euclidean
    norms and g_num = (L(w + h) - L(w - h)) / 2 h. L is the mean training loss of one batch in its training form: batch
    statistics, and dropout masks drawn once. The point w is the initial parameters plus normal noise of standard
    deviation 0.1: at the initial ones themselves the output weights are zero, and the hidden layers have no gradient.

    Parameters
    ----------
    estimator : any regressor or classifier of this package, fitted or not; it is not changed
    X, y : as in `fit`
    n_rows : int >= 2, rows of the batch
    n_per_block : int, entries looked at in each block
    step : float > 0, h
    tolerance : float > 0
    random_state : int, RandomState or Generator

    Returns
    -------
    GradientCheck

    Notes
    -----
    A head with `beta` is checked at beta = 0: its weights are held constant, so its gradient is that of no loss. A step
    across the kink of a rectifier shows as an error of about 1e-3 in a block or two; another `random_state`
    then gives another answer, where a wrong formula gives the same.
    """
    seed, rows = seed_from(random_state), checked(estimator, X, y)
    few = sample(rows, check_integer("n_rows", n_rows, low=2), seed, stratify=is_classifier(estimator))
    network = base_network(estimator, dtype="float64", device="cpu", batch_size="full", early_stopping=False)
    if "head__beta" in network.get_params():
        network.set_params(head__beta=0.0)
    run = prepare(network, few, seed=seed)
    generator = np.random.default_rng(seed)
    noise = generator.normal(0.0, NOISE, run.values.shape)
    n, h = check_integer("n_per_block", n_per_block), check_number("step", step, low_open=True)
    with torch.inference_mode():
        values = run.values + torch.from_numpy(noise)
        batch = next(run.batches.epoch())
        analytic = Stack(run.mlp, run.head, values.clone(), run.statistics.clone())
        loss = float(analytic.compute_gradient(batch)[0]) / batch.x.shape[1]
        errors, counts = [], []
        for block in run.mlp.layout.blocks:
            chosen = block.offset + np.sort(generator.permutation(block.size)[:n])
            numerical = _central_differences(run, values, batch, chosen, h)
            errors.append(_relative_error(numerical, analytic.gradient[0, chosen].numpy(), loss, h))
            counts.append(len(chosen))
    names = tuple(block.name for block in run.mlp.layout.blocks)
    limit = check_number("tolerance", tolerance, low_open=True)
    wrong = tuple(name for name, error in zip(names, errors, strict=True) if not error <= limit)
    return GradientCheck(names, np.array(errors), np.array(counts), limit, wrong, _verdict(names, errors, wrong))


def _central_differences(
    run: PreparedRun, values: Tensor, batch: Batch, chosen: NDArray[np.intp], h: float
) -> NDArray[np.float64]:
    """Slopes of the mean loss in the chosen parameters: each step is a member of a stack of its own."""
    slopes = []
    for some in np.array_split(chosen, -(-2 * len(chosen) * values.shape[1] // NUMBERS_PER_STACK)):
        steps = torch.zeros(2 * len(some), values.shape[1], dtype=values.dtype)
        steps[np.arange(len(some)), some] = h
        steps[np.arange(len(some), 2 * len(some)), some] = -h
        stack = Stack(run.mlp, run.head, values + steps, run.statistics.repeat(len(steps), 1))
        objective = _objective(stack, _shared(batch, len(steps)))
        slopes.append((objective[: len(some)] - objective[len(some) :]).numpy() / (2.0 * h))
    return np.concatenate(slopes)


def _objective(stack: Stack, batch: Batch) -> Tensor:
    """What one gradient is that of, [M]: the mean loss, less the entropies of learned dropout rates."""
    h = batch.x
    for layer in stack._layers:
        h = layer.forward(h, batch, stack.n_updates)
    loss = stack.head.training_loss(h, batch.y)
    total = (loss if batch.weight is None else loss * batch.weight).mean(dim=1)
    for hidden in stack.mlp.hidden_layers:
        for name, component, width in hidden.components():
            if isinstance(component, ConcreteDropout):
                rate = torch.sigmoid(stack.mlp.layout.views(stack.values)[f"{name}.logit"][:, 0])
                negative_entropy = torch.xlogy(rate, rate) + torch.xlogy(1.0 - rate, 1.0 - rate)
                total = total + negative_entropy * (width / batch.n_train)
    return total


def _shared(batch: Batch, n_members: int) -> Batch:
    """The batch of one member, for so many."""

    def repeat(a: Tensor | None) -> Tensor | None:
        return None if a is None else a.expand(n_members, *a.shape[1:]).contiguous()

    x, y = repeat(batch.x), repeat(batch.y)
    assert x is not None
    assert y is not None
    noise = [drawn.expand(n_members, *drawn.shape[1:]).contiguous() for drawn in batch.noise]
    return Batch(x, y, repeat(batch.weight), noise, batch.n_train)


def _relative_error(numerical: NDArray[np.float64], analytic: NDArray[np.float64], loss: float, h: float) -> float:
    """|g_num - g| / (|g_num| + |g|), and 0 where both are the rounding of the loss, as in a block without effect."""
    size = float(np.linalg.norm(numerical) + np.linalg.norm(analytic))
    rounding = 100.0 * np.finfo(np.float64).eps * max(abs(loss), 1.0) / h * np.sqrt(len(analytic))
    return 0.0 if size < rounding else float(np.linalg.norm(numerical - analytic)) / size


def _verdict(names: tuple[str, ...], errors: list[float], wrong: tuple[str, ...]) -> str:
    if not wrong:
        return f"all {len(names)} blocks are right (largest relative error {max(errors):.1e})"
    worst = dict(zip(names, errors, strict=True))
    listed = ", ".join(f"{name} ({worst[name]:.1e})" for name in wrong)
    return f"the gradients of {listed} are wrong; the error comes in at {wrong[-1]} or behind it"
