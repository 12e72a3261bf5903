"""Random streams: one for each member and purpose, whatever else is drawn."""

import itertools

import numpy as np

from uncertainty.training.random_streams import Purpose, member_generators


def test_streams_depend_on_seed_member_and_purpose_alone():
    ten = [g.random(4) for g in member_generators(7, range(10), Purpose.SHUFFLE)]
    some = [g.random(4) for g in member_generators(7, range(3, 5), Purpose.SHUFFLE)]
    np.testing.assert_array_equal(some, ten[3:5])


def test_no_two_streams_are_alike():
    seeds = [0, 1, (0, 1), (0, 2)]
    draws = [
        tuple(generator.random(3))
        for seed, purpose in itertools.product(seeds, Purpose)
        for generator in member_generators(seed, range(4), purpose)
    ]
    assert len(set(draws)) == len(draws) == len(seeds) * len(Purpose) * 4


def test_what_a_seed_means_does_not_change():
    # Saved models redraw their masks from these numbers: a change here is a change of every fitted MC-dropout model.
    assert {purpose.name: purpose.value for purpose in Purpose}.items() >= {
        "INITIALIZATION": 0,
        "VALIDATION_SPLIT": 1,
        "SHUFFLE": 2,
        "DROPOUT": 3,
        "BOOTSTRAP": 4,
        "MONTE_CARLO": 5,
        "AUGMENTATION": 6,
    }.items()
