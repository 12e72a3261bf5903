"""No component is forgotten, every option can be trained, and all options of a family train alike."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import uncertainty
from benchmarks.components.families import FAMILIES
from benchmarks.components.family import Option, TargetKind
from benchmarks.components.fits import target_kind
from benchmarks.datasets import Arrays, Task
from uncertainty.components.activations import resolve_activation
from uncertainty.components.pointwise import KERNELS, Pointwise
from uncertainty.components.spec import Spec

N_EPOCHS = 8
ROOMS = ("components", "heads", "optim", "training", "estimators")
# Allowed only where something else breaks the symmetry of the units: the base networks refuse them.
REFUSED = {"Constant", "Zeros"}


def specs_within(value: Any) -> Iterator[Spec]:
    """Every spec in a value, among them those that are arguments of others."""
    if isinstance(value, Spec):
        yield value
        for argument in value.get_params(deep=False).values():
            yield from specs_within(argument)


def exported_specs() -> dict[str, type[Spec]]:
    rooms = [uncertainty, *(import_module(f"uncertainty.{name}") for name in ROOMS)]
    exported = {name: getattr(room, name) for room in rooms for name in room.__all__}
    return {name: value for name, value in exported.items() if isinstance(value, type) and issubclass(value, Spec)}


OPTIONS = [
    (family, name, option) for family, make in FAMILIES.items() for name, option in make(N_EPOCHS).options.items()
]
COMPARED = {type(spec) for *_, option in OPTIONS for value in option.network.values() for spec in specs_within(value)}


@pytest.mark.parametrize("name", sorted(exported_specs()))
def test_every_exported_spec_is_compared(name: str) -> None:
    assert (exported_specs()[name] in COMPARED) == (name not in REFUSED), "add it to its family in families.py"


def test_every_pointwise_activation_is_compared() -> None:
    chosen = [resolve_activation(o.network["activation"]) for *_, o in OPTIONS if "activation" in o.network]
    assert set(KERNELS) <= {activation.name for activation in chosen if isinstance(activation, Pointwise)}


def tiny(target: TargetKind) -> tuple[Task, Arrays]:
    generator = np.random.default_rng(0)
    X = generator.standard_normal((48, 3))
    if target == "number":
        return "regression", (X, 10.0 + X[:, 0] + 0.1 * generator.standard_normal(48))
    edges = [0.0] if target == "two classes" else [-0.5, 0.5]
    return "classification", (X, np.searchsorted(edges, X[:, 0]).astype(np.int64))


@pytest.mark.parametrize("target", ["number", "two classes", "classes"])
def test_kinds_of_target_are_recognised(target: TargetKind) -> None:
    task, (_, y) = tiny(target)
    assert target_kind(task, y) == target


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("family", "name", "option"), OPTIONS, ids=[f"{family}-{name}" for family, name, _ in OPTIONS])
def test_every_option_trains_for_all_epochs(family: str, name: str, option: Option) -> None:
    for target in sorted(option.targets):
        task, arrays = tiny(target)
        estimator = option.make(task, 2, 2, seed=3).fit(*arrays)
        assert estimator.n_iter_ == 2
        assert np.all(np.isfinite(estimator.predict(arrays[0]).astype(float)))


@pytest.mark.parametrize("name", FAMILIES)
def test_options_differ_and_the_first_suits_every_target_of_the_family(name: str) -> None:
    family = FAMILIES[name](N_EPOCHS)
    made = [repr(option.make("regression", N_EPOCHS, 5, 0)) for option in family.options.values()]
    assert len(set(made)) == len(made)
    for target in ("number", "two classes", "classes"):
        suited = family.suited(target)
        assert list(suited) == [name for name in family.options if name in suited]


def test_all_options_train_alike() -> None:
    for _, _, option in OPTIONS:
        estimator = option.make("regression", N_EPOCHS, 5, 7)
        network = estimator.estimator
        assert (network.early_stopping, network.max_iter, estimator.random_state) == (False, N_EPOCHS, 7)
        assert network.n_iter_no_change > N_EPOCHS
        assert option.n_masks or estimator.n_estimators == 5


def test_a_rate_that_is_given_replaces_that_of_the_network() -> None:
    option = Option({"learning_rate_init": 0.5})
    assert option.make("regression", 1, 1, 0).estimator.learning_rate_init == 0.5
    assert option.make("classification", 1, 1, 0, rate=0.1).estimator.learning_rate_init == 0.1


def test_with_masks_the_method_is_mc_dropout() -> None:
    estimator = Option({"dropout": 0.2}, n_masks=7).make("classification", 1, 5, 0)
    assert (type(estimator).__name__, estimator.n_mc_samples) == ("MCDropoutClassifier", 7)
