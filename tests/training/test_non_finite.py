"""Steps that are not finite never reach the weights; they back off, and they do not pass in silence."""

import re

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from uncertainty.heads.gaussian import GaussianHead
from uncertainty.optim import EMA, SGD, Adam, Nadam, ReduceOnPlateau, RMSprop
from uncertainty.training.whole import WholeStack

CORRECTED = SGD(momentum_form="average", bias_correction=True)
FULL_BATCH = {"batch_size": 50, "optimizer": SGD(momentum=0.0, nesterov=False)}


class Failing(GaussianHead):
    """A Gaussian head whose score is `value` for one member at some of its steps (numbered from 0)."""

    def __init__(self, member, steps, value=float("nan")):
        super().__init__(1, 1e-3, constant_variance=False)
        self.member, self.steps, self.value, self.n_calls = member, steps, value, 0

    def nll_and_score(self, raw, y):
        nll, score = super().nll_and_score(raw, y)
        if self.n_calls in self.steps:
            score[self.member, 0, 0] = self.value
        self.n_calls += 1
        return nll, score


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_member_with_a_bad_step_returns_to_the_epochs_start_at_half_the_rate(fit, value):
    head = Failing(member=1, steps={0}, value=value)
    seen = []
    options = {**FULL_BATCH, "learning_rate": 0.1, "max_epochs": 2}
    fitted = fit(range(3), head=head, on_epoch_end=(lambda s: seen.append(s.values.clone()) or False,), **options)
    healthy = fit(range(3), **options)
    assert_array_equal(seen[0][1], fitted.start[0][1])
    half = fit(range(3), **{**options, "max_epochs": 1, "learning_rate": 0.05})
    assert_allclose(fitted.values[1], half.values[1], rtol=1e-12)
    assert_array_equal(fitted.values[[0, 2]], healthy.values[[0, 2]])  # the others never notice


@pytest.mark.parametrize("normalization", [None, "batch"])
@pytest.mark.parametrize("optimizer", [Adam(), SGD(), RMSprop(), Nadam(), CORRECTED], ids=repr)
def test_after_a_bad_first_epoch_a_member_starts_afresh(fit, optimizer, normalization):
    # Moments and averages that are back at zero must be corrected as those of a first step are.
    options = {"batch_size": 50, "optimizer": optimizer, "normalization": normalization}
    fitted = fit(range(3), head=Failing(member=1, steps={0}), max_epochs=3, learning_rate=0.02, **options)
    half = fit(range(3), max_epochs=2, learning_rate=0.01, **options)
    assert_allclose(fitted.values[1], half.values[1], rtol=1e-10, atol=1e-12)
    assert_allclose(fitted.statistics[1], half.statistics[1], rtol=1e-10, atol=1e-12)
    assert fitted.result.optimizer_state["n_steps"] == [3, 2, 3]


def test_a_gradient_whose_norm_overflows_is_a_failure_under_clipping_too(fit):
    # Every entry of it is finite, and clipped to the norm it would be a step of zero that nobody hears of.
    head = Failing(member=1, steps={0}, value=1e30)
    options = {**FULL_BATCH, "dtype": torch.float32, "optimizer": SGD(clip_norm=1.0), "max_epochs": 2}
    assert fit(range(3), head=head, **options).result.optimizer_state["n_steps"] == [2, 1, 2]


def test_a_loss_that_overflows_is_an_error_under_clipping_too(fit, rows):
    made = rows(50, torch.float32)
    made.y[-1] = 1e30
    with pytest.raises(FloatingPointError, match="had no finite loss"):
        fit(range(2), rows=made, dtype=torch.float32, hidden=(), optimizer=Adam(clip_norm=1.0), max_epochs=3)


@pytest.mark.parametrize(
    "optimizer", [Adam(), Adam(amsgrad=True), RMSprop(), SGD(), Nadam(), Adam(clip_norm=1.0, max_norm=1.0)], ids=repr
)
def test_a_bad_step_leaves_no_trace_in_the_optimizer(fit, optimizer):
    fitted = fit(range(2), head=Failing(member=1, steps={2}), optimizer=optimizer, max_epochs=3)
    assert np.isfinite(fitted.values).all()
    assert np.abs(fitted.values[1] - fitted.start[0][1].numpy()).max() > 1e-3  # it trains on after the bad epoch
    for state in fitted.result.optimizer_state.values():
        assert np.isfinite(state).all()


