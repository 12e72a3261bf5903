"""The recipe names the four planted faults, and none where there is none."""

import time
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine, make_friedman1

from uncertainty import (
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    HeNormal,
    MCDropoutClassifier,
    MCDropoutRegressor,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    RandomNormal,
)
from uncertainty.components import MLP
from uncertainty.components.initializers import Initializer
from uncertainty.diagnostics import check as recipe
from uncertainty.diagnostics import check_training
from uncertainty.diagnostics.check import MOST_ROWS, _Recipe
from uncertainty.diagnostics.cross_fitting import _Folds, _folds, cross_fit
from uncertainty.diagnostics.preparation import base_network, checked, prepare, row_losses, with_plan, with_watched
from uncertainty.estimators.encoding import RawRows

EQUAL, DEAD = "hidden units are all equal", "dead units"
RATE, SIGNAL = "learning rate too high", "no learnable signal"


def check(estimator, X, y, **options):
    return check_training(estimator, X, y, verbose=False, **{"max_time": 600, **options})


class MostlyDead(Initializer):
    """He's weights, but none into 60 % of the units."""

    def build(self, fan_in, fan_out, activation=None):
        draw = HeNormal().build(fan_in, fan_out)

        def planted(generator, shape):
            weight = draw(generator, shape)
            weight[:, : round(0.6 * shape[1])] = 0.0
            return weight

        return planted


def quick(kind, **options):
    return kind(**{"hidden_layer_sizes": (16, 16), **options})


@pytest.fixture(autouse=True)
def short_searches(request, monkeypatch):
    """Fewer steps and settings than usual, where a test is not slow anyway."""
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr(recipe, "COARSE_STEPS", 25)
        monkeypatch.setattr(recipe, "COARSE_ALPHAS", (0.0, 1e-2))
        monkeypatch.setattr(recipe, "REFINEMENTS", recipe.REFINEMENTS[:3])
        monkeypatch.setattr(recipe, "memorise", partial(recipe.memorise, n_epochs=250))


# -- the planted faults ------------------------------------------------------------------------------------------


def test_healthy_training_has_no_fault(regression):
    report = check(quick(ProbabilisticMLPRegressor), *regression)
    assert report.faults == ()
    assert "training works" in report.verdict
    names = ["initial loss", "hidden layers", "small sample", "learning rate", "coarse search", "refinement"]
    assert [step.name for step in report.steps] == [*names, "learning curves"]
    assert set(report.suggestion) == {"learning_rate_init", "alpha"}
    assert report.steps[-1].number > 0.2  # nats gained over a constant


@pytest.mark.parametrize("rate", [0.3, 1.0])  # a hundred times the default, and more
def test_a_rate_that_is_too_high(rate, regression):
    report = check(quick(ProbabilisticMLPRegressor, learning_rate_init=rate), *regression)
    assert report.faults == (RATE,)
    assert report.verdict.startswith(RATE)
    assert report.suggestion["learning_rate_init"] < rate / 3
    (advice,) = [step.advice for step in report.steps if step.fault == RATE]
    assert "Set learning_rate_init=" in advice
    assert report.verdict.endswith(advice)


def test_all_zero_initialization(regression):
    report = check(ProbabilisticMLPRegressor(initializer=RandomNormal(std=0)), *regression)
    assert report.faults == (EQUAL,)
    assert [step.name for step in report.steps] == ["initial loss", "hidden layers"]  # nothing after it would count
    assert "initializer='auto'" in report.verdict


@pytest.mark.parametrize("activation", ["relu", "tanh", "silu", "maxout"])
def test_all_zero_initialization_of_every_activation(activation, classification):
    zeros = RandomNormal(std=0)
    report = check(
        DeepEnsembleClassifier(ProbabilisticMLPClassifier((9,), activation, initializer=zeros)), *classification
    )
    assert report.faults == (EQUAL,)


