"""Everything the loop needs to know about how to train, checked and resolved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from uncertainty.optim.averaging import Averaging
from uncertainty.optim.base import OptimizerSpec
from uncertainty.optim.schedules import Schedule
from uncertainty.training.result import TrainingResult
from uncertainty.training.time_budget import TimeBudget


@dataclass(frozen=True)
class EpochState:
    """What a hook or a watcher sees at the end of an epoch; return True to stop.

    `train_loss` and `validation_loss` (None without validation rows) are means over the members still training, and so
    is the `learning_rate` of the epoch's last step, back-offs after failures left out.
    `values` [M, P] and `statistics` [M, Q], averages where weights are averaged, are live buffers: copy what is to be
    kept. `restore(values, statistics)` puts others in the place of those in training and of their averages.
    `moment()` copies the weights of all members: of those still training as they are now, of the others as they stay.
    """

    epoch: int
    max_epochs: int
    train_loss: float
    validation_loss: float | None
    learning_rate: float
    n_training: int
    values: Tensor
    statistics: Tensor
    restore: Callable[[Tensor, Tensor], None]
    moment: Callable[[], TrainingResult]


Hook = Callable[[EpochState], bool]


class Watcher:
    """Someone who looks on, between the epochs; as it stands, without a word.

    A hook is a part of training that sees an epoch before members are retired. Watchers come when all is settled: they
    may take their time, and be interrupted.
    """

    def begin_epoch(self, epoch: int) -> None:
        """An epoch, counted from 1, is about to begin."""

    def end_epoch(self, state: EpochState) -> bool:
        """An epoch is over; whether to stop training."""
        return False


@dataclass(frozen=True)
class TrainingPlan:
    """Options of one fit.

    `patience` counts epochs without an improvement of at least `tol` in the monitored loss: the validation loss where
    there are validation rows, which also restores each member's best weights, else the training loss. None never
    stops. With `averaging` the running average of a member's weights stands for them everywhere but in training.
    `backs_off` takes back an epoch with a non-finite step and halves the rate; without it such an epoch is a member's
    last, and its weights may end non-finite: for diagnostics, which want to see it happen. Training ends with the epoch
    in which the `time_budget` is spent. `cycle_ends` are the epochs that end a cycle, where a run is made of several.
    """

    batch_size: int
    max_epochs: int
    learning_rate: float
    optimizer: OptimizerSpec
    schedule: Schedule
    alpha: float
    l1_ratio: float
    tol: float
    patience: int | None
    averaging: Averaging | None = None
    backs_off: bool = True
    adversarial_perturbation: Tensor | None = None
    on_epoch_end: tuple[Hook, ...] = ()
    watchers: tuple[Watcher, ...] = ()
    time_budget: TimeBudget | None = None
    cycle_ends: tuple[int, ...] = ()
