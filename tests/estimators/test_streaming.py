"""Prediction of many rows: memory for one chunk and the answer, the same bits on any number of threads, and the same
numbers as one network and one row at a time."""

import tracemalloc

import numpy as np
import pytest
import torch

from uncertainty import (
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    MCDropoutClassifier,
    MCDropoutRegressor,
    MixtureDensity,
)

CHUNK_BYTES = "uncertainty.estimators.members.CHUNK_BYTES"


def repeated(X, n_rows):
    """As many rows as that, around those of X."""
    noise = np.random.default_rng(5).standard_normal((n_rows, X.shape[1]))
    return np.resize(X, (n_rows, X.shape[1])) + 0.1 * noise


@pytest.mark.parametrize("options", [{}, {"head": MixtureDensity(3)}], ids=str)
@pytest.mark.parametrize("kind", [DeepEnsembleRegressor, MCDropoutRegressor])
def test_reductions_over_members_take_memory_for_a_chunk(quick, regression, monkeypatch, kind, options):
    X, y = np.tile(regression[0], (1, 10)), regression[1]
    model = quick(kind, own={"n_jobs": 1}, max_iter=2, embedding=None, **options).fit(X, y)
    new = repeated(X, 6_000)  # 1.4 MB; one number for each row takes 48 kB
    budget = 60_000
    monkeypatch.setattr(CHUNK_BYTES, budget)
    for name, per_row in {
        "predict": 1,
        "predict_var": 1,
        "predict_uncertainty": 4,
        "predict_interval": 2,
        "predict_quantiles": 3,
    }.items():
        ask = getattr(model, name)
        ask(new[:10])
        tracemalloc.start()
        found = ask(new)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # Masks on the rows while scikit-learn checks them, and numpy's temporaries of a chunk.
        assert peak < 8 * len(new) * per_row + 8 * budget, name
        assert found is not None


def test_probabilities_of_many_rows_take_memory_for_a_chunk(quick, classification, monkeypatch):
    X, y = np.tile(classification[0], (1, 10)), classification[1]
    model = quick(DeepEnsembleClassifier, own={"n_jobs": 1}, max_iter=2).fit(X, y)
    new = repeated(X, 20_000)
    monkeypatch.setattr(CHUNK_BYTES, 200_000)
    model.predict_proba(new[:10])
    tracemalloc.start()
    model.predict_proba(new)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * len(new) * 3 + 8 * 200_000


def test_the_predictive_sees_one_chunk_at_a_time(any_kind, quick, problem, answers, monkeypatch):
    X, y = problem(any_kind)
    model = quick(any_kind, max_iter=3).fit(X, y)
    seen = []
    whole = type(model)._restore

    def watch(self, distribution):
        predictive = whole(self, distribution)
        seen.append(len(predictive))
        return predictive

    monkeypatch.setattr(type(model), "_restore", watch)
    monkeypatch.setattr(CHUNK_BYTES, 20_000)
    answers(model, repeated(X, 1000))
    assert max(seen) <= 20_000 / (8 * model.members_.mlp.n_last)
    assert max(seen) <= min(seen) + 1  # no chunk is left with a few rows


@pytest.mark.parametrize(
    "kind", [DeepEnsembleRegressor, DeepEnsembleClassifier, MCDropoutRegressor, MCDropoutClassifier]
)
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_threads_change_no_bit(kind, quick, problem, answers, assert_same, monkeypatch, activation):
    X, y = problem(kind)
    model = quick(kind, hidden_layer_sizes=(20, 20), activation=activation, max_iter=2).fit(X, y)
    new = repeated(X, 3000)
    monkeypatch.setattr(CHUNK_BYTES, 300_000)
    before = torch.get_num_threads()
    found = []
    for n_threads in (1, 2, 4):
        torch.set_num_threads(n_threads)
        found.append(answers(model, new))
        assert torch.get_num_threads() == n_threads
    torch.set_num_threads(4)
    found.append(answers(model.set_params(n_jobs=1), new))
    torch.set_num_threads(before)
    for other in found[1:]:
        assert_same(found[0], other)