def test_dead_units_by_their_weights(regression):
    report = check(quick(ProbabilisticMLPRegressor, activation="relu", initializer=MostlyDead()), *regression)
    assert report.faults == (DEAD,)
    (step,) = [step for step in report.steps if step.fault == DEAD]
    assert step.number >= 0.59


def test_dead_units_by_their_biases(monkeypatch, classification):
    right = MLP.initialize

    def planted(self, *args, **options):
        values, statistics = right(self, *args, **options)
        for layer in self.hidden_layers:
            bias = self.layout.views(values)[layer.bias]
            bias[:, : round(0.6 * bias.shape[1])] = -20.0
        return values, statistics

    monkeypatch.setattr(MLP, "initialize", planted)
    report = check(quick(ProbabilisticMLPClassifier, activation="relu"), *classification)
    assert report.faults == (DEAD,)


def test_units_that_died_in_training(regression):
    network = quick(ProbabilisticMLPRegressor, activation="relu", max_iter=2, random_state=0).fit(*regression)
    network.members_.mlp.layout.views(torch.from_numpy(network.members_.values))["hidden1.bias"].fill_(-50.0)
    report = check(network, *regression)
    assert report.faults == (DEAD,)
    assert "after training" in report.steps[1].line


@pytest.mark.parametrize("seed", range(2))
def test_shuffled_targets(seed, regression):
    X, y = regression
    report = check(quick(ProbabilisticMLPRegressor), X, np.random.default_rng(seed).permutation(y))
    assert report.faults == (SIGNAL,)
    assert "rows of X and y belong together" in report.verdict


def test_shuffled_classes(classification):
    X, y = classification
    report = check(quick(ProbabilisticMLPClassifier), X, np.random.default_rng(0).permutation(y))
    assert report.faults == (SIGNAL,)


def test_a_broken_network_is_no_missing_signal(regression):
    # The second layer is dead, and nothing comes through to the third: the data are not to blame, nor the third.
    class Dead(Initializer):
        def build(self, fan_in, fan_out, activation=None):
            return lambda generator, shape: -np.abs(generator.normal(size=shape))

    network = ProbabilisticMLPRegressor((16, 16, 16), "relu", initializer=Dead())
    assert check(network, *regression).faults == (DEAD,)


def test_a_mostly_dead_network_that_can_fit_a_few_rows_does_not_accuse_the_data(regression):
    X, y = regression
    network = ProbabilisticMLPRegressor((16, 16), "relu", initializer=MostlyDead())
    report = check(network, X, np.random.default_rng(0).permutation(y))
    assert "memorises 20 rows" in str(report)
    assert report.faults == (DEAD,)


# -- the recipe --------------------------------------------------------------------------------------------------


def test_the_report_reads_as_lines(capsys, regression):
    zeros = ProbabilisticMLPRegressor(initializer=RandomNormal(std=0))
    report = check_training(zeros, *regression)
    printed = capsys.readouterr().out
    assert printed.strip() == str(report).strip()
    first, second, advice, verdict = printed.splitlines()
    assert first.startswith("   ok  initial loss: ")
    assert second.startswith("FAULT  hidden layers: ")
    assert advice.startswith("        -> Draw different")
    assert verdict.startswith("=> hidden units are all equal")
    check_training(zeros, *regression, verbose=False)
    assert capsys.readouterr().out == ""


def test_a_linear_model_has_no_hidden_layers_to_look_into(regression):
    report = check(ProbabilisticMLPRegressor(()), *regression)
    assert "hidden layers" not in [step.name for step in report.steps]
    assert report.faults == ()


def test_the_time_is_kept_and_no_verdict_is_guessed(regression):
    X, y = regression
    network = ProbabilisticMLPRegressor((256, 256, 256))
    start = time.monotonic()
    report = check(network, X, np.random.default_rng(0).permutation(y), max_time=0.5)
    assert time.monotonic() - start < 5.0
    assert report.seconds < 5.0
    assert report.faults == ()
    assert "too few to tell" in report.steps[-1].line
    assert "raise max_time" in report.steps[-3].advice
    assert "training works" not in report.verdict


