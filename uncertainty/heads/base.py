"""What a head is: raw network outputs in, distributions out.

A head knows nothing of members, scaling or scikit-learn: it works on arrays [..., N, R] of raw outputs and
[..., N, T] of targets with any leading axes. Training calls `nll_and_score`; prediction calls `distribution`.

What a head reports is always its negative log-likelihood, and early stopping watches that. What it trains by may be
another function, `training_loss`, whose gradient is the score.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncertainty.components.spec import Spec
from uncertainty.heads.class_probabilities import ClassProbabilities
from uncertainty.heads.normal_mixture import NormalMixture

Distribution = NormalMixture | ClassProbabilities


class HeadSpec(Spec):
    """A head with its options; `build` makes the head for that many targets, of that many classes each.

    `target_kinds` names the targets it can model: "continuous", "binary" (two classes), "multiclass", "multilabel".
    """

    target_kinds: ClassVar[frozenset[str]]

    def build(self, n_targets: int, n_classes: int = 0) -> Head:
        raise NotImplementedError


class Head(ABC):
    """Runtime head. `n_raw` is R, the number of raw outputs of the network it reads."""

    n_raw: int
    models_classes: ClassVar[bool] = False

    @property
    def bias_only(self) -> tuple[bool, ...]:
        """For each raw output, whether it is one learned constant instead of a function of x."""
        return (False,) * self.n_raw

    @property
    def n_warmup_epochs(self) -> int:
        """Epochs of a member, counted from its first, in which it trains by the score of `in_warmup()`."""
        return 0

    def in_warmup(self) -> Head:
        """Return the head that trains in the warm-up; its raw outputs mean the same."""
        return self

    @abstractmethod
    def init_raw(self, y: Tensor, weight: Tensor) -> Tensor:
        """Return the raw output [R] of the best constant prediction of y [N, T] with row weights [N]."""

    @abstractmethod
    def log_prob(self, raw: Tensor, y: Tensor) -> Tensor:
        """Return the log density or mass [..., N] of y, in nats per unit of standardised y, joint over targets."""

    def training_loss(self, raw: Tensor, y: Tensor) -> Tensor:
        """Return what training minimises [..., N]: the negative log-likelihood, unless the head says otherwise.

        Where a head holds a factor constant in the gradient, the factor is detached here.
        """
        return -self.log_prob(raw, y)

    def mix_targets(self, y: Tensor, partner_y: Tensor, share: Tensor) -> Tensor:
        """Return the targets of rows mixed from two, with weight `share` [..., N, 1] on the first."""
        return share * y + (1.0 - share) * partner_y

    def nll_and_score(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the negative log-likelihood [..., N] and the gradient of `training_loss` in raw [..., N, R].

        This default goes through autograd, so a head without a closed form trains too; the standard heads give
        their closed form here, because it is called at every step. It is called in inference mode, where autograd
        needs what this default does, and by several threads at once, each for some of the members.
        """
        with torch.inference_mode(False), torch.enable_grad():
            leaf = raw.clone().requires_grad_()  # copies made here are ordinary tensors, which autograd can keep
            (score,) = torch.autograd.grad(self.training_loss(leaf, y.clone()).sum(), leaf)
        return -self.log_prob(raw.detach(), y), score

    def score(self, raw: Tensor, y: Tensor) -> Tensor:
        """Return d training_loss / d raw, [..., N, R]."""
        return self.nll_and_score(raw, y)[1]

    @abstractmethod
    def distribution(self, raw: NDArray[np.float64]) -> Distribution:
        """Return the distributions that raw [..., N, R] stands for, in units of standardised y."""
