"""Any function of the step is a schedule; what is no factor is named with its step."""

import numpy as np
import pytest

from uncertainty.optim.schedules import FunctionSchedule


def test_the_factors_are_the_function_s(factors):
    assert factors(FunctionSchedule(lambda step: np.float32(2.0) / (step + 1)), 4) == pytest.approx([2, 1, 2 / 3, 0.5])
    assert factors(FunctionSchedule(lambda step: 0), 2) == [0.0, 0.0]


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf])
def test_a_factor_must_be_finite_and_not_negative(value):
    factor = FunctionSchedule(lambda step: value if step == 3 else 1.0).build(12, 7)
    assert factor(2) == 1.0
    with pytest.raises(ValueError, match=r"schedule\(3\) must be at least 0 and finite, got"):
        factor(3)


@pytest.mark.parametrize("value", [None, "1", True])
def test_a_factor_must_be_a_number(value):
    with pytest.raises(TypeError, match=r"schedule\(0\) must be a number, got"):
        FunctionSchedule(lambda step: value).build(12, 7)(0)
