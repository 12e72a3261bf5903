"""Residual blocks: what two hidden layers compute is added to what they read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from uncertainty.components.component import Step
from uncertainty.components.layer import Batch, Layer, Scratch
from uncertainty.components.noise import Mask, Noise
from uncertainty.components.spec import Spec, check_number

T = TypeVar("T")


class Residual(Spec):
    """Identity shortcuts around pairs of hidden layers, from pre-activation to pre-activation.

    The first hidden layer leads into the residual stream z. The next two are a block, z <- z + W2 f(W1 f(z) + b1) + b2,
    if the second of them is as wide as z; f is normalization, activation and dropout ("full pre-activation": a signal
    reaches every layer, and a gradient every weight, by additions alone). So on; a layer that begins no block is an
    ordinary one, and its output the stream from there. Dropout thus acts within the blocks.

    Parameters
    ----------
    stochastic_depth : float in [0, 1), default 0
        Probability that a row skips the last block in training; that of block l of L is l / L of it. Blocks that are
        not skipped count 1 / (1 - probability), so that nothing has to be scaled at prediction.

    References
    ----------
    He et al. (2016), Identity mappings in deep residual networks, eqs. 1-2 and figure 4e. Huang et al. (2016), Deep
    networks with stochastic depth, eq. 4 (there a whole batch skips a block, here each row on its own).
    """

    short_name = "residual"

    def __init__(self, stochastic_depth: float = 0.0) -> None:
        self.stochastic_depth = stochastic_depth

    def build(self, hidden_layer_sizes: tuple[int, ...]) -> ResidualBlocks:
        """Return where the blocks are."""
        depth = check_number("stochastic_depth", self.stochastic_depth, high=1.0, high_open=True)
        starts, number = [], 1
        while number + 1 < len(hidden_layer_sizes):
            if hidden_layer_sizes[number - 1] == hidden_layer_sizes[number + 1]:
                starts.append(number)
                number += 1
            number += 1
        if not starts:
            raise ValueError(
                f"hidden_layer_sizes must have a pair of layers behind one of the same width for a residual block, got "
                f"{hidden_layer_sizes}. Take three layers of one width at least, or set residual=None."
            )
        rates = tuple(depth * (i + 1) / len(starts) for i in range(len(starts)))
        return ResidualBlocks(tuple(starts), rates)


@dataclass(frozen=True)
class ResidualBlocks:
    """Runtime form of `Residual`: each block's first hidden layer, counted from 0, and how often it is skipped."""

    starts: tuple[int, ...]
    skip_rates: tuple[float, ...]

    def noise(self) -> Iterator[tuple[str, Noise]]:
        """Sources of the random numbers that say which rows take a block, by name."""
        for block, rate in enumerate(self.skip_rates):
            if rate > 0.0:
                yield f"block{block}", Mask(rate, (1,))

    def feeds_stream(self, number: int) -> bool:
        """Whether the linear map of hidden layer `number` leads into, or adds to, the residual stream."""
        return any(number in (start - 1, start + 1) for start in self.starts)

    def arrange(self, hidden: Sequence[tuple[T, list[T]]], block: Callable[[int, list[T]], T]) -> list[T]:
        """Put the linear map of each hidden layer, and what follows it, in the order in which they run.

        `block` makes one of all that is within the residual block of that number: what follows the linear map before
        it, the first linear map and what follows, and the second.
        """
        arranged: list[T] = []
        pending: list[T] = []  # what follows the last linear map
        layers = iter(enumerate(hidden))
        for number, (linear, after) in layers:
            if number in self.starts:
                _, (second, after_second) = next(layers)
                arranged.append(block(self.starts.index(number), [*pending, linear, *after, second]))
                pending = after_second
            else:
                arranged += [*pending, linear]
                pending = after
        return arranged + pending


NO_BLOCKS = ResidualBlocks((), ())


class ResidualLayer(Layer):
    """x + m f(x) in training: f is the `inner` layers, m [M, B, 1] what the batch has drawn for `number`, or 1."""

    def __init__(self, inner: list[Layer], number: int | None, like: Tensor, first_member: int) -> None:
        self.inner = inner
        self.number = number
        self._copy, self._output, self._gradient = (Scratch(like, first_member) for _ in range(3))

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        self._mask = None if self.number is None else batch.noise[self.number]
        h = self._copy(*x.shape).copy_(x)  # the layers inside may overwrite it
        for layer in self.inner:
            h = layer.forward(h, batch, n_updates)
        if self._mask is None:
            return torch.add(x, h, out=self._output(*x.shape))
        return torch.addcmul(x, h, self._mask, out=self._output(*x.shape))

    def set_parameter_gradients(self, gradient: Tensor) -> None:
        through = self._gradient(*gradient.shape).copy_(gradient)
        if self._mask is not None:
            through.mul_(self._mask)
        for layer in reversed(self.inner):
            layer.set_parameter_gradients(through)
            through = layer.input_gradient(through)
        self._through = through

    def input_gradient(self, gradient: Tensor) -> Tensor:
        return gradient.add_(self._through)


class ResidualStep(Step):
    """z + f(z) at prediction."""

    def __init__(self, inner: list[Step]) -> None:
        self.inner = inner
        self.n_members = max(step.n_members for step in inner)
        self.width = max(step.width for step in inner)

    def forward(self, h: Tensor) -> Tensor:
        through = h.clone()
        for step in self.inner:
            through = step.forward(through)
        return through.add_(h)  # `through` has the members of h, or more
