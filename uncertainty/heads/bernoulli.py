"""Bernoulli head: one logit for two classes, or one for each label of multi-label data."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import log_expit
from torch import Tensor
from torch.nn import functional

from uncertainty.components.spec import check_number
from uncertainty.components.whole_vectors import in_whole_vectors
from uncertainty.heads.base import Head, HeadSpec
from uncertainty.heads.class_probabilities import UNSEEN_SHARE, ClassProbabilities

_softplus, _sigmoid = in_whole_vectors(functional.softplus), in_whole_vectors(torch.sigmoid)


class Bernoulli(HeadSpec):
    """Independent yes-or-no targets, each with the probability sigmoid(logit): two classes, or several labels.

    Parameters
    ----------
    label_smoothing : float in [0, 1), default 0
        Train on y (1 - e) + e / 2 instead of y, which keeps logits finite where the classes can be told apart.
        Losses are reported, and watched, for the labels as they are.

    References
    ----------
    Szegedy et al. (2016), Rethinking the Inception architecture for computer vision, section 7.
    """

    short_name = "bernoulli"
    target_kinds = frozenset({"binary", "multilabel"})

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def build(self, n_targets: int, n_classes: int = 0) -> BernoulliHead:
        return BernoulliHead(n_targets, check_number("label_smoothing", self.label_smoothing, high=1.0, high_open=True))


class BernoulliHead(Head):
    """Raw outputs: T logits; y [..., N, T] holds 0 and 1, or the share of 1 in a mixed row."""

    models_classes = True

    def __init__(self, n_targets: int, label_smoothing: float = 0.0) -> None:
        self.n_targets = n_targets
        self.n_raw = n_targets
        self.label_smoothing = label_smoothing

    def init_raw(self, y: Tensor, weight: Tensor) -> Tensor:
        """The logits of the weighted frequencies; a label seen always or never starts close to certain."""
        share = (weight / weight.sum()).unsqueeze(1)
        yes, no = (share * y).sum(dim=0), (share * (1.0 - y)).sum(dim=0)
        return torch.log(torch.where(yes > 0.0, yes, UNSEEN_SHARE) / torch.where(no > 0.0, no, UNSEEN_SHARE))

    def log_prob(self, raw: Tensor, y: Tensor) -> Tensor:
        return (y * raw - _softplus(raw)).sum(dim=-1)

    def training_loss(self, raw: Tensor, y: Tensor) -> Tensor:
        return -self.log_prob(raw, self._smoothed(y))

    def _smoothed(self, y: Tensor) -> Tensor:
        return y if self.label_smoothing == 0.0 else y * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing

    def nll_and_score(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        nll = (_softplus(raw) - y * raw).sum(dim=-1)
        return nll, _sigmoid(raw) - self._smoothed(y)

    def distribution(self, raw: NDArray[np.float64]) -> ClassProbabilities:
        return ClassProbabilities(np.stack([log_expit(-raw), log_expit(raw)], axis=-1))
