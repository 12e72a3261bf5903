"""The members in training: weights, running statistics and gradients, and one gradient of the whole stack.

The output layer and the head's score are closed-form; the trunk's gradient comes from one autograd call that starts
from the gradient of the last hidden layer.
"""

from __future__ import annotations

import torch
from torch import Tensor

from uncertainty.components.linear import output_linear
from uncertainty.components.mlp import MLP, OUTPUT_BIAS, OUTPUT_WEIGHT
from uncertainty.heads.base import Head
from uncertainty.training.batches import Batch
from uncertainty.training.data import Rows


class Stack:
    """Buffers of the training members: `values` and `gradient` [M, P], `statistics` [M, Q]."""

    def __init__(self, mlp: MLP, head: Head, values: Tensor, statistics: Tensor) -> None:
        self.mlp = mlp
        self.head = head
        self.n_updates = 0
        raw_is_function = [not constant for constant in head.bias_only]
        self._function_of_x = torch.tensor(raw_is_function, dtype=values.dtype, device=values.device).view(1, -1, 1)
        self._set_buffers(values, statistics)

    def _set_buffers(self, values: Tensor, statistics: Tensor) -> None:
        self.values = values
        self.statistics = statistics
        self.gradient = torch.zeros_like(values)
        self._gradients = self.mlp.layout.views(self.gradient)
        self._statistics = self.mlp.statistics_layout.views(statistics)
        # Leaves that share memory with the buffer, so that they follow every update of it.
        self._parameters = {name: view.detach() for name, view in self.mlp.layout.views(values).items()}
        self._trunk_names = [name for name in self._parameters if name not in (OUTPUT_WEIGHT, OUTPUT_BIAS)]
        for name in self._trunk_names:
            self._parameters[name].requires_grad_()
        if any(self.head.bias_only):
            self._parameters[OUTPUT_WEIGHT].mul_(self._function_of_x)

    @property
    def n_members(self) -> int:
        return self.values.shape[0]

    def select(self, members: Tensor) -> None:
        """Keep some members only."""
        self._set_buffers(self.values[members], self.statistics[members])

    def restore(self, members: Tensor, values: Tensor, statistics: Tensor) -> None:
        """Put back earlier rows of `members` (a mask [M])."""
        self.values[members] = values[members]
        self.statistics[members] = statistics[members]

    def compute_gradient(self, batch: Batch) -> Tensor:
        """Set `gradient` to that of each member's weighted mean NLL on its batch; return that NLL, [M]."""
        self.gradient.zero_()
        return self._accumulate(batch, batch.x, share=1.0)[0]

    def compute_adversarial_gradient(self, batch: Batch, perturbation: Tensor) -> Tensor:
        """As `compute_gradient`, for the mean of the loss on the batch and on its fast-gradient-sign neighbour.

        `perturbation` [D] is the step of each input. Lakshminarayanan et al. (2017), Algorithm 1, line 5.
        """
        self.gradient.zero_()
        loss, x_gradient = self._accumulate(batch, batch.x.detach().requires_grad_(), share=0.5)
        assert x_gradient is not None
        neighbour_loss, _ = self._accumulate(batch, batch.x + perturbation * x_gradient.sign(), share=0.5)
        return loss + neighbour_loss

    def _accumulate(self, batch: Batch, x: Tensor, *, share: float) -> tuple[Tensor, Tensor | None]:
        """Add the gradient of `share` times the loss at inputs x; return that loss [M] and, where x asks, its own."""
        h = self.mlp.trunk(
            x,
            self._parameters,
            self._statistics,
            masks=batch.masks,
            n_updates=self.n_updates,
            weight=batch.weight,
        )
        self.n_updates += 1
        with torch.no_grad():
            output_weight = self._parameters[OUTPUT_WEIGHT]
            raw = output_linear(h, output_weight, self._parameters[OUTPUT_BIAS])
            nll, score = self.head.nll_and_score(raw, batch.y)
            row_share = share / x.shape[1]
            if batch.weight is None:
                score.mul_(row_share)
                loss = nll.mean(dim=1).mul_(share)
            else:
                score.mul_(batch.weight.unsqueeze(2) * row_share)
                loss = (nll * batch.weight).mean(dim=1).mul_(share)
            score_t = score.transpose(1, 2)  # [M, R, B]
            if any(self.head.bias_only):
                self._gradients[OUTPUT_WEIGHT].add_(torch.bmm(score_t, h).mul_(self._function_of_x))
            else:
                self._gradients[OUTPUT_WEIGHT].baddbmm_(score_t, h)
            self._gradients[OUTPUT_BIAS].add_(score_t.sum(dim=2))
            h_gradient = torch.bmm(score, output_weight)  # [M, B, H]
        return loss, self._backward(h, h_gradient, x)

    def _backward(self, h: Tensor, h_gradient: Tensor, x: Tensor) -> Tensor | None:
        """Add the trunk's gradient given that of its output; return that of x where x asks for it."""
        if not self._trunk_names:
            return h_gradient if x.requires_grad else None
        leaves = [self._parameters[name] for name in self._trunk_names]
        inputs = [*leaves, x] if x.requires_grad else leaves
        gradients = torch.autograd.grad(h, inputs, h_gradient)
        for name, gradient in zip(self._trunk_names, gradients, strict=False):
            self._gradients[name].add_(gradient)
        return gradients[-1] if x.requires_grad else None

    @torch.no_grad()
    def nll(self, rows: Rows) -> Tensor:
        """Weighted mean NLL [M] in prediction form of rows that carry a member axis."""
        raw = self.mlp.fold(self.values, self.statistics).forward(rows.x)
        loss = -self.head.log_prob(raw, rows.y)
        if rows.weight is None:
            return loss.mean(dim=1)
        return (loss * rows.weight).sum(dim=1) / rows.weight.sum(dim=1)
