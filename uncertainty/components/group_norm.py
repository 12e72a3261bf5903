"""Group and layer normalization on the member axis: each row is normalized by itself."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from uncertainty.components.component import Arrays, Place, Step
from uncertainty.components.layer import Batch, Layer
from uncertainty.components.normalization import Normalization, NormalizationLayer, Normalizer
from uncertainty.components.spec import check_integer, check_number

# What a group of k units carries on is a point on a sphere of dimension k - 2: one unit carries nothing, two a sign,
# three an angle.
MIN_UNITS = 4


class LayerNorm(Normalization):
    """Layer normalization before the activation: the units of a row have mean 0 and variance 1 over the layer.

    z_j becomes scale_j (z_j - mean) / sqrt(variance + epsilon) + shift_j, with mean and (population) variance over all
    numbers that the linear map gives for the row. Rows do not meet: training and prediction are the same, any batch
    size will do, and there are no running statistics. It keeps the linear map's bias, which its mean does not take
    off, and cannot be folded into the weights. With `Maxout` the pieces are normalized together.

    Parameters
    ----------
    epsilon : float > 0, default 1e-5
        Added to the variance, in squared units of the pre-activation.

    Raises
    ------
    ValueError
        For hidden layers of fewer than 4 units.

    References
    ----------
    Ba, Kiros & Hinton (2016), Layer normalization, eq. 3 (and 4, without its recurrence).
    """

    short_name = "layer"

    def __init__(self, epsilon: float = 1e-5) -> None:
        self.epsilon = epsilon

    def build(self) -> GroupNormalizer:
        return GroupNormalizer(1, check_number("epsilon", self.epsilon, low_open=True))


class GroupNorm(Normalization):
    """Group normalization before the activation: as `LayerNorm`, over each of `n_groups` runs of neighbouring units.

    In a fully connected layer which units are neighbours means nothing before training, and training makes of the
    groups what it can use. Instance normalization would be groups of one unit, which leave 0 of whatever comes in;
    it is left out, and groups of fewer than 4 units are refused, because of k numbers only k - 2 come through.

    Parameters
    ----------
    n_groups : int, default 4
        Has to divide the width of every hidden layer (times its pieces, with `Maxout`); 1 is `LayerNorm`.
    epsilon : float > 0, default 1e-5
        Added to the variance, in squared units of the pre-activation.

    Raises
    ------
    ValueError
        For a width that `n_groups` does not divide, or groups of fewer than 4 units.

    References
    ----------
    Wu & He (2018), Group normalization, eqs. 1-3 and 7.
    """

    short_name = "group"

    def __init__(self, n_groups: int = 4, epsilon: float = 1e-5) -> None:
        self.n_groups = n_groups
        self.epsilon = epsilon

    def build(self) -> GroupNormalizer:
        n_groups = check_integer("n_groups", self.n_groups)
        return GroupNormalizer(n_groups, check_number("epsilon", self.epsilon, low_open=True))


@dataclass(frozen=True)
class GroupNormalizer(Normalizer):
    """Runtime form of `GroupNorm`, and with one group of `LayerNorm`."""

    n_groups: int
    epsilon: float

    def check_width(self, width: int) -> None:
        if width % self.n_groups:
            raise ValueError(
                f"n_groups must divide the width of every hidden layer, got {self.n_groups} groups for {width} units. "
                f"Change n_groups or hidden_layer_sizes."
            )
        if width // self.n_groups < MIN_UNITS:
            raise ValueError(
                f"normalization over units of a layer must have at least {MIN_UNITS} in each group, got "
                f"{width // self.n_groups} ({width} units, {self.n_groups} groups). Smaller groups carry hardly any "
                f"signal: one unit is always 0 after it, and of two only a sign is left. Take fewer groups, wider "
                f"layers or normalization='batch'."
            )

    def layer(self, place: Place) -> Layer:
        return GroupNormLayer(self, place)

    def step(self, parameters: Arrays, statistics: Arrays) -> Step:
        return GroupNormStep(self, parameters["scale"], parameters["shift"])

    def normalize_(self, groups: Tensor) -> Tensor:
        """Normalize groups [M, N, G, H / G] in place; return the inverse standard deviations [M, N, G, 1]."""
        groups.sub_(groups.mean(dim=3, keepdim=True))
        norm = torch.linalg.vector_norm(groups, dim=3, keepdim=True)
        inverse_std = norm.square_().div_(groups.shape[3]).add_(self.epsilon).rsqrt_()
        groups.mul_(inverse_std)
        return inverse_std


class GroupNormStep(Step):
    """Normalization at prediction; `scale` and `shift` are [M, H]."""

    def __init__(self, normalizer: GroupNormalizer, scale: Tensor, shift: Tensor) -> None:
        self.normalizer = normalizer
        self.scale, self.shift = scale.unsqueeze(1), shift.unsqueeze(1)

    def forward(self, h: Tensor) -> Tensor:
        self.normalizer.normalize_(h.unflatten(2, (self.normalizer.n_groups, -1)))
        if len(h) < len(self.scale):  # members that still share h part here
            return h * self.scale + self.shift
        return h.mul_(self.scale).add_(self.shift)


class GroupNormLayer(NormalizationLayer):
    """Normalization in training."""

    def __init__(self, normalizer: GroupNormalizer, place: Place) -> None:
        super().__init__(place)
        self.normalizer = normalizer

    def forward(self, x: Tensor, batch: Batch, n_updates: int) -> Tensor:
        normalized = self._normalized(*x.shape).copy_(x)
        self._inverse_std = self.normalizer.normalize_(self._groups(normalized))
        return torch.addcmul(self.shift, normalized, self.scale, out=self._output(*x.shape))

    def input_gradient(self, gradient: Tensor) -> Tensor:
        """With u the normalized z and g the gradient in u: (g - mean(g) - u mean(g u)) / std, over each group."""
        of_groups = self._groups(gradient.mul_(self.scale))
        normalized, work = (self._groups(memory(*gradient.shape)) for memory in (self._normalized, self._output))
        along = torch.mul(of_groups, normalized, out=work).mean(dim=3, keepdim=True)
        of_groups.sub_(of_groups.mean(dim=3, keepdim=True)).addcmul_(normalized, along, value=-1.0)
        of_groups.mul_(self._inverse_std)
        return gradient

    def _groups(self, of_units: Tensor) -> Tensor:
        return of_units.unflatten(2, (self.normalizer.n_groups, -1))  # [M, B, G, H / G], the same memory
