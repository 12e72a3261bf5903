"""Weight averaging seen from outside."""

import numpy as np
import pytest

from uncertainty import EMA, SWA, ProbabilisticMLPRegressor

ONE_BATCH = {"batch_size": "full", "early_stopping": False, "dtype": "float64"}


def test_every_estimator_averages(any_kind, quick, problem):
    X, y = problem(any_kind)
    plain = quick(any_kind, averaging=None).fit(X, y).predict_members(X)
    averaged = quick(any_kind, averaging="ema").fit(X, y).predict_members(X)
    assert averaged.shape == plain.shape
    assert np.isfinite(averaged).all()
    assert not np.allclose(averaged, plain)


def test_names_stand_for_the_specs(quick, regression):
    X, y = regression
    for name, spec in (("ema", EMA()), ("swa", SWA())):
        named, given = (quick(ProbabilisticMLPRegressor, averaging=a).fit(X, y) for a in (name, spec))
        np.testing.assert_array_equal(named.predict(X), given.predict(X))
    model = quick(ProbabilisticMLPRegressor, averaging=EMA()).set_params(averaging__decay=0.5)
    assert model.fit(X, y).averaging.decay == 0.5


def test_unknown_averages_list_the_valid_ones(quick, regression):
    with pytest.raises(ValueError, match=r"averaging must be one of \['ema', 'swa'\], got 'polyak'"):
        quick(ProbabilisticMLPRegressor, averaging="polyak").fit(*regression)
    with pytest.raises(TypeError, match=r"averaging must be one of .* or an? Averaging object, got 0\.9"):
        quick(ProbabilisticMLPRegressor, averaging=0.9).fit(*regression)


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_partial_fit_continues_the_average(quick, regression, normalization):
    # One batch a pass, so that passes and the epochs of a fit see the same rows in the same order.
    X, y = regression
    options = {**ONE_BATCH, "averaging": EMA(0.8), "schedule": "constant", "normalization": normalization}
    passes = quick(ProbabilisticMLPRegressor, **options)
    for _ in range(6):
        passes.partial_fit(X, y)
    whole = quick(ProbabilisticMLPRegressor, max_iter=6, **options).fit(X, y)
    np.testing.assert_allclose(passes.predict(X), whole.predict(X), rtol=1e-9)
    assert passes.loss_curve_ == pytest.approx(whole.loss_curve_, rel=1e-9)


def test_partial_fit_refuses_an_average_that_spans_a_fit(quick, regression):
    model = quick(ProbabilisticMLPRegressor, early_stopping=False, averaging="swa")
    with pytest.raises(ValueError, match=r"averaging must not depend on the last epoch in partial_fit.*SWA\(\)"):
        model.partial_fit(*regression)


def test_a_warm_start_goes_on_from_the_averaged_weights(quick, regression):
    X, y = regression
    model = quick(ProbabilisticMLPRegressor, **ONE_BATCH, averaging=EMA(0.8), warm_start=True).fit(X, y)
    averaged = model.predict(X)
    model.set_params(max_iter=1, learning_rate_init=1e-12).fit(X, y)
    np.testing.assert_allclose(model.predict(X), averaged, rtol=1e-6)