def test_of_many_rows_a_share_is_looked_at(classification):
    X, y = classification
    many = np.tile(X, (50, 1)), np.tile(y, 50)
    rows = _Recipe(ProbabilisticMLPClassifier(), *many, max_time=1.0, seed=0).rows
    assert len(rows) == MOST_ROWS
    np.testing.assert_allclose(np.unique(rows.y, return_counts=True)[1] / MOST_ROWS, [0.4, 0.3, 0.3], atol=0.01)


def test_folds_cover_every_row_once_and_never_overlap():
    rows = RawRows(np.zeros((53, 1)), np.arange(53) % 3, None)
    train, watched, tested = _folds(rows, 0, stratify=True)
    assert sorted(tested.ravel()) == sorted(set(tested.ravel()))
    assert tested.size == 50
    for three in zip(train, watched, tested, strict=True):
        assert len(np.concatenate(three)) == len(set(np.concatenate(three))) == 53
    assert all(np.ptp(np.bincount(fold % 3)) <= 2 for fold in tested)  # 10 rows of 18, 18 and 17


def test_the_gain_is_that_of_rows_not_trained_on(regression):
    # Written out: each fold's network trained alone, on its own rows, and tested on the fold.
    rows = checked(ProbabilisticMLPRegressor(), *regression)
    options = {"head": "gaussian", "batch_size": "full", "dtype": "float64", "early_stopping": False}
    network = base_network(quick(ProbabilisticMLPRegressor, **options))
    found = cross_fit(clone(network), rows, seed=0, n_epochs=30, patience=None, stop=lambda state: False)
    train, watched, tested = _folds(rows, 0, stratify=False)
    gains = []
    for k in range(5):
        run = prepare(clone(network), rows, seed=0, method=_Folds(train))
        every_row = run.data.rows
        fold = with_watched(run, every_row.take(torch.from_numpy(watched)))
        fold = with_plan(fold, max_epochs=30, patience=None)
        test = every_row.take(torch.from_numpy(tested))
        before = row_losses(run, run.values, run.statistics, test)[k]
        result = fold.train()
        gains.append(before - row_losses(run, result.values, result.statistics, test)[k])
    gains = np.clip(np.concatenate(gains), -3.0, 3.0)
    assert found.gain == pytest.approx(gains.mean())
    assert found.gain_error == pytest.approx(gains.std() / np.sqrt(len(gains)))
    assert found.z == found.gain / found.gain_error > 3.0


TABLES = {
    "diabetes": (load_diabetes, "Regressor"),
    "friedman": (lambda return_X_y: make_friedman1(300, noise=1.0, random_state=0), "Regressor"),
    "iris": (load_iris, "Classifier"),
    "wine": (load_wine, "Classifier"),
    "cancer": (load_breast_cancer, "Classifier"),
}
KINDS = {
    "Regressor": [ProbabilisticMLPRegressor(), DeepEnsembleRegressor(), MCDropoutRegressor()],
    "Classifier": [ProbabilisticMLPClassifier(), DeepEnsembleClassifier(), MCDropoutClassifier()],
}


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("seed", range(2))
def test_no_false_alarm_on_healthy_tables(table, seed):
    load, task = TABLES[table]
    for estimator in KINDS[task]:
        assert check(estimator, *load(return_X_y=True), random_state=seed).faults == ()


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("seed", range(2))
def test_no_fault_is_missed_on_these_tables(table, seed):
    load, task = TABLES[table]
    X, y = load(return_X_y=True)
    kind = type(KINDS[task][0])
    shuffled = np.random.default_rng(seed).permutation(y)
    assert check(kind(learning_rate_init=0.3), X, y, random_state=seed).faults == (RATE,)
    assert check(kind(), X, shuffled, random_state=seed).faults == (SIGNAL,)
    assert check(kind(activation="relu", initializer=MostlyDead()), X, y, random_state=seed).faults == (DEAD,)
    assert check(kind(initializer=RandomNormal(std=0)), X, y, random_state=seed).faults == (EQUAL,)
