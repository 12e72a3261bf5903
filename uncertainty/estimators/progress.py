"""What a fit prints on its way, for `verbose`."""

from __future__ import annotations

import math

from uncertainty.training import EpochState, TimeBudget, TrainingResult, Watcher

N_LINES = 10


class PrintedProgress(Watcher):
    """Prints the state of a fit of `n_members` networks: at level 1 about ten lines, at level 2 a line an epoch."""

    def __init__(self, level: int, clock: TimeBudget, n_members: int) -> None:
        self._level = level
        self._clock = clock
        self._n_members = n_members

    def end_epoch(self, state: EpochState) -> bool:
        """Print a line if it is time for one."""
        if self._level > 1 or is_time_for_a_line(state.epoch, state.max_epochs):
            print(self._line(state), flush=True)
        return False

    def _line(self, state: EpochState) -> str:
        width = len(str(state.max_epochs))
        parts = [f"train NLL {state.train_loss:.4f}"]
        if state.validation_loss is not None:
            parts.append(f"held-out NLL {state.validation_loss:.4f}")
        if self._level > 1:
            parts.append(f"learning rate {state.learning_rate:.2e}")
        if self._n_members > 1:
            parts.append(f"{state.n_training} of {self._n_members} members training")
        elapsed = self._clock.elapsed()
        parts.append(duration(elapsed))
        if state.epoch < state.max_epochs:
            left = elapsed / state.epoch * (state.max_epochs - state.epoch)
            parts.append(f"at most {duration(min(left, self._clock.left()))} left")
        return f"epoch {state.epoch:>{width}}/{state.max_epochs}: {', '.join(parts)}"

    def close(self, result: TrainingResult, max_epochs: int) -> None:
        """Print how long it was in the end: members may have stopped before the last epoch."""
        print(f"{len(result.history)} of {max_epochs} epochs in {duration(self._clock.elapsed())}", flush=True)


def is_time_for_a_line(epoch: int, max_epochs: int) -> bool:
    """Whether level 1 shows an epoch: the first one, and those in which another tenth of the way is done."""
    return epoch == 1 or N_LINES * epoch // max_epochs > N_LINES * (epoch - 1) // max_epochs


def duration(seconds: float) -> str:
    """Return a time as it is read at a glance, such as "2 min 05 s"."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(math.floor(seconds + 0.5), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
