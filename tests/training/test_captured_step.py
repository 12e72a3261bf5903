"""Replayed steps against steps as they stand. The recording is replaced by one that any machine can make."""

import numpy as np
import pytest
import torch

from uncertainty.components import Dropout, Maxout, Residual
from uncertainty.components.layer import Batch, Scratch
from uncertainty.heads import Categorical, Gaussian
from uncertainty.heads.gaussian import GaussianHead
from uncertainty.optim import EMA, SGD, SWA, Adam, Nadam
from uncertainty.training import Augmentation, Rows, whole
from uncertainty.training.captured_step import CapturedStep, GraphRecorder
from uncertainty.training.part import Part

RATE = {"learning_rate": 2.0**-7}  # exact in single precision, in which recorded steps read it


class Recorder(GraphRecorder):
    """Records by keeping the call: like a graph, it runs nothing until it is replayed, on what was recorded."""

    def __init__(self):
        self.n_recorded = self.n_replayed = 0

    def _record(self, call, device):
        self.n_recorded += 1

        def replay():
            self.n_replayed += 1
            call()

        return replay


@pytest.fixture
def recorder(monkeypatch):
    """Makes every part replay its steps, as it does on a GPU."""
    made = Recorder()
    monkeypatch.setattr(whole, "Part", lambda *arguments: Part(*arguments[:-1], made))
    return made


BLOCKS = {"hidden": (6, 5, 6), "blocks": Residual(0.4).build((6, 5, 6))}

VARIANTS = {
    "plain": {},
    "batch norm": {"normalization": "batch"},
    "dropout and weights": {"dropout": 0.3, "weighted": True},
    "momentum and decay": {"optimizer": SGD(weight_decay=0.1, clip_norm=0.5), "alpha": 0.1, "l1_ratio": 0.5},
    "amsgrad": {"optimizer": Adam(amsgrad=True, weight_decay=0.1)},
    "beta": {"head": Gaussian(beta=0.3).build(1)},
    "augmentation": {"augmentation": Augmentation(0.4, 0.2, 0.1, 0.2), "weighted": True},
    "nadam and limits": {"optimizer": Nadam(max_norm=0.5, clip_norm=0.5), "alpha": 0.1, "l1_ratio": 0.5},
    "corrected momentum": {"optimizer": SGD(momentum_form="average", bias_correction=True)},
    "average of steps": {"averaging": EMA(0.9)},
    "average of epochs": {"averaging": SWA(start=0.4)},
    "adversarial": {"adversarial_perturbation": torch.full((3,), 0.05, dtype=torch.float64), "normalization": "batch"},
    "weights dropped, slopes random": {"dropout": Dropout(0.3, 0.2, "connect"), "activation": "rrelu"},
    "rates and slopes learned": {"dropout": Dropout(0.3, kind="concrete"), "activation": "prelu"},
    "blocks of maxout": {"activation": Maxout(3), "dropout": 0.2, **BLOCKS},
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("n_rows", [50, 49, 48])  # a short last batch, one that is a row longer, none of another size
def test_a_fit_of_replayed_steps_is_the_fit(fit, recorder, monkeypatch, variant, n_rows):
    options = {"n_rows": n_rows, "batch_size": 8, "max_epochs": 5, "n_validation": 10, **RATE, **VARIANTS[variant]}
    replayed = fit(range(3), **options)
    assert recorder.n_recorded == 1
    n_full = {50: 6, 49: 5, 48: 6}[n_rows]
    # Batch normalization's averages are settled after ten batches.
    n_first = 10 if "normalization" in options else 0
    assert 4 * n_full - n_first <= recorder.n_replayed <= 4 * n_full  # none in the first epoch
    monkeypatch.undo()
    plain = fit(range(3), **options)
    np.testing.assert_allclose(replayed.values, plain.values, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(replayed.statistics, plain.statistics, rtol=1e-12, atol=1e-14)
    assert replayed.result.n_updates == plain.result.n_updates


def test_the_steps_of_a_warm_up_are_recorded_apart_from_those_after_it(fit, recorder, monkeypatch):
    options = {"head": Gaussian(mean_warmup=3).build(1), "batch_size": 8, "max_epochs": 6, **RATE}
    replayed = fit(range(3), **options)
    assert recorder.n_recorded == 2
    monkeypatch.undo()
    np.testing.assert_allclose(replayed.values, fit(range(3), **options).values, rtol=1e-12, atol=1e-14)


def test_targets_that_are_mixed_classes_are_replayed_too(fit, recorder, monkeypatch, rows):
    made = rows(50)
    made = Rows(made.x, (made.x[:, :1] > 0.5).double() + (made.x[:, :1] > -0.5))
    options = {
        "head": Categorical(label_smoothing=0.1).build(1, 3),
        "rows": made,
        "augmentation": Augmentation(mixup=0.4),
        "batch_size": 8,
    }
    replayed = fit(range(3), **options, **RATE)
    assert recorder.n_replayed > 10
    monkeypatch.undo()
    np.testing.assert_allclose(replayed.values, fit(range(3), **options, **RATE).values, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("n_rows", [50, 49, 48])
@pytest.mark.parametrize("variant", list(VARIANTS)[-3:])
def test_what_is_recorded_keeps_its_memory(fit, recorder, monkeypatch, n_rows, variant):
    # A graph holds addresses: scratch memory that is allocated anew after the recording would be somebody else's.
    allocate, late = Scratch._allocate, []

    def watched(self, shape):
        before = self._memory.data_ptr()
        view = allocate(self, shape)
        late.append(recorder.n_recorded > 0 and self._memory.data_ptr() != before)
        return view

    monkeypatch.setattr(Scratch, "_allocate", watched)
    fit(range(3), n_rows=n_rows, batch_size=8, max_epochs=3, normalization="batch", **VARIANTS[variant])
    assert recorder.n_recorded == 1
    assert len(late) > 10
    assert not any(late)


def test_a_step_that_cannot_be_recorded_runs_as_it_stands_with_one_warning():
    calls = []

    class Refusing(GraphRecorder):
        def _record(self, call, device):
            raise RuntimeError("operation not permitted when stream is capturing")

    recorder = Refusing()
    batch = Batch(torch.zeros(1, 4, 2), torch.zeros(1, 4, 1), None, [], 4)

    def step(batch, rate):
        calls.append(rate)

    with pytest.warns(UserWarning, match="cannot be captured, and runs slower"):
        CapturedStep(recorder, 4)(step, batch, 0.5, settled=True)
    for part in (CapturedStep(recorder, 4), CapturedStep(recorder, 4)):  # later parts of the same fit do not try
        part(step, batch, 0.25, settled=True)
    assert calls == [0.5, 0.25, 0.25]


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
