"""The head of an autoencoder."""

from __future__ import annotations

from math import log, pi

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncertainty.heads.base import Head
from uncertainty.heads.normal_mixture import NormalMixture

HALF_LOG_2PI = 0.5 * log(2.0 * pi)


class Reconstruction(Head):
    """Normal distribution of each target around a raw output, of variance 1: its NLL is half the squared error.

    `init_raw` takes leading axes too.
    """

    def __init__(self, n_targets: int) -> None:
        self.n_raw = n_targets

    def init_raw(self, y: Tensor, weight: Tensor) -> Tensor:
        return (weight.unsqueeze(-1) * y).sum(dim=-2) / weight.sum(dim=-1, keepdim=True)

    def log_prob(self, raw: Tensor, y: Tensor) -> Tensor:
        return -(0.5 * (raw - y).square() + HALF_LOG_2PI).sum(dim=-1)

    def nll_and_score(self, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        score = torch.sub(raw, y)
        return 0.5 * score.square().sum(dim=-1) + self.n_raw * HALF_LOG_2PI, score

    def distribution(self, raw: NDArray[np.float64]) -> NormalMixture:
        ones = np.ones((*raw.shape, 1))
        return NormalMixture(ones[..., :1, 0], raw[..., None], ones)
