"""Categorical head: softmax over C classes."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax
from torch import Tensor

from uncertainty.heads.base import Head, HeadSpec
from uncertainty.heads.class_probabilities import UNSEEN_SHARE, ClassProbabilities


class Categorical(HeadSpec):
    """One of C >= 2 classes, with probabilities softmax(raw)."""

    short_name = "categorical"
    target_kinds = frozenset({"binary", "multiclass"})

    def build(self, n_targets: int, n_classes: int = 0) -> CategoricalHead:
        return CategoricalHead(n_classes)


class CategoricalHead(Head):
    """Raw outputs: C logits; y [..., N, 1] holds class numbers 0 to C - 1."""

    def __init__(self, n_classes: int) -> None:
        self.n_raw = n_classes

    def init_raw(self, y: Tensor, weight: Tensor) -> Tensor:
        """The logs of the weighted class frequencies; a class never seen starts at a small one."""
        frequency = torch.zeros(self.n_raw, dtype=weight.dtype, device=weight.device)
        frequency.index_add_(0, y[:, 0].long(), weight / weight.sum())
        return torch.log(torch.where(frequency > 0.0, frequency, UNSEEN_SHARE))

    def log_prob(self, raw: Tensor, y: Tensor) -> Tensor:
        return torch.log_softmax(raw, dim=-1).gather(-1, y.long()).squeeze(-1)

    def nll_and_score(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        # With the classes before the rows, kernels take a vector of rows at a time; a last axis of a few classes is
        # done number by number.
        logits, label = raw.transpose(-1, -2), y.transpose(-1, -2).long()  # [..., C, N], [..., 1, N]
        nll = -torch.log_softmax(logits, dim=-2).gather(-2, label).squeeze(-2)
        score = torch.softmax(logits, dim=-2)
        score.scatter_add_(-2, label, score.new_full((1,), -1.0).expand(label.shape))
        return nll, score.transpose(-1, -2)

    def distribution(self, raw: NDArray[np.float64]) -> ClassProbabilities:
        return ClassProbabilities(log_softmax(raw, axis=-1)[..., None, :])
