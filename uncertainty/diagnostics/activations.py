"""What flows through the hidden layers: activations forward, gradients backward."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier
from torch import Tensor

from uncertainty.components.activation import SIGMOIDAL, ActivationLayer
from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.mlp import OUTPUT_WEIGHT
from uncertainty.components.pointwise import PointwiseLayer
from uncertainty.components.spec import check_integer
from uncertainty.diagnostics.axes import COLOURS, axes_for
from uncertainty.diagnostics.examination import Examination
from uncertainty.diagnostics.preparation import (
    base_network,
    checked,
    is_fitted,
    prepare,
    prepare_fitted,
    sample,
    seed_from,
)
from uncertainty.estimators.fitting import PreparedRun
from uncertainty.training.stack import Stack

Array = NDArray[np.float64]

# Shares of the steepest slope of an activation: 0.05 is that of tanh at 0.975.
SATURATED_SLOPE, DEAD_SLOPE = 0.05, 1e-3
# The first layer against the last: beyond this ratio something vanishes or explodes on the way.
LARGEST_RATIO = 1e3
MANY_DEAD, MANY_SATURATED = 0.5, 0.5


@dataclass(frozen=True, eq=False)
class LayerStatistics:
    """Numbers of each hidden layer, from the input to the output, over rows, units and members; all (L,).

    Attributes
    ----------
    mean, std : of the activations
    saturated : share of units and rows where the slope is below 0.05 of the activation's steepest
    dead : share of units whose slope is below 0.001 of it on every row
    unit_spread : largest difference, on one row and before the activation, between two units of a member, in shares of
        the largest absolute value; 0 says that all units are equal
    gradient_norm : Euclidean norm of the gradient of the mean loss in the layer's inputs to its activation
    """

    mean: Array
    std: Array
    saturated: Array
    dead: Array
    unit_spread: Array
    gradient_norm: Array

    @property
    def has_equal_units(self) -> bool:
        """Whether all units of a layer are equal, for another reason than that nothing comes through to it."""
        equal, blocked = self.unit_spread <= 1e-6, self.dead == 1.0
        return bool(equal.any() and not blocked[: int(equal.argmax())].any())


@dataclass(frozen=True, eq=False, repr=False)
class ActivationStatistics(Examination):
    """Statistics of the hidden layers `initial`, before training, and `trained`, of a fitted estimator (or None).

    `findings` names what is wrong, with numbers; `verdict` is the most serious in one line.
    """

    initial: LayerStatistics
    trained: LayerStatistics | None
    findings: tuple[str, ...]
    verdict: str

    def plot(self, ax: Any = None) -> Any:
        """Draw the spread of each layer's activations and the norm of its gradient; return the axes."""
        ax = axes_for(ax)
        states = [("initial", self.initial, "blue")]
        states += [("trained", self.trained, "vermillion")] if self.trained is not None else []
        for name, state, colour in states:
            layers = np.arange(1, len(state.std) + 1)
            ax.plot(layers, state.std, "o-", color=COLOURS[colour], label=f"{name}: std of activations [1]")
            label = f"{name}: gradient norm [nats per unit]"
            ax.plot(layers, state.gradient_norm, "s--", color=COLOURS[colour], mfc="none", label=label)
        ax.set(yscale="log", xlabel="hidden layer", ylabel="std [1], gradient norm [nats per unit]")
        ax.set(xticks=range(1, len(self.initial.std) + 1), title="Activations and gradients by layer")
        ax.margins(y=0.25)
        ax.legend(fontsize="small")
        return ax


def activation_statistics(
    estimator: Any, X: ArrayLike, y: ArrayLike, *, n_rows: int = 1000, random_state: Any = 0
) -> ActivationStatistics:
    """Look into the hidden layers of the base network, at its initialization and, once fitted, after training.

    One batch goes through the network in its training form (batch statistics and dropout masks). The gradient of the
    initial network is taken with random output weights of variance 1 / fan-in: its own are zero, and pass nothing
    backward at the very first step.

    Named are: hidden units that are all equal (they get equal gradients, and stay equal); at least 50 % dead units in
    a layer; at least 50 % saturation of an activation that is no rectifier; activations or gradients whose size
    differs by more than a factor of 1000 between the first and the last hidden layer (vanishing and exploding).

    Parameters
    ----------
    estimator : any regressor or classifier of this package, fitted or not; it is not changed
    X, y : as in `fit`
    n_rows : int >= 2, at most so many rows are looked at
    random_state : int, RandomState or Generator

    Returns
    -------
    ActivationStatistics

    References
    ----------
    Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks, sections 3-4.
    """
    rows, seed = checked(estimator, X, y), seed_from(random_state)
    few = sample(rows, check_integer("n_rows", n_rows, low=2), seed, stratify=is_classifier(estimator))
    one_batch = {"batch_size": "full", "early_stopping": False}
    run = prepare(base_network(estimator, **one_batch), few, seed=seed)
    if not run.mlp.hidden_layer_sizes:
        raise ValueError("hidden_layer_sizes must name a hidden layer, got (). There is nothing to look into.")
    _draw_output_weights(run, seed)
    initial = layer_statistics(run)
    findings = [f"at initialization {finding}" for finding in findings_in(initial, run.mlp.activation.family)]
    trained = None
    if is_fitted(estimator):
        trained = layer_statistics(prepare_fitted(estimator, few, seed=seed, **one_batch))
        findings += [f"after training {finding}" for finding in findings_in(trained, run.mlp.activation.family)]
    healthy = f"activations and gradients pass through the hidden layers ({len(initial.mean)})"
    return ActivationStatistics(initial, trained, tuple(findings), findings[0] if findings else healthy)


