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
from uncertainty.training.interruption import interrupts_deferred

Step = Callable[[Batch, float | Tensor], None]


class GraphRecorder:
    """Records calls as CUDA graphs, until one cannot be recorded: then steps of this fit run as they stand.

    A head that asks for a number on the host cannot be recorded, for one.
    """

    usable = True

    def record(self, call: Callable[[], None], device: torch.device) -> Callable[[], None] | None:
        """Record the kernels of `call`, without running them; return what runs them, or None with a warning."""
        try:
            return self._record(call, device)
        except RuntimeError as error:
            self.usable = False
            warnings.warn(f"the training step cannot be captured, and runs slower for it: {error}", stacklevel=2)
            return None

    def _record(self, call: Callable[[], None], device: torch.device) -> Callable[[], None]:
        graph = torch.cuda.CUDAGraph()
        # The outer context brings back the stream in use even where the end of the recording fails.
        with (
            interrupts_deferred(),  # what is cut off cannot be ended, and its own error would hide that of Ctrl-C
            torch.cuda.device(device),
            torch.cuda.stream(torch.cuda.current_stream(device)),
            torch.cuda.graph(graph, stream=torch.cuda.Stream(device)),
        ):
            call()
        return graph.replay


class CapturedStep:
    """A step for batches of one shape as a replay, and as it stands for batches of any other.

    All that a step changes from call to call must be in tensors, and nothing may allocate memory that outlives it once
    a step of every shape has been made.
    """

    def __init__(self, recorder: GraphRecorder, batch_size: int) -> None:
        self._recorder = recorder
        self._batch_size = batch_size
        self._replay: Callable[[], None] | None = None

    def __call__(self, step: Step, batch: Batch, rate: float, *, settled: bool) -> None:
        """Make the step; from the first time that it is `settled` on it may be recorded."""
        fits = batch.x.shape[1] == self._batch_size
        if self._replay is None and fits and settled and self._recorder.usable:
            self._batch = _copy(batch)
            self._rate = torch.zeros((), dtype=torch.float32, device=batch.x.device)  # as fused kernels read it
            held, rate_held = self._batch, self._rate
            self._replay = self._recorder.record(lambda: step(held, rate_held), batch.x.device)
        if self._replay is None or not fits:
            step(batch, rate)
            return
        for static, given in zip(_tensors(self._batch), _tensors(batch), strict=True):
            static.copy_(given)
        self._rate.fill_(rate)
        self._replay()


def _copy(batch: Batch) -> Batch:
    weight = None if batch.weight is None else batch.weight.clone()
    noise = [drawn.clone() for drawn in batch.noise]
    return Batch(batch.x.clone(), batch.y.clone(), weight, noise, batch.n_train)


def _tensors(batch: Batch) -> Sequence[Tensor]:
    return [a for a in (batch.x, batch.y, batch.weight, *batch.noise) if a is not None]
