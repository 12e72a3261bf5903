"""Resolving a slot, and the checks of numbers."""

import numpy as np
import pytest
from sklearn.base import clone

from uncertainty import PiecewiseLinear, components, heads, optim, training
from uncertainty.components import Dropout, HeNormal
from uncertainty.components.initializers import Initializer
from uncertainty.components.spec import Spec, check_integer, check_number, named_specs, resolve

CHOICES = named_specs(components, Initializer)
SPECS = [PiecewiseLinear] + [
    value
    for room in (components, heads, optim, training)
    for name in room.__all__
    if isinstance(value := getattr(room, name), type) and issubclass(value, Spec)
]


def test_a_name_stands_for_the_default_spec_and_a_spec_for_itself():
    assert type(resolve("initializer", "he_normal", CHOICES, Initializer)) is HeNormal
    spec = HeNormal()
    assert resolve("initializer", spec, CHOICES, Initializer) is spec


def test_an_unknown_name_lists_the_valid_ones_and_suggests_one():
    with pytest.raises(ValueError, match="initializer must be one of") as caught:
        resolve("initializer", "he_norml", CHOICES, Initializer)
    for name in CHOICES:
        assert repr(name) in str(caught.value)
    assert "got 'he_norml'" in str(caught.value)
    assert "Did you mean 'he_normal'?" in str(caught.value)


def test_capital_letters_are_no_obstacle_to_a_suggestion():
    with pytest.raises(ValueError, match=r"got 'HE_NORMAL'\. Did you mean 'he_normal'\?"):
        resolve("initializer", "HE_NORMAL", CHOICES, Initializer)


def test_a_class_in_place_of_an_object_is_told_to_be_called():
    with pytest.raises(TypeError, match=r"got <class .*HeNormal'>\. Call it: HeNormal\(\)\."):
        resolve("initializer", HeNormal, CHOICES, Initializer)


def test_a_name_like_no_other_gets_no_suggestion():
    with pytest.raises(ValueError, match="got 'zzz'") as caught:
        resolve("initializer", "zzz", CHOICES, Initializer)
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize("value", [None, 3, Dropout(), HeNormal])
def test_the_wrong_kind_of_object_is_a_type_error(value):
    with pytest.raises(TypeError, match=r"initializer must be one of .* or an Initializer object"):
        resolve("initializer", value, CHOICES, Initializer)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.__name__)
def test_specs_only_store_their_arguments(spec):
    made = spec()
    assert clone(made).get_params() == made.get_params()
    for name in made.get_params():
        marker = object()  # unchecked until it is built, as scikit-learn demands
        assert getattr(spec(**{name: marker}), name) is marker


def test_short_names_are_not_shared():
    for room in (components, heads, optim):
        names = [s.short_name for s in SPECS if s.__name__ in room.__all__ and s.short_name is not None]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int64(2)])
def test_numbers_of_any_kind_pass(value):
    assert check_number("rate", value) == 2.0
    assert type(check_number("rate", value)) is float


@pytest.mark.parametrize(
    ("value", "limits", "rule"),
    [
        (-1, {}, "at least 0"),
        (0, {"low_open": True}, "greater than 0"),
        (2, {"high": 1.0}, "at least 0 and at most 1"),
        (1, {"high": 1.0, "high_open": True}, "at least 0 and less than 1"),
        (1, {"low_open": True, "high": 1.0, "high_open": True}, "greater than 0 and less than 1"),
        (float("inf"), {"high_open": True}, "at least 0 and finite"),
        (float("nan"), {"high_open": True}, "at least 0 and finite"),
        (float("nan"), {}, "at least 0"),
    ],
)
def test_numbers_outside_their_interval_are_refused(value, limits, rule):
    with pytest.raises(ValueError, match=f"rate must be {rule}, got"):
        check_number("rate", value, **limits)


@pytest.mark.parametrize("value", ["1", None, True, [1.0]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match="rate must be a number, got"):
        check_number("rate", value)


@pytest.mark.parametrize("value", [3, np.int32(3)])
def test_whole_numbers_pass(value):
    assert check_integer("size", value) == 3
    assert type(check_integer("size", value)) is int


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (2.0, TypeError), (True, TypeError), ("3", TypeError)])
def test_what_is_no_positive_whole_number_is_refused(value, error):
    with pytest.raises(error, match="size must be"):
        check_integer("size", value)
