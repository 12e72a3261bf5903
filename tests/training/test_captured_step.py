"""Replayed steps against steps as they stand. The recording is replaced by one that any machine can make."""

import numpy as np
import pytest
import torch

from uncertainty.components.layer import Batch
from uncertainty.heads.gaussian import GaussianHead
from uncertainty.optim import SGD, Adam
from uncertainty.training import part
from uncertainty.training.captured_step import WARM_UP_STEPS, CapturedStep

RATE = {"learning_rate": 2.0**-7}  # exact in single precision, in which recorded steps read it


class Recorder:
    """Records by keeping the call: like a graph, it runs nothing until it is replayed, on what was recorded."""

    def __init__(self):
        self.n_recorded = self.n_replayed = 0

    def __call__(self, call):
        self.n_recorded += 1

        def replay():
            self.n_replayed += 1
            call()

        return replay


@pytest.fixture
def recorder(monkeypatch):
    """Makes every part replay its steps, as it does on a GPU."""
    made = Recorder()

    class Replaying(part.Part):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self._make_step = self._captured(self._step)

    monkeypatch.setattr(part.CapturedStep.__init__, "__defaults__", (made,))
    monkeypatch.setattr("uncertainty.training.loop.Part", Replaying)
    return made


VARIANTS = {
    "plain": {},
    "batch norm": {"normalization": "batch"},
    "dropout and weights": {"dropout": 0.3, "weighted": True},
    "momentum and decay": {"optimizer": SGD(weight_decay=0.1, clip_norm=0.5), "alpha": 0.1, "l1_ratio": 0.5},
    "amsgrad": {"optimizer": Adam(amsgrad=True, weight_decay=0.1)},
    "adversarial": {"adversarial_perturbation": torch.full((3,), 0.05, dtype=torch.float64), "normalization": "batch"},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_fit_of_replayed_steps_is_the_fit(fit, recorder, variant):
    options = {"n_rows": 50, "batch_size": 8, "max_epochs": 5, "n_validation": 10, **RATE, **VARIANTS[variant]}
    replayed = fit(range(3), **options)
    assert recorder.n_recorded == 1
    n_full = 5 * 6  # the last batch of an epoch has two rows, and is no replay
    # Batch normalization's averages are settled after ten batches.
    least = n_full - 12 if "normalization" in options else n_full - WARM_UP_STEPS
    assert least <= recorder.n_replayed <= n_full - WARM_UP_STEPS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("uncertainty.training.loop.Part", part.Part)
        plain = fit(range(3), **options)
    np.testing.assert_allclose(replayed.values, plain.values, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(replayed.statistics, plain.statistics, rtol=1e-12, atol=1e-14)
    assert replayed.result.n_updates == plain.result.n_updates


def test_a_step_that_cannot_be_recorded_runs_as_it_stands_with_one_warning():
    calls = []

    def refuse(call):
        raise RuntimeError("operation not permitted when stream is capturing")

    step = CapturedStep(lambda batch, rate: calls.append(rate), 4, lambda: True, refuse)
    batch = Batch(torch.zeros(1, 4, 2), torch.zeros(1, 4, 1), None, [])
    for _ in range(WARM_UP_STEPS):
        step(batch, 0.5)
    with pytest.warns(UserWarning, match="cannot be captured, and runs slower"):
        step(batch, 0.5)
    step(batch, 0.5)
    assert calls == [0.5] * (WARM_UP_STEPS + 2)


class HeadOnTheHost(GaussianHead):
    """A head whose score depends on a number on the host."""

    def nll_and_score(self, raw, y):
        float(raw.sum())
        return super().nll_and_score(raw, y)


cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@cuda
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_fit_on_a_gpu_is_the_fit_on_the_cpu(fit, rows, variant):
    options = {"batch_size": 8, "max_epochs": 5, "n_validation": 10, **RATE, **VARIANTS[variant]}
    on_cpu = fit(range(3), **options)
    on_gpu = fit(range(3), device="cuda", **options)
    np.testing.assert_allclose(on_gpu.values, on_cpu.values, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(on_gpu.statistics, on_cpu.statistics, rtol=1e-6, atol=1e-8)


@cuda
def test_a_head_that_asks_the_host_trains_on_a_gpu_all_the_same(fit):
    with pytest.warns(UserWarning, match="cannot be captured"):
        fit(range(2), device="cuda", head=HeadOnTheHost(1, 1e-3, constant_variance=False), batch_size=8)