def test_an_error_in_a_chunk_is_raised_and_leaves_threads_alone(quick, regression, monkeypatch):
    X, y = regression
    model = quick(DeepEnsembleRegressor, max_iter=2).fit(X, y)
    monkeypatch.setattr(CHUNK_BYTES, 20_000)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ValueError, match="coverage must lie strictly between 0 and 1"):
            model.predict_interval(repeated(X, 1000), coverage=90)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def raw_outputs(model, X):
    """Raw outputs [M, n, R] of one network after the other, masks applied to its hidden units."""
    members, x = model.members_, model.input_scaler_.transform(X)
    networks = range(len(members.values)) if members.masks is None else [0] * len(members)
    outputs = []
    for m, network in enumerate(networks):
        p = {
            name: view[0].numpy() for name, view in members.mlp.layout.views(float64(members.values[[network]])).items()
        }
        h = x
        for i in range(members.mlp.n_hidden_layers):
            h = np.maximum(h @ p[f"hidden{i}.weight"] + p[f"hidden{i}.bias"], 0.0)
            if members.masks is not None and f"dropout{i}" in members.masks:
                h = h * members.masks[f"dropout{i}"].mask().numpy()[m]
        outputs.append(h @ p["output.weight"].T + p["output.bias"])
    return np.stack(outputs)


def float64(values):
    return torch.from_numpy(np.array(values, dtype=np.float64))


NETWORKS = [((12,), 0.1), ((12, 9), 0.1), ((12, 9, 7), (0.1, 0.2, 0.1)), ((12, 9), 0.6), ((12, 9, 7), (0.0, 0.2, 0.0))]


@pytest.mark.parametrize(("hidden", "dropout"), NETWORKS, ids=str)
@pytest.mark.parametrize("kind", [DeepEnsembleRegressor, MCDropoutRegressor])
def test_moments_are_those_of_a_loop_over_members(quick, regression, monkeypatch, kind, hidden, dropout):
    X, y = regression
    own = {"n_mc_samples": 30} if kind is MCDropoutRegressor else {}
    options = {"head": "gaussian", "activation": "relu", "max_iter": 4}
    model = quick(kind, own=own, hidden_layer_sizes=hidden, dropout=dropout, **options).fit(X, y)
    new = repeated(X, 500)
    monkeypatch.setattr(CHUNK_BYTES, 100_000)
    raw = raw_outputs(model, new)
    location, scale = model.target_scaler_.location_[0], model.target_scaler_.scale_[0]
    means = location + scale * raw[..., 0]
    stds = scale * (np.logaddexp(0.0, raw[..., 1]) + model.head_.floor)
    found = model.predict_uncertainty(new)
    np.testing.assert_allclose(found.mean, means.mean(axis=0), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(found.aleatoric_variance, (stds**2).mean(axis=0), rtol=1e-11)
    np.testing.assert_allclose(found.epistemic_variance, means.var(axis=0), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(model.predict_members(new), means, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("hidden", "dropout"), NETWORKS, ids=str)
@pytest.mark.parametrize("kind", [DeepEnsembleClassifier, MCDropoutClassifier])
def test_probabilities_are_those_of_a_loop_over_members(quick, classification, monkeypatch, kind, hidden, dropout):
    X, y = classification
    own = {"n_mc_samples": 30} if kind is MCDropoutClassifier else {}
    model = quick(kind, own=own, hidden_layer_sizes=hidden, dropout=dropout, activation="relu", max_iter=4).fit(X, y)
    new = repeated(X, 500)
    monkeypatch.setattr(CHUNK_BYTES, 100_000)
    raw = np.exp(raw_outputs(model, new))
    proba = raw / raw.sum(axis=2, keepdims=True)  # [M, n, C]
    found = model.predict_uncertainty(new)
    np.testing.assert_allclose(found.proba, proba.mean(axis=0), rtol=1e-11)
    np.testing.assert_allclose(found.epistemic_variance, proba.var(axis=0), rtol=1e-8, atol=1e-15)
    np.testing.assert_allclose(found.aleatoric_entropy, -(proba * np.log(proba)).sum(2).mean(0), rtol=1e-10)
    divergence = (proba * np.log(proba / proba.mean(axis=0))).sum(2).mean(0)
    np.testing.assert_allclose(found.mutual_information, divergence, rtol=1e-7, atol=1e-14)
