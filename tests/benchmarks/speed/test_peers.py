"""The contenders do the same work: as many steps, on as many rows, with the losses that they should have."""

from __future__ import annotations

import ast
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import norm

from benchmarks.speed import ours, peers
from benchmarks.speed.peers import PEERS, PeerUnavailable, plain_torch, scikit_learn
from benchmarks.speed.problems import HEADS, N_CLASSES, N_COMPONENTS, HeadName, Problem

SMALL = Problem(n_rows=250, n_members=2, n_features=3, layers=(6,))
NO_PROGRESS = 1e-9  # learning rate at which whoever waits for an improvement would stop


@pytest.mark.parametrize("key", PEERS)
def test_every_peer_has_a_file_with_its_function(key: str) -> None:
    """Read rather than imported: most of them are not installed where the tests run."""
    path = Path(peers.__file__).parent / f"{PEERS[key].module}.py"
    functions = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    assert PEERS[key].prepare in functions


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("key", PEERS)
def test_every_peer_that_is_installed_trains(key: str) -> None:
    try:
        prepare = PEERS[key].load()
    except PeerUnavailable as error:
        pytest.skip(str(error))
    train = prepare(SMALL)
    _ = train() if key == "ngboost" else train(2)


@pytest.mark.parametrize("head", HEADS)
def test_ours_trains_every_member_for_as_many_epochs_as_asked(head: HeadName) -> None:
    model: Any = ours.prepare(replace(SMALL, head=head, learning_rate=NO_PROGRESS))(5)
    assert model.n_iter_ == 5
    assert len(model.history_) == 5
    assert model.history_[-1]["n_training"] == 2


@pytest.mark.parametrize("prepare", [plain_torch.prepare, plain_torch.prepare_with_loader])
def test_plain_torch_makes_as_many_steps_as_there_are_batches(prepare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[int] = []
    loss = plain_torch.gaussian_nll
    monkeypatch.setitem(plain_torch.LOSSES, "gaussian", lambda raw, y: (rows.append(len(y)), loss(raw, y))[1])
    prepare(SMALL)(3)
    assert rows == [100, 100, 50] * 3 * SMALL.n_members


def test_scikit_learn_runs_every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = []

    class Recording(scikit_learn.MLPRegressor):
        def fit(self, X: np.ndarray, y: np.ndarray) -> Recording:
            fitted.append(super().fit(X, y))
            return self

    monkeypatch.setattr(scikit_learn, "MLPRegressor", Recording)
    with pytest.warns(UserWarning, match="haven't converged|hasn't converged"):
        scikit_learn.prepare(replace(SMALL, learning_rate=NO_PROGRESS))(20)
    assert [(model.n_iter_, model.t_, model.coefs_[0].shape) for model in fitted] == [(20, 5000, (3, 6))] * 2


def test_losses_are_negative_log_likelihoods() -> None:
    raw, y = torch.tensor([[0.5, 0.3], [-1.0, 2.0]]), torch.tensor([[1.0], [0.2]])
    std = np.sqrt(np.log1p(np.exp([0.3, 2.0])) + plain_torch.FLOOR)
    expected = -norm.logpdf([1.0, 0.2], [0.5, -1.0], std).mean() - 0.5 * math.log(2 * math.pi)
    assert plain_torch.gaussian_nll(raw, y).item() == pytest.approx(expected, rel=1e-5)

    means, scales, logits = np.random.default_rng(0).standard_normal((3, 2, N_COMPONENTS))
    weights = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    density = (weights * norm.pdf(y.numpy(), means, np.log1p(np.exp(scales)))).sum(axis=1)
    mixture = torch.from_numpy(np.concatenate([means, scales, logits], axis=1))
    assert plain_torch.mixture_nll(mixture, y).item() == pytest.approx(-np.log(density).mean(), rel=1e-4)


def test_problems_have_balanced_classes_and_as_many_outputs_as_their_head() -> None:
    problem = Problem(n_rows=1000, head="classes")
    X, y = problem.arrays()
    assert X.shape == (1000, 8)
    np.testing.assert_array_equal(np.bincount(y), np.full(N_CLASSES, 100))
    for head in HEADS:
        network = plain_torch.build_network(Problem(head=head))
        assert network[-1].out_features == Problem(head=head).n_raw  # type: ignore[union-attr]
    assert str(Problem(n_members=1)) == "(50,) x 1 member, 8192 rows, Gaussian"


def test_plain_torch_predicts_the_mixture_over_its_members() -> None:
    raw = torch.tensor([[[0.0, 1.0]], [[2.0, 1.0]]])  # two members, one row
    mean, variance = plain_torch._moments(raw)
    assert mean.item() == 1.0
    assert variance.item() == pytest.approx(math.log1p(math.e) + 1.0, rel=1e-5)
    X = Problem(n_rows=40, n_features=3).arrays()[0]
    predict = plain_torch.prepare_predictions(SMALL, X)
    low, high = predict["interval"]().T  # type: ignore[attr-defined]
    means, scales = predict["dist"]()  # type: ignore[misc]
    np.testing.assert_allclose((low + high) / 2, predict["mean"](), atol=1e-5)
    np.testing.assert_allclose(means.mean(dim=0), predict["mean"](), atol=1e-5)
    assert scales.shape == (2, 40)


def test_masks_differ_from_pass_to_pass() -> None:
    predict = plain_torch.prepare_mc_dropout(SMALL, 20, 0.5)
    mean, variance = predict()  # type: ignore[misc]
    assert mean.shape == variance.shape == (SMALL.n_rows,)
    assert not torch.equal(mean, predict()[0])  # type: ignore[index]
