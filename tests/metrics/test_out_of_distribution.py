"""Detection of foreign rows against scikit-learn, torchmetrics and pairs counted one by one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from uncertainty.metrics import aupr, auroc, fpr_at_tpr

METRICS = [auroc, aupr, fpr_at_tpr]


def random_problem(seed=0, n_rows=200):
    rng = np.random.default_rng(seed)
    foreign = rng.random(n_rows) < 0.3
    score = (rng.normal(size=n_rows) + foreign).round(1)  # ties
    return foreign, score, rng.uniform(0.1, 2.0, n_rows)


class TestLibraries:
    @pytest.mark.parametrize("weighted", [False, True])
    def test_scikit_learn(self, weighted):
        foreign, score, weight = random_problem()
        options = {"sample_weight": weight if weighted else None}
        assert_allclose(auroc(foreign, score, **options), roc_auc_score(foreign, score, **options))
        assert_allclose(aupr(foreign, score, **options), average_precision_score(foreign, score, **options))
        fpr, tpr, _ = roc_curve(foreign, score, drop_intermediate=False, **options)
        for wanted in (0.5, 0.8, 0.95):
            expected = fpr[np.argmax(tpr >= wanted)]
            assert_allclose(fpr_at_tpr(foreign, score, tpr=wanted, **options), expected)

    def test_torchmetrics(self):
        torch = pytest.importorskip("torch")
        oracle = pytest.importorskip("torchmetrics.functional.classification")
        foreign, score, _ = random_problem(1)
        score = 1 / (1 + np.exp(-score))
        tensors = torch.tensor(score), torch.tensor(foreign).int()
        assert_allclose(auroc(foreign, score), oracle.binary_auroc(*tensors).item(), rtol=1e-6)
        assert_allclose(aupr(foreign, score), oracle.binary_average_precision(*tensors).item(), rtol=1e-6)


class TestValues:
    def test_pairs(self):
        foreign, score, weight = random_problem(2, n_rows=60)
        won = total = 0.0
        for i in np.flatnonzero(foreign):
            for j in np.flatnonzero(~foreign):
                total += weight[i] * weight[j]
                won += weight[i] * weight[j] * (1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0)
        assert_allclose(auroc(foreign, score, sample_weight=weight), won / total)

    def test_limits(self):
        foreign = [0, 0, 1, 1]
        assert [metric(foreign, [0.1, 0.2, 0.3, 0.4]) for metric in METRICS] == [1.0, 1.0, 0.0]
        assert [metric(foreign, [1.0] * 4) for metric in METRICS] == [0.5, 0.5, 1.0]
        assert [metric(foreign, [0.4, 0.3, 0.2, 0.1]) for metric in (auroc, fpr_at_tpr)] == [0.0, 1.0]

    def test_nineteen_of_twenty_are_95_percent(self):
        score = np.arange(40.0)
        foreign = (score >= 20).astype(int)
        foreign[[0, 20]] = 1, 0  # the weakest foreign row is below all familiar ones
        assert fpr_at_tpr(foreign, score) == 0.0

    def test_errors(self):
        for metric in METRICS:
            with pytest.raises(ValueError, match="no foreign ones"):
                metric([False, False], [1.0, 2.0])
            with pytest.raises(ValueError, match="no familiar ones with weight"):
                metric([True, False], [1.0, 2.0], sample_weight=[1.0, 0.0])
            with pytest.raises(ValueError, match="is_foreign must hold booleans"):
                metric([2, 1], [1.0, 2.0])
        with pytest.raises(ValueError, match="tpr must lie strictly between 0 and 1, got 95"):
            fpr_at_tpr([True, False], [1.0, 2.0], tpr=95)