def _draw_output_weights(run: PreparedRun, seed: int) -> None:
    weight = run.mlp.layout.views(run.values)[OUTPUT_WEIGHT]
    draw = np.random.default_rng(seed).normal(0.0, weight.shape[2] ** -0.5, tuple(weight.shape))
    weight.copy_(torch.from_numpy(draw))


@dataclass
class Recorder:
    """What one activation layer was given and gave at its last call, and the gradient that came back to its input."""

    unit_spread: float
    output: Tensor  # [M, B, H]
    slope: Tensor  # [M, B, H], in shares of the steepest
    gradient: Tensor | None = None


def layer_statistics(run: PreparedRun) -> LayerStatistics:
    """Return the statistics of a run's networks on its first batch."""
    with torch.inference_mode():
        stack = Stack(run.mlp, run.head, run.values.clone(), run.statistics.clone(), n_updates=run.start.n_updates)
        records = record_activations(stack._layers, lambda: stack.compute_gradient(next(run.batches.epoch())))
    outputs = [record.output.double().cpu().numpy() for record in records]
    slopes = [record.slope.double().cpu().numpy() for record in records]
    gradients = [record.gradient for record in records]
    return LayerStatistics(
        mean=np.array([h.mean() for h in outputs]),
        std=np.array([h.std() for h in outputs]),
        saturated=np.array([(slope < SATURATED_SLOPE).mean() for slope in slopes]),
        dead=np.array([(slope < DEAD_SLOPE).all(axis=1).mean() for slope in slopes]),
        unit_spread=np.array([record.unit_spread for record in records]),
        gradient_norm=np.array([0.0 if g is None else float(torch.linalg.vector_norm(g.double())) for g in gradients]),
    )


def record_activations(layers: Iterable[Layer], step: Callable[[], Any]) -> list[Recorder]:
    """Run `step`, which goes forward and backward through the layers, and return what their activations saw.

    What a layer returns is scratch memory, so everything is copied at once.
    """
    watched = list(_activation_layers(layers))
    records: dict[int, Recorder] = {}
    for number, layer in enumerate(watched):
        _watch(layer, number, records)
    try:
        step()
    finally:
        for layer in watched:
            del layer.forward, layer.input_gradient  # the methods of the class again
    return [records[number] for number in range(len(watched))]


def _activation_layers(layers: Iterable[Any]) -> Iterator[Any]:
    """The activation layers in the order of the network, those inside composite layers included."""
    for layer in layers:
        if isinstance(layer, ActivationLayer):
            yield layer
        elif isinstance(layer, Layer):
            yield from _activation_layers(vars(layer).values())
        elif isinstance(layer, (list, tuple)):
            yield from _activation_layers(layer)


def _watch(layer: Any, number: int, records: dict[int, Recorder]) -> None:
    forward, input_gradient = layer.forward, layer.input_gradient
    steepest = _steepest_slope(layer) if isinstance(layer, PointwiseLayer) else 1.0

    def recording_forward(x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        spread = _unit_spread(x)
        out = forward(x, batch, n_updates)
        slope = input_gradient(Scratch(out)(*out.shape).fill_(1.0))
        by_piece = slope.unflatten(2, (-1, out.shape[2]))  # of a maxout unit only the largest piece has a slope
        records[number] = Recorder(spread, out.clone(), by_piece.abs().sum(dim=2) / steepest)
        return out

    def recording_input_gradient(gradient: Tensor) -> Tensor:
        out = input_gradient(gradient)
        records[number].gradient = out.clone()
        return out

    layer.forward, layer.input_gradient = recording_forward, recording_input_gradient


def _unit_spread(z: Tensor) -> float:
    """Largest difference between two units on one row, in shares of the largest value; infinite for a lone unit."""
    if z.shape[2] == 1:
        return float("inf")
    return float((z.amax(dim=2) - z.amin(dim=2)).max() / z.abs().max().clamp_min(torch.finfo(z.dtype).tiny))


def _steepest_slope(layer: PointwiseLayer) -> float:
    """Largest absolute derivative between -5 and 5."""
    z = torch.linspace(-5.0, 5.0, 1001, dtype=torch.float64)
    out = z.clone()
    layer.kernels.forward(z, out, *layer.constants)
    slope = torch.ones_like(z)
    layer.kernels.backward(slope, out if layer.kernels.from_output else z, *layer.constants)
    return float(slope.abs().max())


def findings_in(state: LayerStatistics, family: str) -> list[str]:
    """Return what is wrong with the layers, the most serious first, in words and numbers."""
    if state.has_equal_units:
        return ["hidden units are all equal: they get equal gradients and stay equal"]
    found = []
    if state.dead.max() >= MANY_DEAD:
        layer = int(state.dead.argmax())
        found.append(f"{state.dead[layer]:.0%} of the units of layer {layer + 1} are dead")
    if state.saturated.max() >= MANY_SATURATED and family == SIGMOIDAL:
        layer = int(state.saturated.argmax())
        found.append(f"layer {layer + 1} is saturated for {state.saturated[layer]:.0%} of its units and rows")
    n = len(state.std)
    # Where weights start at zero, as those at the end of Fixup's blocks do, no gradient at all passes at first.
    flowing = state.gradient_norm[state.gradient_norm > 0.0] if state.gradient_norm.any() else np.ones(1)
    for what, first, last in (
        ("activations", state.std[-1], state.std[0]),
        ("gradients", flowing[0], flowing[-1]),
    ):
        way = f"layer 1 to {n}" if what == "activations" else f"layer {n} to 1"
        if first < last / LARGEST_RATIO:
            found.append(f"{what} vanish: {last:.1e} to {first:.1e} from {way}")
        elif first > last * LARGEST_RATIO:
            found.append(f"{what} explode: {last:.1e} to {first:.1e} from {way}")
    return found
