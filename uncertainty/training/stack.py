"""The members in training: weights, running statistics and gradients, and one gradient of the whole stack."""

from __future__ import annotations

import torch
from torch import Tensor

from uncertainty.components.layer import Batch, Scratch
from uncertainty.components.mlp import MLP, OUTPUT_WEIGHT
from uncertainty.heads.base import Head
from uncertainty.training.data import Rows

# Rows are evaluated in chunks of which one layer of a member takes this many bytes. The bound is per member, so that
# the chunks, and with them the rounding, do not depend on how many members there are.
CHUNK_BYTES_PER_MEMBER = 1024 * 1024


class Stack:
    """Members that train together: `values` and `gradient` [M, P], `statistics` [M, Q].

    Whoever computes gradients counts in `n_updates` the batches that the running statistics have seen: a gradient
    that is replayed on a device cannot count on the host. `first_member` is where in a larger stack these begin.
    """

    def __init__(
        self,
        mlp: MLP,
        head: Head,
        values: Tensor,
        statistics: Tensor,
        *,
        n_updates: int = 0,
        first_member: int = 0,
    ) -> None:
        self.mlp = mlp
        self.head = head
        self.values = values
        self.statistics = statistics
        self.n_updates = n_updates
        self.gradient = torch.zeros_like(values)
        self._layers = mlp.layers(values, self.gradient, statistics, first_member)
        self._score, self._neighbour = Scratch(values, first_member), Scratch(values, first_member)
        self._output_weight_gradient = mlp.layout.views(self.gradient)[OUTPUT_WEIGHT]
        self._function_of_x: Tensor | None = None  # [1, R, 1], zero where a raw output is one learned constant
        if any(head.bias_only):
            function_of_x = [not constant for constant in head.bias_only]
            self._function_of_x = torch.tensor(function_of_x, dtype=values.dtype, device=values.device).view(1, -1, 1)
            mlp.layout.views(values)[OUTPUT_WEIGHT].mul_(self._function_of_x)

    @property
    def n_members(self) -> int:
        return self.values.shape[0]

    @property
    def is_settled(self) -> bool:
        """Whether a gradient no longer depends on how many batches there were before."""
        return self.mlp.is_settled(self.n_updates)

    def compute_gradient(self, batch: Batch) -> Tensor:
        """Set `gradient` to that of each member's weighted mean NLL on its batch; return the sum of that NLL, [M]."""
        loss, score = self._score_of(batch, batch.x, self.n_updates)
        self._differentiate(score)
        return loss

    def compute_adversarial_gradient(self, batch: Batch, perturbation: Tensor) -> Tensor:
        """As `compute_gradient`, for the mean of the loss on the batch and on its fast-gradient-sign neighbour.

        The running statistics see two batches. `perturbation` [D] is the step of each input. Lakshminarayanan et al.
        (2017), Algorithm 1, line 5.
        """
        loss, score = self._score_of(batch, batch.x, self.n_updates)
        x_gradient = self._layers[0].input_gradient(self._differentiate(score))
        gradient = self.gradient.clone()
        neighbour = torch.addcmul(batch.x, perturbation, x_gradient.sign(), out=self._neighbour(*batch.x.shape))
        neighbour_loss, score = self._score_of(batch, neighbour, self.n_updates + 1)
        self._differentiate(score)
        self.gradient.add_(gradient).mul_(0.5)
        return 0.5 * (loss + neighbour_loss)

    def _score_of(self, batch: Batch, x: Tensor, n_updates: int) -> tuple[Tensor, Tensor]:
        """The sum of the loss [M] at inputs x, and the gradient [M, B, R] of its mean in the raw outputs."""
        h = x
        for layer in self._layers:
            h = layer.forward(h, batch, n_updates)
        nll, score = self.head.nll_and_score(h, batch.y)
        n_members, n_rows, n_raw = score.shape
        out = self._score(n_members, n_raw, n_rows).transpose(1, 2)
        if batch.weight is None:
            return nll.sum(dim=1), torch.mul(score, 1.0 / n_rows, out=out)
        return (nll * batch.weight).sum(dim=1), torch.mul(score, batch.weight.unsqueeze(2) / n_rows, out=out)

    def _differentiate(self, gradient: Tensor) -> Tensor:
        """Set `gradient` from that of the raw outputs; return that of the first layer's output."""
        first, *others = self._layers
        for layer in reversed(others):
            layer.set_parameter_gradients(gradient)
            gradient = layer.input_gradient(gradient)
        first.set_parameter_gradients(gradient)
        if self._function_of_x is not None:
            self._output_weight_gradient.mul_(self._function_of_x)
        return gradient


@torch.no_grad()
def mean_nll(mlp: MLP, head: Head, values: Tensor, statistics: Tensor, rows: Rows) -> Tensor:
    """Return the weighted mean NLL [M] of members in prediction form, for rows that carry a member axis."""
    folded = mlp.fold(values, statistics)
    chunk = max(CHUNK_BYTES_PER_MEMBER // (mlp.widest * values.element_size()), 1)
    total = values.new_zeros(len(values))
    for start in range(0, rows.x.shape[1], chunk):
        part = slice(start, start + chunk)
        loss = -head.log_prob(folded.forward(rows.x[:, part]), rows.y[:, part])
        total += (loss if rows.weight is None else loss * rows.weight[:, part]).sum(dim=1)
    return total / (rows.x.shape[1] if rows.weight is None else rows.weight.sum(dim=1))