def test_no_hook_ever_sees_a_non_finite_weight(fit):
    finite = []
    fit(
        range(2),
        head=Failing(member=0, steps=set(range(1, 40, 7))),
        max_epochs=8,
        normalization="batch",
        on_epoch_end=(
            lambda s: (
                finite.append(bool(torch.isfinite(s.values).all() and torch.isfinite(s.statistics).all())) or False
            ),
        ),
    )
    assert finite == [True] * 8


def poisoned(rows):
    """Rows of which the last overflows float32 in any network, and an index that spares member 0."""
    made = rows(50, torch.float32)
    made.x[-1] = 3e38
    index = np.tile(np.arange(50), (2, 1))
    index[0, -1] = 0
    return made, index


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_a_member_that_always_fails_is_stopped_with_a_warning_and_keeps_its_best_weights(fit, rows, normalization):
    made, index = poisoned(rows)
    options = {
        "dtype": torch.float32,
        "activation": "relu",
        "n_validation": 10,
        "max_epochs": 30,
        "normalization": normalization,
    }
    with pytest.warns(ConvergenceWarning, match=re.escape("members [1] had non-finite gradients in [11] of 30 epochs")):
        fitted = fit(range(2), rows=made, index=index, **options)
    assert np.isfinite(fitted.values).all()
    assert np.isfinite(fitted.statistics).all()
    assert_array_equal(fitted.values[1], fitted.start[0][1])
    assert fitted.result.history[-1]["n_training"] == 1
    spared = fit([0], rows=made, index=index[:1], **options)
    assert_allclose(fitted.values[0], spared.values[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("max_epochs", [3, 30])
def test_a_member_without_any_finite_loss_is_an_error(fit, rows, max_epochs):
    made, index = poisoned(rows)
    with pytest.raises(FloatingPointError, match=r"members \[1\] of the GaussianHead had no finite loss"):
        fit(range(2), rows=made, index=index, dtype=torch.float32, activation="relu", max_epochs=max_epochs)


@pytest.mark.parametrize("plan", [{"max_epochs": 5}, {"max_epochs": 30, "patience": 3}], ids=["short", "impatient"])
def test_a_member_that_never_made_a_step_is_not_passed_over_in_silence(fit, rows, plan):
    made, index = poisoned(rows)
    with pytest.warns(ConvergenceWarning, match=re.escape("members [1]")):
        fit(range(2), rows=made, index=index, dtype=torch.float32, activation="relu", n_validation=10, **plan)


def test_backing_off_saves_a_fit_whose_rate_is_too_large(fit):
    # At the full rate the weights overflow within an epoch; some halvings later they do not.
    options = {"hidden": (), "dtype": torch.float32, "optimizer": SGD(momentum=0.0), "batch_size": 2, "max_epochs": 9}
    seen = []
    fitted = fit(
        [0],
        learning_rate=10.0,
        on_epoch_end=(lambda s: seen.append(s.values.clone()) or False,),
        **options,
    )
    assert_array_equal(seen[0], fitted.start[0])
    assert (seen[-1] != fitted.start[0]).any()
    assert np.isfinite(fitted.values).all()


@pytest.mark.parametrize("steps", [{0}, {2}, {0, 1, 2, 3}], ids=str)
def test_a_bad_step_in_a_single_pass_is_a_warning_not_an_error(fit, steps):
    # One pass is all that a call of partial_fit makes: there is no later epoch at half the rate.
    with pytest.warns(ConvergenceWarning, match=re.escape("members [1] had non-finite gradients in [1] of 1 epochs")):
        fitted = fit(range(2), head=Failing(member=1, steps=steps), max_epochs=1)
    assert_array_equal(fitted.values[1], fitted.start[0][1])
    assert np.abs(fitted.values[0] - fitted.start[0][0].numpy()).max() > 1e-3


def test_without_back_off_a_bad_step_stays_and_ends_its_member(fit):
    fitted = fit(range(2), head=Failing(member=1, steps={1}), backs_off=False, max_epochs=4, **FULL_BATCH)
    assert [record["n_training"] for record in fitted.result.history] == [2, 2, 1, 1]
    assert np.isnan(fitted.values[1]).any()
    healthy = fit(range(2), max_epochs=4, **FULL_BATCH)
    assert_array_equal(fitted.values[0], healthy.values[0])


def test_without_back_off_a_run_without_any_finite_loss_ends_in_silence(fit):
    fitted = fit(range(1), head=Failing(member=0, steps={0}), backs_off=False, max_epochs=4, **FULL_BATCH)
    assert len(fitted.result.history) == 1


class FailingInBoth(GaussianHead):
    """A Gaussian head with a warm-up, whose score is not finite in some of the epochs that `failing` counts."""

    def __init__(self, failing, **options):
        super().__init__(1, 1e-3, constant_variance=False, **options)
        self.failing = failing

    def in_warmup(self):
        return FailingInBoth(self.failing, mean_only=True)

    def nll_and_score(self, raw, y):
        nll, score = super().nll_and_score(raw, y)
        if self.failing["epoch"] in self.failing["epochs"]:
            score[:] = torch.nan
        return nll, score


def test_a_failed_epoch_leaves_no_trace_with_all_that_has_a_state(fit, monkeypatch):
    failing, seen = {"epoch": 0, "epochs": ()}, []
    run_epoch = WholeStack.run_epoch

    def watched(stack):
        failing["epoch"] += 1
        outcome = run_epoch(stack)
        tensors = {**stack.optimizer.buffers, "values": stack.values, "statistics": stack.statistics}
        tensors |= {f"average {i}": average for i, average in enumerate(stack.averages)}
        seen.append(({name: tensor.clone() for name, tensor in tensors.items()}, stack.standings))
        return outcome

    monkeypatch.setattr(WholeStack, "run_epoch", watched)
    options = {"averaging": EMA(0.9), "schedule": ReduceOnPlateau(factor=0.5, patience=0, tol=1e9), "max_epochs": 8}
    options |= {"normalization": "batch", "optimizer": Nadam(), "batch_size": 50}

    def run(epochs):
        failing.update(epoch=0, epochs=epochs)
        seen.clear()
        fit([1], head=FailingInBoth(failing, mean_warmup=3), **options)
        return list(seen)

    for epochs in ((2,), (3, 4), (6,)):  # in the warm-up, at its end, and after it
        states = run(epochs)
        for epoch in epochs:
            (before, standing), (after, standing_after) = states[epoch - 2 : epoch]
            for name, tensor in before.items():
                assert torch.equal(tensor, after[name]), name
            assert standing_after[0] == standing[0]._replace(
                back_off=standing[0].back_off / 2, scheduled=standing_after[0].scheduled
            )
        last = states[-1][1][0]
        assert (last.n_epochs, last.back_off) == (8 - len(epochs), 0.5 ** len(epochs))
        assert last.n_steps == last.n_averaged == last.n_epochs - 3


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_a_member_that_failed_in_one_call_has_its_own_counts_in_the_next(fit, normalization):
    # A call for each epoch, as partial_fit makes them: the lost one counts neither in the warm-up nor in an average.
    def passes(n_passes, last=None):
        for _ in range(n_passes):
            made = last.result if last is not None else None
            counts = {} if made is None else {"n_updates": made.n_updates, "n_epochs": made.n_epochs}
            state = {} if made is None else {"start": (made.values, made.statistics), **counts}
            state |= {} if made is None else {"optimizer_state": made.optimizer_state}
            last = fit(range(3), head=GaussianHead(1, 1e-3, constant_variance=False, mean_warmup=2), **options, **state)
        return last

    options = {"max_epochs": 1, "batch_size": 50, "normalization": normalization, "averaging": EMA(0.9)}
    with pytest.warns(ConvergenceWarning, match=re.escape("members [1] had non-finite gradients")):
        first = fit(range(3), head=Failing(member=1, steps={0}), **options)
    late, healthy = passes(4, first), passes(4)
    assert_allclose(late.values[1], healthy.values[1], rtol=1e-10, atol=1e-12)
    assert_allclose(late.statistics[1], healthy.statistics[1], rtol=1e-10, atol=1e-12)
    assert late.result.optimizer_state["n_epochs"] == [5, 4, 5]
