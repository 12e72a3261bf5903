"""Augmentation: training rows that are mixed, noisy or incomplete copies of the ones at hand."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from uncertainty.components.layer import Scratch
from uncertainty.components.spec import Spec, check_number
from uncertainty.heads.base import Head
from uncertainty.training.data import Rows


class Augmentation(Spec):
    """Changes made to the training rows, drawn anew in every epoch and for each member. Held-out rows stay as they are.

    Each is made in turn, in the order below. "Network units" are standardised ones, or the user's own with
    `standardize=False`.

    Parameters
    ----------
    mixup : float >= 0, default 0
        alpha of the Beta(alpha, alpha) distribution from which each row draws its share s: a row becomes s times
        itself and 1 - s times a partner, the rows of a random permutation, in X and in y. Targets of classes become
        shares. Row weights multiply, as do the chances that two rows of a repeated table meet. 0.1 to 0.4 are usual.
    input_noise : float >= 0, default 0
        Standard deviation of normal noise on X, in network units. In a linear model with squared error it is the
        ridge penalty ``input_noise^2 |w|^2``, on average (Bishop 1995, section 3).
    target_noise : float >= 0, default 0
        Standard deviation of normal noise on y, in network units, which the model then reports as aleatoric. Not for
        classes.
    cutout : float in [0, 1), default 0
        Probability that an entry of X is replaced by its column's mean over the training rows.

    Notes
    -----
    The training loss is that of the changed rows; against mixed targets it includes the entropy of their shares.

    References
    ----------
    Zhang, Cisse, Dauphin & Lopez-Paz (2018), mixup: beyond empirical risk minimization, section 2; Bishop (1995),
    Training with noise is equivalent to Tikhonov regularization; DeVries & Taylor (2017), Improved regularization of
    convolutional neural networks with cutout, of which this is the form for tables.
    """

    def __init__(
        self, mixup: float = 0.0, input_noise: float = 0.0, target_noise: float = 0.0, cutout: float = 0.0
    ) -> None:
        self.mixup = mixup
        self.input_noise = input_noise
        self.target_noise = target_noise
        self.cutout = cutout

    def build(
        self, head: Head, column_means: Tensor, generators: Sequence[np.random.Generator], n_gap_inputs: int = 0
    ) -> Augmenter | None:
        """Return what changes rows for `head`, one of `generators` a member; None where nothing is asked for.

        `column_means` [D] are those of the training rows, in network units. The last `n_gap_inputs` of the inputs, 0
        for every training row, stay without noise: it would train their weights.
        """
        amounts = Amounts(
            mixup=check_number("mixup", self.mixup),
            input_noise=check_number("input_noise", self.input_noise),
            target_noise=check_number("target_noise", self.target_noise),
            cutout=check_number("cutout", self.cutout, high=1.0, high_open=True),
        )
        if amounts.target_noise > 0.0 and head.models_classes:
            raise ValueError(
                f"target_noise must be 0 for classes, got {self.target_noise!r}: a label has no unit to add noise in. "
                f"Use the head's label_smoothing."
            )
        return None if amounts == Amounts() else Augmenter(amounts, head, column_means, generators, n_gap_inputs)


@dataclass(frozen=True)
class Amounts:
    """The checked arguments of an `Augmentation`."""

    mixup: float = 0.0
    input_noise: float = 0.0
    target_noise: float = 0.0
    cutout: float = 0.0


class Augmenter:
    """Changes gathered rows [M, n, ...] in place, member m by draws of generator m alone.

    Every operation is rounded once, so that no bit depends on where in a stack a member stands.
    """

    def __init__(
        self,
        amounts: Amounts,
        head: Head,
        column_means: Tensor,
        generators: Sequence[np.random.Generator],
        n_gap_inputs: int,
    ) -> None:
        self.amounts = amounts
        self.n_noisy_inputs = len(column_means) - n_gap_inputs
        self.head = head
        self.column_means = column_means
        self.generators = list(generators)
        self._set_scratch(first_member=0)

    def _set_scratch(self, first_member: int) -> None:
        drawn = self.column_means.new_empty(0, device="cpu")
        self._partners = Scratch(self.column_means, first_member)
        self._x_noise, self._y_noise = Scratch(drawn, first_member), Scratch(drawn, first_member)
        self._dropped = Scratch(drawn.bool(), first_member)

    def select(self, kept: list[int]) -> None:
        """Keep some members only."""
        self.generators = [self.generators[m] for m in kept]

    def part(self, members: slice) -> Augmenter:
        """Return the augmenter of some consecutive members, which goes on drawing from the same generators."""
        part = copy.copy(self)
        part.generators = self.generators[members]
        part._set_scratch(members.start)
        return part

    def augment(self, rows: Rows) -> Rows:
        """Return the changed rows, which lie in the memory of those given but for the targets of mixed classes."""
        if self.amounts.mixup > 0.0:
            rows = self._mix(rows)
        if self.amounts.input_noise > 0.0:
            self._add_noise(rows.x[..., : self.n_noisy_inputs], self.amounts.input_noise, self._x_noise)
        if self.amounts.target_noise > 0.0:
            self._add_noise(rows.y, self.amounts.target_noise, self._y_noise)
        if self.amounts.cutout > 0.0:
            self._cut_out(rows.x)
        return rows

    def _mix(self, rows: Rows) -> Rows:
        x, alpha = rows.x, self.amounts.mixup
        n_rows = x.shape[1]
        partners = np.stack([m * n_rows + g.permutation(n_rows) for m, g in enumerate(self.generators)])
        shares = np.stack([g.beta(alpha, alpha, n_rows) for g in self.generators])
        flat = torch.from_numpy(partners.reshape(-1)).to(x.device)
        share = torch.from_numpy(shares).to(x).unsqueeze(2)

        def of_partners(a: Tensor) -> Tensor:
            return a.flatten(0, 1).index_select(0, flat).view_as(a)

        other_x = self._partners(*x.shape)
        torch.index_select(x.flatten(0, 1), 0, flat, out=other_x.flatten(0, 1))
        x.mul_(share).add_(other_x.mul_(1.0 - share))
        y = self.head.mix_targets(rows.y, of_partners(rows.y), share)
        return Rows(x, y, None if rows.weight is None else rows.weight.mul_(of_partners(rows.weight)))

    def _add_noise(self, values: Tensor, std: float, scratch: Scratch) -> None:
        noise = scratch(*values.shape)
        for of_member, generator in zip(noise.numpy(), self.generators, strict=True):
            generator.standard_normal(dtype=of_member.dtype, out=of_member)
        values.add_(noise.mul_(std).to(values.device))

    def _cut_out(self, x: Tensor) -> None:
        dropped = self._dropped(*x.shape)
        for of_member, generator in zip(dropped.numpy(), self.generators, strict=True):
            np.less(generator.random(of_member.shape, dtype=np.float32), self.amounts.cutout, out=of_member)
        torch.where(dropped.to(x.device), self.column_means, x, out=x)
