"""Every contender spends the same number of epochs in total, and what they share is the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.snapshot.contenders import CONTENDERS, SINGLE, SNAPSHOTS, Contender, describe

X = np.random.default_rng(0).standard_normal((40, 2))
Y = X[:, 0] + 0.1 * np.random.default_rng(1).standard_normal(40)


def fit(name: str, n_epochs: int = 12, n_members: int = 3) -> Any:
    return Contender(name, n_epochs, n_members, alpha=1e-3).make("regression", 5).fit(X, Y)


@pytest.mark.parametrize("name", CONTENDERS)
def test_epochs_in_total(name: str) -> None:
    estimator = fit(name)
    runs = 3 if name in ("single-cycle", "deep ensemble") else 1
    assert estimator.n_iter_ * runs == 12
    assert len(estimator.predict_members(X)) == (1 if name == SINGLE else 3)


@pytest.mark.parametrize("name", CONTENDERS)
@pytest.mark.parametrize("task", ["regression", "classification"])
def test_network_penalty_and_seed_are_shared(name: str, task: Any) -> None:
    estimator = Contender(name, 12, 3, alpha=0.5).make(task, 7)
    network = estimator if name == SINGLE else estimator.estimator
    assert type(estimator).__name__.endswith("Regressor" if task == "regression" else "Classifier")
    assert (estimator.random_state, network.alpha, network.early_stopping) == (7, 0.5, False)
    assert (network.learning_rate_init, network.optimizer.clip_norm) == (1e-2, 1.0)
    assert network.n_iter_no_change > network.max_iter


def test_the_last_no_cycle_snapshot_is_the_single_network() -> None:
    single, snapshots = fit(SINGLE), fit("no-cycle")
    np.testing.assert_allclose(snapshots.predict_members(X)[-1], single.predict(X), rtol=1e-12, atol=1e-12)


def test_the_rate_of_an_ordinary_run_falls_at_the_same_shares_of_it() -> None:
    for name in (SINGLE, "no-cycle", "deep ensemble"):
        estimator = Contender(name, 30, 3, alpha=0.0).make("regression", 0)
        network = estimator if name == SINGLE else estimator.estimator
        factor = network.schedule.build(network.max_iter, 1)
        thirds = [factor(step) for step in range(0, network.max_iter, network.max_iter // 3)]
        assert thirds[:3] == pytest.approx([1.0, 0.1, 0.01])


def test_each_variant_is_described_with_its_epochs() -> None:
    text = "\n".join(describe(200, 5))
    assert all(name in text for name in (SINGLE, *SNAPSHOTS, "deep ensemble"))
    assert "5 cosine cycles of 40 epochs" in text
