"""Best weights, patience and hooks."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from uncertainty.optim import SGD, CosineRestarts
from uncertainty.training.stack import mean_nll

LONG = {"n_validation": 15, "max_epochs": 40, "learning_rate": 3e-2}


@pytest.mark.parametrize("options", [{}, {"normalization": "batch", "dropout": 0.2}, {"weighted": True}])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_best_weights_are_restored_and_reproduce_their_loss_exactly(fit, options, dtype):
    seen = []

    def keep(state):
        seen.append((state.values.clone(), state.statistics.clone()))
        return False

    fitted = fit(range(3), on_epoch_end=(keep,), dtype=dtype, **LONG, **options)
    path = [fitted.start, *seen]  # epoch 0 counts: a fit that only gets worse ends where it began
    losses = torch.stack([fitted.nll(*state) for state in path]).numpy()  # [E, M]
    assert_array_equal(fitted.result.best_losses, losses.min(axis=0))
    assert_array_equal(fitted.result.best_epochs, losses.argmin(axis=0))
    assert len(set(fitted.result.best_epochs.tolist())) > 1
    for m, epoch in enumerate(fitted.result.best_epochs):
        assert_array_equal(fitted.values[m], path[epoch][0][m])
        assert_array_equal(fitted.statistics[m], path[epoch][1][m])
    logged = [record["validation_loss"] for record in fitted.result.history]
    np.testing.assert_allclose(logged, losses[1:].mean(axis=1), rtol=1e-5)


def test_members_that_left_keep_their_best_weights(fit):
    fitted = fit(range(4), patience=3, tol=1e-2, **LONG)
    assert fitted.result.history[-1]["n_training"] < 4  # some left early
    assert_array_equal(fitted.nll().numpy(), fitted.result.best_losses)


@pytest.mark.parametrize("tol", [0.0, 0.02])
def test_patience_counts_epochs_without_an_improvement_of_tol(fit, tol):
    patience, seen = 4, []

    def keep(state):
        seen.append(state.validation_loss)
        return False

    # A low rate, so that improvements come in steps smaller than the larger tol.
    options = {"n_rows": 300, "batch_size": 100, "n_validation": 100, "max_epochs": 400, "learning_rate": 3e-3}
    options["tol"] = tol
    fitted = fit([0], patience=patience, on_epoch_end=(keep,), **options)
    start = fitted.nll(*fitted.start).item()
    reference, since = start, 0
    for epoch, loss in enumerate(seen, start=1):
        better = loss < reference - tol
        reference, since = (min(seen[:epoch]), 0) if better else (reference, since + 1)
        assert (since >= patience) == (epoch == len(seen))
    assert len(seen) < 400
    assert start - min(seen) > 0.1


def test_a_fit_that_only_gets_worse_ends_where_it_began(fit):
    trained = fit(range(2), n_rows=200, max_epochs=40)
    start = trained.values, trained.statistics
    with pytest.warns(ConvergenceWarning, match="no member came to predict the held-out rows better"):
        fitted = fit(range(2), start=start, optimizer=SGD(), learning_rate=-1e-2, max_epochs=5, n_validation=15)
    assert fitted.result.best_epochs.tolist() == [0, 0]
    assert_array_equal(fitted.values, fitted.start[0].numpy())


def test_without_validation_rows_patience_watches_the_training_loss_and_the_last_weights_stay(fit):
    last = []
    fitted = fit(
        [0], patience=3, tol=0.02, max_epochs=200, on_epoch_end=(lambda s: last.append(s.values.clone()) or False,)
    )
    assert 3 < len(fitted.result.history) < 200
    assert_array_equal(fitted.values, last[-1])
    losses = [record["train_loss"] for record in fitted.result.history]
    assert min(losses[-3:]) > min(losses[:-3]) - 0.02


def test_best_epochs_without_validation_rows_are_where_each_member_stopped(fit):
    options = {"patience": 3, "tol": 0.03, "max_epochs": 200}
    fitted = fit(range(4), **options)
    alone = [len(fit([m], **options).result.history) for m in range(4)]
    assert len(set(alone)) > 1
    assert fitted.result.best_epochs.tolist() == alone


def test_hooks_see_every_epoch_with_its_numbers(fit):
    seen = []
    schedule = CosineRestarts(cycle_length=2)

    def look(state):
        seen.append(state)
        return False

    fitted = fit(range(2), max_epochs=5, schedule=schedule, n_validation=15, on_epoch_end=(look,))
    assert [state.epoch for state in seen] == [1, 2, 3, 4, 5]
    assert all(state.max_epochs == 5 and state.n_training == 2 for state in seen)
    n_batches = 4  # 50 rows by 16, the last two rows a batch of their own
    factor = schedule.build(5, n_batches)
    for state, record in zip(seen, fitted.result.history, strict=True):
        assert state.learning_rate == pytest.approx(1e-2 * factor(state.epoch * n_batches - 1), rel=1e-12)
        expected = {
            "epoch": state.epoch,
            "train_loss": state.train_loss,
            "validation_loss": state.validation_loss,
            "learning_rate": state.learning_rate,
            "n_training": 2,
        }
        assert expected.items() <= record.items()
    assert not any(value is None for value in record.values())


def test_any_hook_can_stop_and_the_others_still_see_the_epoch(fit):
    first, second = [], []
    hooks = (lambda s: first.append(s.epoch) or s.epoch == 2, lambda s: second.append(s.epoch) or False)
    fitted = fit(range(2), max_epochs=9, on_epoch_end=hooks)
    assert first == second == [1, 2]
    assert len(fitted.result.history) == 2
    assert fitted.result.best_epochs.tolist() == [2, 2]


def test_train_loss_is_the_mean_over_rows_of_the_losses_met(fit):
    # At a rate of next to nothing the weights stay, so the loss met is the loss of all rows at the start.
    fitted = fit(range(2), max_epochs=1, learning_rate=1e-12, weighted=True)
    expected = mean_nll(fitted.mlp, fitted.head, *fitted.start, fitted.data.rows.share(2)).mean().item()
    assert fitted.result.history[0]["train_loss"] == pytest.approx(expected, rel=1e-9)
