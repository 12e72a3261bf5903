"""Rates that rise and fall: in triangles, or once over the whole fit."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from uncertainty.components.spec import check_integer, check_number
from uncertainty.optim.schedules.base import Factor, Schedule
from uncertainty.optim.schedules.cosine import half_cosine


class Cyclical(Schedule):
    """Triangles between `min_factor` of the rate and the rate itself, one every 2 * step_size epochs.

    Parameters
    ----------
    mode : "triangular", "triangular2" or "exp_range", default "triangular"
        Whether the height of the triangles stays, is halved after each, or falls by `gamma` an epoch.
    step_size : int, default 4
        Epochs of half a cycle; 2 to 10 is usual.
    min_factor : float in [0, 1], default 0.25
        Where triangles stand; they begin there. A learning-rate range test says how far up and down to go.
    gamma : float in (0, 1], default 0.99
        For "exp_range"; an epoch's, spread evenly over its batches.

    References
    ----------
    Smith (2017), Cyclical learning rates for training neural networks, section 3.
    """

    short_name = "cyclical"

    def __init__(
        self,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        step_size: int = 4,
        min_factor: float = 0.25,
        gamma: float = 0.99,
    ) -> None:
        self.mode = mode
        self.step_size = step_size
        self.min_factor = min_factor
        self.gamma = gamma

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        half = check_integer("step_size", self.step_size) * steps_per_epoch
        low = check_number("min_factor", self.min_factor, high=1.0)
        gamma = check_number("gamma", self.gamma, low_open=True, high=1.0)
        if self.mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(f"mode must be 'triangular', 'triangular2' or 'exp_range', got {self.mode!r}.")
        ratio = {"triangular": 1.0, "triangular2": 0.5, "exp_range": gamma}[self.mode]
        steps_per_ratio = steps_per_epoch if self.mode == "exp_range" else 2 * half

        def factor(step: int) -> float:
            elapsed = step / steps_per_ratio if self.mode == "exp_range" else step // steps_per_ratio
            height = 1.0 - abs(step % (2 * half) / half - 1.0)
            return low + (1.0 - low) * height * ratio**elapsed

        return factor


class OneCycle(Schedule):
    """Up to the full rate and down to almost nothing, once over all epochs of the fit.

    The rates in the middle are too large to stay at: they are meant to regularize. `learning_rate_init` is the largest
    one, and may be several times what a constant rate could be. The momentum stays as it is.

    Parameters
    ----------
    warmup_fraction : float in (0, 1), default 0.3
        Share of the steps on the way up.
    initial_factor : float in [0, 1], default 0.04
    final_factor : float in [0, 1], default 4e-6
    shape : "cosine" or "linear", default "cosine"
        Of each way.
    three_phases : bool, default False
        Go down to `initial_factor` as fast as up, and from there to `final_factor` in the steps that are left, as in
        the paper; `warmup_fraction` is then at most 0.5.

    References
    ----------
    Smith & Topin (2019), Super-convergence: very fast training of neural networks using large learning rates.
    """

    short_name = "one_cycle"

    def __init__(
        self,
        warmup_fraction: float = 0.3,
        initial_factor: float = 0.04,
        final_factor: float = 4e-6,
        shape: Literal["cosine", "linear"] = "cosine",
        three_phases: bool = False,
    ) -> None:
        self.warmup_fraction = warmup_fraction
        self.initial_factor = initial_factor
        self.final_factor = final_factor
        self.shape = shape
        self.three_phases = three_phases

    def build(self, n_epochs: int, steps_per_epoch: int) -> Factor:
        largest, is_open = (0.5, False) if self.three_phases else (1.0, True)
        share = check_number("warmup_fraction", self.warmup_fraction, low_open=True, high=largest, high_open=is_open)
        initial = check_number("initial_factor", self.initial_factor, high=1.0)
        final = check_number("final_factor", self.final_factor, high=1.0)
        if self.shape not in ("cosine", "linear"):
            raise ValueError(f"shape must be 'cosine' or 'linear', got {self.shape!r}.")
        path = half_cosine if self.shape == "cosine" else _line
        n_steps = max(n_epochs * steps_per_epoch, 2)
        up = max(share * n_steps - 1.0, 0.0)  # as in torch, where the peak is
        turns = [(0.0, initial), (up, 1.0), (2.0 * up, initial), (n_steps - 1.0, final)]
        if not self.three_phases:
            del turns[2]

        def factor(step: int) -> float:
            for (start, value), (end, next_value) in pairwise(turns):
                if step <= end and end > start:
                    return path((step - start) / (end - start), value, next_value)
            return final

        return factor


def _line(progress: float, start: float, end: float) -> float:
    return start + (end - start) * progress
