"""Categorical head: softmax over C classes."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax
from torch import Tensor

from uncertainty.components.spec import check_number
from uncertainty.heads.base import Head, HeadSpec
from uncertainty.heads.class_probabilities import UNSEEN_SHARE, ClassProbabilities


class Categorical(HeadSpec):
    """One of C >= 2 classes, with probabilities softmax(raw).

    Parameters
    ----------
    label_smoothing : float in [0, 1), default 0
        Train on the mixture of (1 - e) of the label and e / C of every class, which keeps logits finite where the
        classes can be told apart. Losses are reported, and watched, for the labels as they are.

    References
    ----------
    Szegedy et al. (2016), Rethinking the Inception architecture for computer vision, section 7.
    """

    short_name = "categorical"
    target_kinds = frozenset({"binary", "multiclass"})

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def build(self, n_targets: int, n_classes: int = 0) -> CategoricalHead:
        return CategoricalHead(
            n_classes, check_number("label_smoothing", self.label_smoothing, high=1.0, high_open=True)
        )


class CategoricalHead(Head):
    """Raw outputs: C logits; y [..., N, 1] holds class numbers 0 to C - 1, or [..., N, C] the share of each class."""

    models_classes = True

    def __init__(self, n_classes: int, label_smoothing: float = 0.0) -> None:
        self.n_raw = n_classes
        self.label_smoothing = label_smoothing

    def init_raw(self, y: Tensor, weight: Tensor) -> Tensor:
        """The logs of the weighted class frequencies; a class never seen starts at a small one."""
        frequency = torch.zeros(self.n_raw, dtype=weight.dtype, device=weight.device)
        frequency.index_add_(0, y[:, 0].long(), weight / weight.sum())
        return torch.log(torch.where(frequency > 0.0, frequency, UNSEEN_SHARE))

    def log_prob(self, raw: Tensor, y: Tensor) -> Tensor:
        log_proba = torch.log_softmax(raw, dim=-1)
        return (y * log_proba).sum(dim=-1) if self._is_shares(y) else log_proba.gather(-1, y.long()).squeeze(-1)

    def training_loss(self, raw: Tensor, y: Tensor) -> Tensor:
        of_every_class = -torch.log_softmax(raw, dim=-1).mean(dim=-1)
        return self.label_smoothing * of_every_class - (1.0 - self.label_smoothing) * self.log_prob(raw, y)

    def mix_targets(self, y: Tensor, partner_y: Tensor, share: Tensor) -> Tensor:
        """Return the share of each class [..., N, C] in rows mixed from two."""
        return share * self._shares(y) + (1.0 - share) * self._shares(partner_y)

    def _is_shares(self, y: Tensor) -> bool:
        return y.shape[-1] == self.n_raw

    def _shares(self, y: Tensor) -> Tensor:
        if self._is_shares(y):
            return y
        return y.new_zeros(*y.shape[:-1], self.n_raw).scatter_(-1, y.long(), 1.0)

    def nll_and_score(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        # With the classes before the rows, kernels take a vector of rows at a time; a last axis of a few classes is
        # done number by number.
        logits, target = raw.transpose(-1, -2), y.transpose(-1, -2)  # [..., C, N], [..., 1 or C, N]
        log_proba, score = torch.log_softmax(logits, dim=-2), torch.softmax(logits, dim=-2)
        of_label = 1.0 - self.label_smoothing
        if self._is_shares(y):
            nll = -(target * log_proba).sum(dim=-2)
            score.sub_(of_label * target)
        else:
            label = target.long()
            nll = -log_proba.gather(-2, label).squeeze(-2)
            score.scatter_add_(-2, label, score.new_full((1,), -of_label).expand(label.shape))
        if self.label_smoothing > 0.0:
            score.sub_(self.label_smoothing / self.n_raw)
        return nll, score.transpose(-1, -2)

    def distribution(self, raw: NDArray[np.float64]) -> ClassProbabilities:
        return ClassProbabilities(log_softmax(raw, axis=-1)[..., None, :])
