"""What holds for every schedule that `uncertainty.optim` exports, and what is refused."""

import pytest

from uncertainty import optim
from uncertainty.components.spec import named_specs
from uncertainty.optim import (
    Cosine,
    CosineRestarts,
    Cyclical,
    ExponentialDecay,
    InverseScaling,
    LinearWarmup,
    OneCycle,
    ReduceOnPlateau,
    StepDecay,
    TimeDecay,
)
from uncertainty.optim.schedules import Schedule

SCHEDULES = named_specs(optim, Schedule)
RISES_FIRST = {"cyclical", "one_cycle", "linear_warmup"}


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors_are_in_the_unit_interval_and_reach_its_end(factors, name):
    made = factors(SCHEDULES[name])
    assert all(0.0 <= factor <= 1.0 for factor in made)
    assert max(made) > 0.99
    assert (made[0] == 1.0) == (name not in RISES_FIRST)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_factor_is_a_function_of_the_step_alone(factors, name):
    made = factors(SCHEDULES[name])
    factor = SCHEDULES[name].build(12, 7)
    assert [factor(step) for step in reversed(range(len(made)))] == made[::-1]


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_fit_of_one_step_moves(name):
    assert SCHEDULES[name].build(1, 1)(0) > 0.1


@pytest.mark.parametrize(
    "spec",
    [
        StepDecay(step_size=0),
        StepDecay(gamma=0.0),
        ExponentialDecay(gamma=-1.0),
        InverseScaling(power_t=-0.5),
        TimeDecay(decay=-1.0),
        Cosine(min_factor=1.5),
        CosineRestarts(cycle_length=0),
        CosineRestarts(multiplier=0.5),
        CosineRestarts(min_factor=-0.1),
        CosineRestarts(max_decay=0.0),
        CosineRestarts(max_decay=1.1),
        CosineRestarts(max_decay=0.5, min_decay=0.6),
        Cyclical(mode="square"),
        Cyclical(step_size=0),
        Cyclical(min_factor=1.5),
        Cyclical(gamma=0.0),
        OneCycle(warmup_fraction=0.0),
        OneCycle(warmup_fraction=1.0),
        OneCycle(warmup_fraction=0.6, three_phases=True),
        OneCycle(initial_factor=-0.1),
        OneCycle(final_factor=2.0),
        OneCycle(shape="square"),
        LinearWarmup(n_epochs=0),
        LinearWarmup(then=Cosine(min_factor=2.0)),
    ],
    ids=repr,
)
def test_bad_options_are_refused_when_built(spec):
    with pytest.raises(ValueError, match="must be"):
        spec.build(12, 7)


@pytest.mark.parametrize(
    "spec",
    [
        ReduceOnPlateau(factor=0.0),
        ReduceOnPlateau(factor=1.0),
        ReduceOnPlateau(patience=-1),
        ReduceOnPlateau(tol=-1.0),
        ReduceOnPlateau(min_factor=1.5),
        ReduceOnPlateau(cooldown=-1),
        LinearWarmup(then=ReduceOnPlateau(factor=0.0)),
    ],
    ids=repr,
)
def test_bad_options_of_a_control_are_refused_when_built(spec):
    with pytest.raises(ValueError, match="must be"):
        spec.control(3)
