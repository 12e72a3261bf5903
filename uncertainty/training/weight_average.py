"""The running average of the weights of some members that stand alike."""

from __future__ import annotations

from torch import Tensor

from uncertainty.optim.averaging import AveragingRule


class WeightAverage:
    """Averages of live `tensors` of m members, such as values [m, P] and running statistics [m, Q].

    `averages` are moved in place, and `count` says how many weights they hold. That happens between two steps: the
    step size is a number of the host, which a recorded step could not change.
    """

    def __init__(
        self, rule: AveragingRule, tensors: tuple[Tensor, ...], averages: tuple[Tensor, ...], count: int
    ) -> None:
        self.rule = rule
        self.averages = averages
        self.count = count
        self._tensors = tensors

    def after_step(self) -> None:
        """Take in the weights after a step of the optimizer, where the rule takes in every step."""
        if self.rule.every_step:
            self._take_in()

    def after_epoch(self, epoch: int) -> None:
        """Take in the weights at the end of an epoch, counted from 1, or follow them before the first that counts."""
        if self.rule.every_step:
            return
        if epoch >= self.rule.first_epoch:
            self._take_in()
            return
        for average, now in zip(self.averages, self._tensors, strict=True):
            average.copy_(now)

    def _take_in(self) -> None:
        self.count += 1
        step_size = self.rule.step_size(self.count)
        for average, now in zip(self.averages, self._tensors, strict=True):
            average.lerp_(now, step_size)
