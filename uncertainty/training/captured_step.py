"""A training step recorded once on a GPU and replayed.

A step of a small network is some forty kernels that each run for a few microseconds and take longer than that to
launch. A CUDA graph launches them all at once.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from uncertainty.components.layer import Batch

Step = Callable[[Batch, float | Tensor], None]

# Steps made one kernel at a time first: libraries set themselves up, and layers allocate their memory.
WARM_UP_STEPS = 3


def record_graph(call: Callable[[], None]) -> Callable[[], None]:
    """Record the kernels of `call`, without running them, as a CUDA graph; return what runs them."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        call()
    return graph.replay


class CapturedStep:
    """`step(batch, rate)` for batches of one shape as a replay, and as it stands for batches of any other.

    `step` must keep all state that changes from call to call on the device, and `settled` says from when on it does.
    A step that cannot be recorded (a head that asks for a number on the host, say) is run as it stands, with a warning.
    """

    def __init__(
        self,
        step: Step,
        batch_size: int,
        settled: Callable[[], bool],
        record: Callable[[Callable[[], None]], Callable[[], None]] = record_graph,
    ) -> None:
        self._step = step
        self._batch_size = batch_size
        self._settled = settled
        self._record = record
        self._n_warm = 0
        self._replay: Callable[[], None] | None = None
        self._failed = False

    def __call__(self, batch: Batch, rate: float | Tensor) -> None:
        fits = batch.x.shape[1] == self._batch_size
        if self._replay is None and fits and self._n_warm >= WARM_UP_STEPS and self._settled() and not self._failed:
            self._capture(batch)
        if self._replay is None or not fits:
            self._n_warm += fits
            self._step(batch, rate)
            return
        for static, given in zip(_tensors(self._batch), _tensors(batch), strict=True):
            static.copy_(given)
        self._rate.fill_(rate)
        self._replay()

    def _capture(self, batch: Batch) -> None:
        self._batch = _copy(batch)
        self._rate = torch.zeros((), device=batch.x.device)  # in the single precision that fused optimizers read
        try:
            self._replay = self._record(lambda: self._step(self._batch, self._rate))
        except RuntimeError as error:
            self._failed = True
            warnings.warn(f"the training step cannot be captured, and runs slower for it: {error}", stacklevel=2)


def _copy(batch: Batch) -> Batch:
    weight = None if batch.weight is None else batch.weight.clone()
    masks = [None if mask is None else mask.clone() for mask in batch.masks]
    return Batch(batch.x.clone(), batch.y.clone(), weight, masks)


def _tensors(batch: Batch) -> Sequence[Tensor]:
    return [a for a in (batch.x, batch.y, batch.weight, *batch.masks) if a is not None]
