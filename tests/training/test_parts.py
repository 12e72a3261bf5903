"""A stack that is shared out among threads, or among learning rates, is the same stack."""

import gc
import threading
import weakref

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from uncertainty.heads import Gaussian
from uncertainty.heads.base import Head
from uncertainty.heads.gaussian import GaussianHead
from uncertainty.optim import EMA, Nadam
from uncertainty.training import Augmentation, whole
from uncertainty.training.part import Part

VARIANTS = {
    "plain": {},
    "batch norm, dropout and weights": {"normalization": "batch", "dropout": 0.3, "weighted": True},
    "members that retire": {"patience": 2, "tol": 1e-2, "max_epochs": 40, "learning_rate": 3e-2},
    "averages of members that retire": {"averaging": EMA(0.9), "patience": 2, "tol": 1e-2, "max_epochs": 40},
    "float32": {"dtype": torch.float32, "activation": "silu"},
    # Members begin anywhere between the 64 bytes that memory is aligned to, by which matrix products round.
    "odd widths": {"dtype": torch.float32, "hidden": (37, 251), "batch_size": 13, "normalization": "batch"},
    "odd widths, dropout": {"dtype": torch.float32, "hidden": (51, 33), "batch_size": 7, "dropout": 0.2},
    "augmentation": {"dtype": torch.float32, "augmentation": Augmentation(0.4, 0.2, 0.1, 0.2), "weighted": True},
    "odd widths, limits": {
        "dtype": torch.float32,
        "hidden": (37, 51),
        "batch_size": 13,
        "optimizer": Nadam(max_norm=0.9, clip_norm=1.0),
        "alpha": 0.01,
        "l1_ratio": 0.5,
    },
    "odd widths, linear": {"dtype": torch.float32, "hidden": (), "batch_size": 7, "weighted": True},
}


HEADS = {
    "beta": {"dtype": torch.float32, "head": Gaussian(beta=0.3).build(1), "batch_size": 7},
    "warm-up": {"dtype": torch.float32, "head": Gaussian(mean_warmup=2).build(1)},
}


@pytest.fixture
def on_threads(monkeypatch):
    """Sets the number of threads that any fit is worth."""
    return lambda n_threads: monkeypatch.setattr(whole, "training_threads", lambda work, limit: n_threads)


@pytest.mark.parametrize("variant", [*VARIANTS, *HEADS])
@pytest.mark.parametrize("n_threads", [2, 3, 8])
def test_no_bit_depends_on_the_number_of_threads(fit, on_threads, variant, n_threads):
    options = {"n_validation": 15, **(VARIANTS | HEADS)[variant]}
    alone = fit(range(5), **options)
    on_threads(n_threads)
    shared = fit(range(5), **options)
    assert_array_equal(shared.values, alone.values)
    assert_array_equal(shared.statistics, alone.statistics)
    assert_array_equal(shared.result.best_epochs, alone.result.best_epochs)
    for record, expected in zip(shared.result.history, alone.result.history, strict=True):
        assert record == pytest.approx(expected, rel=1e-6)  # the loss is reported to rounding


class Spy(GaussianHead):
    """Notes which threads ask for a score, and waits for the others there."""

    def __init__(self, n_threads):
        super().__init__(1, 1e-3, constant_variance=False)
        self.seen, self.barrier = set(), threading.Barrier(n_threads, timeout=20)

    def nll_and_score(self, raw, y):
        if threading.get_ident() not in self.seen:
            self.seen.add(threading.get_ident())
            self.barrier.wait()  # breaks unless as many threads train at the same time
        return super().nll_and_score(raw, y)


def test_parts_train_at_the_same_time(fit, on_threads):
    on_threads(2)
    torch.set_num_threads(2)  # the limit in force
    head = Spy(2)
    fit(range(4), head=head, max_epochs=1)
    assert len(head.seen) == 2


class FailingByMember(GaussianHead):
    """A head whose score is not finite at some steps of the stack of three members that holds them all."""

    def __init__(self):
        super().__init__(1, 1e-3, constant_variance=False)
        self.n_calls = 0

    def nll_and_score(self, raw, y):
        nll, score = super().nll_and_score(raw, y)
        if self.n_calls == 1:
            score[1] = torch.nan
        self.n_calls += 1
        return nll, score


@pytest.mark.parametrize("variant", VARIANTS)
def test_members_around_one_that_backs_off_keep_every_bit(fit, variant):
    # The one in the middle then has a learning rate of its own, which makes three parts of the stack.
    options = {"max_epochs": 5, **VARIANTS[variant]}
    healthy = fit(range(3), **options)
    broken = fit(range(3), head=FailingByMember(), **options)
    assert_array_equal(broken.values[[0, 2]], healthy.values[[0, 2]])
    assert (broken.values[1] != healthy.values[1]).any()


class NoClosedForm(GaussianHead):
    """The Gaussian head by way of the default, autograd score."""

    nll_and_score = Head.nll_and_score


@pytest.mark.parametrize("weighted", [False, True])
def test_a_head_without_a_closed_form_trains_all_the_same(fit, weighted):
    options = {"weighted": weighted, "n_validation": 10, "dropout": 0.2}
    by_autograd = fit(range(2), head=NoClosedForm(1, 1e-3, constant_variance=False), **options)
    closed = fit(range(2), **options)
    np.testing.assert_allclose(by_autograd.values, closed.values, rtol=1e-9, atol=1e-11)


class Remembering(NoClosedForm):
    """A head that keeps a tensor from one call to the next, whoever makes the first."""

    cached = None

    def log_prob(self, raw, y):
        if self.cached is None:
            self.cached = torch.ones_like(raw[0, 0])
        return super().log_prob(raw * self.cached, y)


def test_a_head_may_keep_a_tensor_that_it_made(fit):
    fitted = fit(range(2), head=Remembering(1, 1e-3, constant_variance=False), n_validation=10)
    np.testing.assert_allclose(fitted.values, fit(range(2), n_validation=10).values, rtol=1e-9, atol=1e-11)


def test_parts_are_gone_when_the_fit_is(fit, monkeypatch):
    made = []

    class Watched(Part):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(weakref.ref(self))

    monkeypatch.setattr(whole, "Part", Watched)
    gc.disable()  # nothing but the last reference frees them
    try:
        fit(range(5), **{"n_validation": 15, **VARIANTS["members that retire"]})
        assert len(made) > 1
        assert [part() for part in made] == [None] * len(made)
    finally:
        gc.enable()
