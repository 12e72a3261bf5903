"""Scores of samples against their double sums, independent libraries, limits and propriety."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from uncertainty.metrics import crps_normal, crps_samples, energy_score


def random_samples(seed=0, n_rows=20, n_targets=3, n_draws=7):
    rng = np.random.default_rng(seed)
    return rng.normal(2.0, 3.0, (n_rows, n_targets)), rng.normal(2.0, 3.0, (n_rows, n_targets, n_draws))


def energy_by_definition(y, draws, fair=False):
    """Of one row: y (T,), draws (T, S)."""
    n_draws = draws.shape[1]
    error = np.mean([np.linalg.norm(draws[:, s] - y) for s in range(n_draws)])
    pairs = [np.linalg.norm(draws[:, s] - draws[:, r]) for s in range(n_draws) for r in range(n_draws)]
    return error - 0.5 * np.sum(pairs) / (n_draws * (n_draws - fair))


class TestValues:
    @pytest.mark.parametrize("fair", [False, True])
    def test_double_sums(self, fair):
        y, draws = random_samples()
        draws[3, :, 2] = draws[3, :, 5]  # ties
        joint = [energy_by_definition(a, b, fair) for a, b in zip(y, draws, strict=True)]
        assert_allclose(energy_score(y, draws, fair=fair), np.mean(joint), rtol=1e-12)
        single = [energy_by_definition(y[i, t : t + 1], draws[i, t : t + 1], fair) for i in range(20) for t in range(3)]
        assert_allclose(crps_samples(y, draws, fair=fair), np.mean(single), rtol=1e-12)
        assert_allclose(crps_samples(y[:, 0], draws[:, 0]), energy_score(y[:, 0], draws[:, 0]), rtol=1e-12)

    def test_one_draw_is_the_absolute_error(self):
        assert crps_samples([1.0, 4.0], [[2.0], [2.0]]) == 1.5
        assert energy_score([[0.0, 0.0]], [[[3.0], [4.0]]]) == 5.0

    def test_large_offsets_do_not_cancel(self):
        y, draws = (np.round(a * 1024) / 1024 for a in random_samples(1))  # exact also with the offset
        assert_allclose(crps_samples(y + 2.0**40, draws + 2.0**40), crps_samples(y, draws), rtol=1e-12)
        assert_allclose(energy_score(y + 2.0**40, draws + 2.0**40), energy_score(y, draws), rtol=1e-12)

    def test_weights(self):
        assert crps_samples([1.0, 4.0], [[2.0], [2.0]], sample_weight=[3.0, 1.0]) == 1.25


class TestLibraries:
    def test_scoringrules(self, scoringrules):
        y, draws = random_samples(2)
        for fair, estimator in ((False, "nrg"), (True, "fair")):
            expected = scoringrules.crps_ensemble(y, draws, estimator=estimator).mean()
            assert_allclose(crps_samples(y, draws, fair=fair), expected, rtol=1e-10)
            expected = scoringrules.es_ensemble(y, draws, m_axis=-1, v_axis=-2, estimator=estimator).mean()
            assert_allclose(energy_score(y, draws, fair=fair), expected, rtol=1e-10)

    def test_torchmetrics(self):
        torch = pytest.importorskip("torch")
        oracle = pytest.importorskip("torchmetrics.regression").ContinuousRankedProbabilityScore()
        y, draws = random_samples(3, n_targets=1)
        expected = oracle(torch.tensor(draws[:, 0]), torch.tensor(y[:, 0]))
        assert_allclose(crps_samples(y[:, 0], draws[:, 0]), expected.item(), rtol=1e-6)


class TestPropriety:
    def test_fair_estimates_the_crps_behind_the_draws(self):
        rng = np.random.default_rng(4)
        y = rng.normal(size=20_000)
        draws = rng.normal(size=(20_000, 5))
        exact = crps_normal(y, 0.0, 1.0)
        standard_error = 0.6 / np.sqrt(20_000)
        assert abs(crps_samples(y, draws, fair=True) - exact) < 4 * standard_error
        # The plain form adds E|X - X'| / (2 S).
        assert_allclose(crps_samples(y, draws) - exact, 2 / np.sqrt(np.pi) / 10, atol=4 * standard_error)

    @pytest.mark.parametrize("metric", [crps_samples, energy_score])
    def test_the_truth_scores_best(self, metric):
        rng = np.random.default_rng(5)
        noise = rng.normal(size=(400, 2, 200))
        y = rng.normal(size=(400, 2))
        best = metric(y, noise)
        for draws in (0.5 * noise, 2.0 * noise, noise + 0.5):
            assert metric(y, draws) > best + 0.01

    def test_the_energy_score_sees_dependence(self):
        rng = np.random.default_rng(6)
        common = rng.normal(size=(2000, 1)) + 0.1 * rng.normal(size=(2000, 2))
        draws = rng.normal(size=(2000, 1, 100)) + 0.1 * rng.normal(size=(2000, 2, 100))
        shuffled = np.stack([draws[:, 0], rng.permuted(draws[:, 1], axis=1)], axis=1)
        assert energy_score(common, draws) < energy_score(common, shuffled) - 0.02
        assert_allclose(crps_samples(common, draws), crps_samples(common, shuffled))


class TestInput:
    @pytest.mark.parametrize("metric", [crps_samples, energy_score])
    def test_errors(self, metric):
        with pytest.raises(ValueError, match=r"samples must have shape \(2, S\) to match y_true, got \(3, 4\)"):
            metric([1.0, 2.0], np.zeros((3, 4)))
        with pytest.raises(ValueError, match="two draws a row for fair=True, got 1"):
            metric([1.0], [[1.0]], fair=True)
