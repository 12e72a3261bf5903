"""Gaps in the training values: nothing changes for the rows around, and members disagree inside."""

import numpy as np
import pytest
import torch

from uncertainty import (
    Augmentation,
    DeepEnsembleClassifier,
    DeepEnsembleRegressor,
    MCDropoutRegressor,
    PiecewiseLinear,
    ProbabilisticMLPClassifier,
    ProbabilisticMLPRegressor,
    SnapshotEnsembleRegressor,
)
from uncertainty.components.mlp import MLP
from uncertainty.components.pointwise import pointwise
from uncertainty.estimators.gaps import WEIGHT_STD, Gaps, draw_gap_weights_


def line_with_a_gap(n=200, seed=0):
    """A wave on the outer thirds of [0, 1], a second column without gaps, and rows in the gap."""
    rng = np.random.default_rng(seed)
    X = rng.random((n, 2))
    X[:, 0] = np.where(X[:, 0] < 0.5, X[:, 0] * 2 / 3, 1 / 3 + X[:, 0] * 2 / 3)
    y = np.sin(3 * np.pi * X[:, 0]) + 0.1 * rng.standard_normal(n)
    return X, y, np.column_stack([np.linspace(0.4, 0.6, 50), np.full(50, 0.5)])


def quick(**arguments):
    return ProbabilisticMLPRegressor((32, 32), max_iter=60, early_stopping=False, random_state=0, **arguments)


def test_a_gap_is_a_tenth_of_the_range_without_values_and_the_distance_is_that_to_the_nearest():
    x = np.column_stack([[0.0, 1.0, 1.9, 3.0, 10.0], [0.0, 1.0, 2.0, 3.0, 4.0]])
    gaps = Gaps.find(x, None, np.array([0]))
    np.testing.assert_array_equal(gaps.low, [0.0, 1.9, 3.0])  # 0.9 of 10 is no gap
    np.testing.assert_array_equal(gaps.high, [1.0, 3.0, 10.0])
    assert gaps.n_inputs == 1
    rows = np.column_stack([[0.25, 1.5, 2.9, 5.0, 6.5, 9.0, -3.0, 20.0], np.zeros(8)])
    expected = np.array([0.25, 0.0, 0.1, 2.0, 3.5, 1.0, 0.0, 0.0]) / np.std(x[:, 0])
    np.testing.assert_allclose(gaps.distances(rows)[:, 0], expected, atol=1e-12)
    np.testing.assert_array_equal(gaps.distances(x), np.zeros((5, 1)))


@pytest.mark.parametrize(("factor", "offset"), [(1.0, 0.0), (0.1, 0.0), (10.0 / 3.0, 0.0), (0.1, 1e6), (-7.0, 0.3)])
def test_the_levels_of_a_rating_have_ten_gaps_in_every_unit(factor, offset):
    rating = factor * np.arange(11.0)[:, None] + offset
    assert len(Gaps.find(rating, None, np.array([0])).low) == 10


def test_columns_without_gaps_give_no_inputs():
    x = np.random.default_rng(0).random((100, 3))
    gaps = Gaps.find(x, None, np.arange(3))
    assert gaps.distances(x).shape == (100, 0)
    assert Gaps.find(np.ones((5, 1)), None, np.array([0])).n_inputs == 0


def test_the_first_member_has_no_weights_and_the_others_come_in_opposite_pairs():
    mlp = MLP(5, (4, 3), 2, pointwise("relu"), n_gap_inputs=2)
    weights = drawn_weights(mlp, 7, range(5))
    assert not weights[:, :3].any()
    assert not weights[0].any()
    assert (weights[1, 3:] != 0).all()
    np.testing.assert_array_equal(weights[2], -weights[1])
    np.testing.assert_array_equal(weights[4], -weights[3])
    assert (weights[3, 3:] != weights[1, 3:]).all()
    np.testing.assert_array_equal(drawn_weights(mlp, 7, range(3, 5)), weights[3:])
    assert (drawn_weights(mlp, 8, range(5))[1] != weights[1]).any()


