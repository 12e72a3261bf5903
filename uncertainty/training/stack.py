"""The members in training: weights, running statistics and gradients, and one gradient of the whole stack."""

from __future__ import annotations

import torch
from torch import Tensor

from uncertainty.components.layer import Batch
from uncertainty.components.mlp import MLP, OUTPUT_WEIGHT
from uncertainty.heads.base import Head
from uncertainty.training.data import Rows

# Rows are evaluated in chunks of which one layer of a member takes this many bytes. The bound is per member, so that
# the chunks, and with them the rounding, do not depend on how many members there are.
CHUNK_BYTES_PER_MEMBER = 1024 * 1024


class Stack:
    """Members that train together: `values` and `gradient` [M, P], `statistics` [M, Q].

    Whoever computes gradients counts in `n_updates` the batches that the running statistics have seen: a gradient
    that is replayed on a device cannot count on the host.
    """

    def __init__(self, mlp: MLP, head: Head, values: Tensor, statistics: Tensor, n_updates: int = 0) -> None:
        self.mlp = mlp
        self.head = head
        self.values = values
        self.statistics = statistics
        self.n_updates = n_updates
        self.gradient = torch.zeros_like(values)
        self._layers = mlp.layers(values, self.gradient, statistics)
        self._output_weight_gradient = mlp.layout.views(self.gradient)[OUTPUT_WEIGHT]
        function_of_x = [not constant for constant in head.bias_only]
        self._function_of_x = torch.tensor(function_of_x, dtype=values.dtype, device=values.device).view(1, -1, 1)
        if any(head.bias_only):
            mlp.layout.views(values)[OUTPUT_WEIGHT].mul_(self._function_of_x)

    @property
    def n_members(self) -> int:
        return self.values.shape[0]

    def compute_gradient(self, batch: Batch) -> Tensor:
        """Set `gradient` to that of each member's weighted mean NLL on its batch; return the sum of that NLL, [M]."""
        return self._differentiate(batch, batch.x, self.n_updates)[0]

    def compute_adversarial_gradient(self, batch: Batch, perturbation: Tensor) -> Tensor:
        """As `compute_gradient`, for the mean of the loss on the batch and on its fast-gradient-sign neighbour.

        The running statistics see two batches. `perturbation` [D] is the step of each input. Lakshminarayanan et al.
        (2017), Algorithm 1, line 5.
        """
        loss, x_gradient = self._differentiate(batch, batch.x, self.n_updates, to_input=True)
        gradient, neighbour = self.gradient.clone(), batch.x + perturbation * x_gradient.sign()
        neighbour_loss, _ = self._differentiate(batch, neighbour, self.n_updates + 1)
        self.gradient.add_(gradient).mul_(0.5)
        return 0.5 * (loss + neighbour_loss)

    def _differentiate(
        self, batch: Batch, x: Tensor, n_updates: int, *, to_input: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Set `gradient` at inputs x; return the sum of the loss [M] and, where asked for, the mean's gradient in x."""
        h = x
        for layer in self._layers:
            h = layer.forward(h, batch, n_updates)
        nll, score = self.head.nll_and_score(h, batch.y)
        if batch.weight is not None:
            nll = nll * batch.weight
            score.mul_(batch.weight.unsqueeze(2))
        gradient = score.mul_(1.0 / x.shape[1])
        first = self._layers[0]
        for layer in reversed(self._layers):
            gradient = layer.backward(gradient, to_input=to_input or layer is not first)
        if any(self.head.bias_only):
            self._output_weight_gradient.mul_(self._function_of_x)
        return nll.sum(dim=1), gradient

    @torch.no_grad()
    def nll(self, rows: Rows) -> Tensor:
        """Weighted mean NLL [M] in prediction form of rows that carry a member axis."""
        folded = self.mlp.fold(self.values, self.statistics)
        widest = max(self.mlp.n_inputs, *self.mlp.hidden_layer_sizes, self.mlp.n_raw)
        chunk = max(CHUNK_BYTES_PER_MEMBER // (widest * self.values.element_size()), 1)
        total = self.values.new_zeros(self.n_members)
        for start in range(0, rows.x.shape[1], chunk):
            part = slice(start, start + chunk)
            loss = -self.head.log_prob(folded.forward(rows.x[:, part]), rows.y[:, part])
            total += (loss if rows.weight is None else loss * rows.weight[:, part]).sum(dim=1)
        return total / (rows.x.shape[1] if rows.weight is None else rows.weight.sum(dim=1))