def drawn_weights(mlp, seed, members):
    """First hidden weights [M, in, out], zeros but for what is drawn for gaps."""
    values = torch.zeros(len(members), mlp.layout.size)
    draw_gap_weights_(mlp, values, seed, members)
    return mlp.layout.views(values)["hidden0.weight"].numpy()


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_training_leaves_the_weights_of_gaps_as_they_were_drawn(optimizer):
    X, y, _ = line_with_a_gap()
    model = DeepEnsembleRegressor(quick(optimizer=optimizer, alpha=0.1), n_estimators=3, random_state=0).fit(X, y)
    mlp = model.members_.mlp
    assert mlp.n_gap_inputs == 1
    trained = mlp.layout.views(torch.tensor(model.members_.values))["hidden0.weight"][:, -1].numpy()
    assert not trained[0].any()
    assert 0.7 * WEIGHT_STD < trained[1].std() < 1.3 * WEIGHT_STD
    np.testing.assert_array_equal(trained[2], -trained[1])


def test_members_disagree_in_the_gap_and_rows_outside_are_predicted_as_without_it():
    X, y, inside = line_with_a_gap()
    model = DeepEnsembleRegressor(quick(), n_estimators=5, random_state=0).fit(X, y)
    epistemic = [np.sqrt(model.predict_uncertainty(rows).epistemic_variance).mean() for rows in (inside, X)]
    assert epistemic[0] > 2.0 * epistemic[1]
    prediction = model.predict(X)
    scaler = model.input_scaler_
    object.__setattr__(scaler.gaps_, "unit", np.full(1, np.inf))  # distances of 0 everywhere
    np.testing.assert_array_equal(model.predict(X), prediction)
    blind = np.sqrt(model.predict_uncertainty(inside).epistemic_variance).mean()
    assert epistemic[0] > 1.3 * blind


@pytest.mark.parametrize(
    "model",
    [
        quick(),
        MCDropoutRegressor(quick(dropout=0.1), n_mc_samples=5, random_state=0),
        SnapshotEnsembleRegressor(quick(), n_snapshots=3, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_what_comes_of_one_network_is_left_alone(model):
    X, y, inside = line_with_a_gap()
    prediction = model.fit(X, y).predict(inside)
    object.__setattr__(model.input_scaler_.gaps_, "unit", np.full(1, np.inf))
    np.testing.assert_array_equal(model.predict(inside), prediction)


def test_classifiers_know_of_gaps_too():
    X, y, inside = line_with_a_gap()
    base = ProbabilisticMLPClassifier((32, 32), max_iter=60, early_stopping=False)
    model = DeepEnsembleClassifier(base, n_estimators=5, random_state=0).fit(X, y > 0)
    assert model.members_.mlp.n_gap_inputs == 1
    information = [model.predict_uncertainty(rows).mutual_information.mean() for rows in (inside, X)]
    assert information[0] > information[1]


def test_units_do_not_matter():
    X, y, inside = line_with_a_gap()
    first, second = (
        DeepEnsembleRegressor(quick(), n_estimators=3, random_state=0).fit(scale * X, y).predict(scale * inside)
        for scale in (1.0, 1024.0)
    )
    np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-4)


def test_without_an_embedding_there_are_no_gap_inputs():
    X, y, _ = line_with_a_gap()
    assert quick(embedding=None).fit(X, y).members_.mlp.n_gap_inputs == 0
    assert quick(embedding=PiecewiseLinear(n_bins=4)).fit(X, y).members_.mlp.n_gap_inputs == 1


def test_noise_of_the_inputs_does_not_train_them():
    X, y, inside = line_with_a_gap()
    model = quick(augmentation=Augmentation(input_noise=0.3, mixup=0.2, cutout=0.1)).fit(X, y)
    prediction = model.predict(inside)
    object.__setattr__(model.input_scaler_.gaps_, "unit", np.full(1, np.inf))
    np.testing.assert_array_equal(model.predict(inside), prediction)
