"""ConformalRegressor as its users meet it: shapes, options, groups, shifts, and what it says when it cannot."""

import pickle
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import BayesianRidge, LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from uncertainty import ConformalRegressor, DeepEnsembleRegressor, ProbabilisticMLPRegressor
from uncertainty.calibration import calibrated, conformal_quantile, split_conformal
from uncertainty.metrics import neg_interval_score_scorer

METHODS = ["split", "cv+", "jackknife+ab"]
SCORES = ["absolute", "normalized", "pit", "quantile"]


@pytest.fixture
def frozen(draw):
    """A model of 300 rows of its own."""
    return FrozenEstimator(LinearRegression().fit(*draw(300, seed=99)))


@pytest.fixture(params=METHODS)
def method(request):
    return request.param


@pytest.fixture(params=SCORES)
def score(request):
    return request.param


# -- intervals ---------------------------------------------------------------------------------------------------------


def test_a_prefit_model_by_hand(draw, frozen):
    (X, y), (X_test, _) = draw(30), draw(5, seed=1)
    model = ConformalRegressor(frozen).fit(X, y)
    width = np.sort(np.abs(y - frozen.predict(X)))[28 - 1]  # ceil(0.9 * 31)
    at = frozen.predict(X_test)
    np.testing.assert_array_equal(model.predict_interval(X_test), np.stack([at - width, at + width], axis=1))
    np.testing.assert_array_equal(model.predict(X_test), at)
    assert model.estimator_ is frozen.estimator
    np.testing.assert_array_equal(model.calibration_rows_, np.arange(30))


@pytest.mark.parametrize("multi_output", ["marginal", "joint"])
def test_shapes_and_nested_levels(draw, ensemble, method, score, multi_output):
    levels = [0.8, 0.3, 0.6]
    for n_targets in (None, 2):
        X, y = draw(30, n_targets=n_targets, heteroscedastic=True)
        model = ConformalRegressor(
            ensemble, method=method, conformity_score=score, calibration_size=12, multi_output=multi_output, cv=2
        ).fit(X, y)
        targets = () if n_targets is None else (2,)
        several = model.predict_interval(X[:6], levels)
        assert several.shape == (6, *targets, 2, 3)
        assert model.predict_interval(X[:6], 0.3).shape == (6, *targets, 2)
        np.testing.assert_allclose(several[..., 1], model.predict_interval(X[:6], 0.3), rtol=1e-12)
        lower, upper = (np.take(several, i, axis=-2)[..., [1, 2, 0]] for i in (0, 1))
        assert (np.diff(lower) <= 0).all()
        assert (np.diff(upper) >= 0).all()
        assert (lower <= upper).all()


class CrossingQuantiles(RegressorMixin, BaseEstimator):
    """A model whose intervals are wide where x_1 > 0 for low levels, and where x_1 < 0 for high ones."""

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.zeros(len(X))

    def predict_dist(self, X):
        def interval(coverage):
            wide = (X[:, 0] > 0) == (coverage < 0.6)
            return np.where(wide, 3.0, 1.0)[:, None] * np.array([-1.0, 1.0])

        return SimpleNamespace(interval=interval)


def test_quantiles_of_several_levels_nest_by_unions(draw):
    X, y = draw(400)
    model = ConformalRegressor(FrozenEstimator(CrossingQuantiles().fit(X, y)), conformity_score="quantile").fit(X, y)
    low, high = (model.predict_interval(X, level) for level in (0.5, 0.7))
    both = model.predict_interval(X, [0.7, 0.5])
    np.testing.assert_array_equal(both[..., 1], low)
    np.testing.assert_array_equal(both[:, 0, 0], np.minimum(low[:, 0], high[:, 0]))
    np.testing.assert_array_equal(both[:, 1, 0], np.maximum(low[:, 1], high[:, 1]))
    assert (both[..., 0] != high).any()


def test_a_joint_box_holds_all_targets_as_often_as_it_says(draw):
    X, y = draw(99, n_targets=3)
    frozen = FrozenEstimator(LinearRegression().fit(*draw(300, seed=99, n_targets=3)))
    boxes = {kind: ConformalRegressor(frozen, multi_output=kind).fit(X, y) for kind in ("marginal", "joint")}
    inside = {}
    for kind, model in boxes.items():
        interval = model.predict_interval(X, 0.9)
        # The row that sets the threshold lies on the edge, up to rounding.
        inside[kind] = (interval[..., 0] - 1e-9 <= y) & (y <= interval[..., 1] + 1e-9)
    assert inside["joint"].all(axis=1).sum() == 90  # ceil(0.9 * 100) of the calibration rows themselves
    np.testing.assert_array_equal(inside["marginal"].sum(axis=0), 90)
    assert inside["marginal"].all(axis=1).sum() < 90


def test_too_few_rows_give_infinite_intervals_and_one_warning(draw, frozen, method, ensemble):
    X, y = draw(8)
    estimator = {"split": frozen, "cv+": LinearRegression(), "jackknife+ab": ensemble}[method]
    model = ConformalRegressor(estimator, method=method, cv=2, random_state=0).fit(X, y)
    with pytest.warns(
        UserWarning, match=r"8 of 8 rows have infinite.* coverage of 0.9 needs at least 9 .*, got 8"
    ) as w:
        interval = model.predict_interval(X, [0.5, 0.9, 0.95])
    assert len(w) == 1
    assert w[0].filename == __file__
    assert np.isfinite(interval[..., 0]).all()
    assert (np.abs(interval[..., 1:]) == np.inf).all()


def test_as_few_rows_as_the_level_needs(draw, frozen):
    X, y = draw(9)
    assert np.isfinite(ConformalRegressor(frozen).fit(X, y).predict_interval(X, 0.9)).all()


# -- groups ------------------------------------------------------------------------------------------------------------


def test_every_group_has_its_own_threshold(draw, frozen, method, ensemble):
    (X, y), (X_test, _) = draw(60), draw(10, seed=1)
    groups, test_groups = np.where(np.arange(60) % 3, "b", "a"), np.array(["b", "a"] * 5)
    y = np.where(groups == "a", 5.0, 1.0) * y
    estimator = {"split": frozen, "cv+": LinearRegression(), "jackknife+ab": ensemble}[method]
    model = ConformalRegressor(estimator, method=method, random_state=0).fit(X, y, groups=groups)
    interval = model.predict_interval(X_test, 0.8, groups=test_groups)
    widths = interval[:, 1] - interval[:, 0]
    assert widths[1::2].min() > 1.5 * widths[::2].max()
    if method == "split":
        for name in "ab":
            alone = ConformalRegressor(frozen).fit(X[groups == name], y[groups == name])
            chosen = test_groups == name
            np.testing.assert_array_equal(interval[chosen], alone.predict_interval(X_test[chosen], 0.8))


def test_every_group_has_its_share_of_calibration_rows(draw):
    X, y = draw(100)
    groups = np.repeat([1, 2], [90, 10])
    model = ConformalRegressor(LinearRegression(), calibration_size=0.3, random_state=0).fit(X, y, groups=groups)
    assert np.bincount(groups[model.calibration_rows_]).tolist() == [0, 27, 3]


def test_a_group_without_enough_rows_is_infinite_and_alone_in_that(draw, frozen):
    X, y = draw(40)
    groups = np.repeat([0, 1], [35, 5])
    model = ConformalRegressor(frozen).fit(X, y, groups=groups)
    with pytest.warns(
        UserWarning, match="5 of 40 rows have infinite.* at least 9 calibration rows of each group, got 5"
    ):
        interval = model.predict_interval(X, groups=groups)
    np.testing.assert_array_equal(np.isinf(interval).any(axis=1), groups == 1)


def test_groups_that_cannot_be(draw, frozen):
    X, y = draw(20)
    grouped, plain = (ConformalRegressor(frozen).fit(X, y, groups=g) for g in (["a", "b"] * 10, None))
    with pytest.raises(ValueError, match=r"groups must be among those of fit, \['a', 'b'\], got also \['c'\]"):
        grouped.predict_interval(X[:2], groups=["a", "c"])
    with pytest.raises(ValueError, match=r"groups must be given to both fit and predict_interval.*got None here"):
        grouped.predict_interval(X)
    with pytest.raises(ValueError, match=r"groups must be given to both fit and predict_interval.*got them here"):
        plain.predict_interval(X, groups=["a"] * 20)
    with pytest.raises(ValueError, match=r"groups must have shape \(2,\), one a row, got \(1,\)"):
        grouped.predict_interval(X[:2], groups=["a"])
    for missing in (None, np.nan):
        with pytest.raises(ValueError, match="groups must name the group of every row, got missing values"):
            ConformalRegressor(frozen).fit(X, y, groups=np.array(["a", missing] * 10, dtype=object))


# -- shifts and weights ------------------------------------------------------------------------------------------------


def test_the_density_ratio_by_hand(draw, frozen):
    (X, y), (X_test, _) = draw(30), draw(6, seed=1)
    model = ConformalRegressor(frozen, density_ratio=lambda x: np.exp(x[:, 0])).fit(X, y)
    interval = model.predict_interval(X_test, 0.7)
    errors = np.abs(y - frozen.predict(X))
    for x, (low, high) in zip(X_test, interval, strict=True):
        width = conformal_quantile(errors, 0.7, np.exp(X[:, 0]), np.exp(x[0]))
        np.testing.assert_allclose([low, high], frozen.predict(x[None])[0] + np.array([-width, width]))


@pytest.mark.parametrize("score", ["absolute", "pit"])
def test_a_constant_density_ratio_changes_nothing(draw, ensemble, method, score):
    (X, y), (X_test, _) = draw(40), draw(6, seed=1)
    plain = ConformalRegressor(ensemble, method=method, conformity_score=score, random_state=0).fit(X, y)
    weighted = clone(plain).set_params(density_ratio=lambda x: np.full(len(x), 3.0)).fit(X, y)
    levels = [0.5, 0.7]
    np.testing.assert_array_equal(weighted.predict_interval(X_test, levels), plain.predict_interval(X_test, levels))


def test_a_test_row_that_outweighs_the_calibration_rows(draw, frozen):
    X, y = draw(30)
    model = ConformalRegressor(frozen, density_ratio=lambda x: np.where(x[:, 0] > 90, 1e3, 1.0)).fit(X, y)
    with pytest.warns(UserWarning, match="1 of 2 rows have infinite.*and more where density_ratio is large"):
        interval = model.predict_interval([[0.0, 0.0], [99.0, 0.0]] * np.ones((1, 1)))
    np.testing.assert_array_equal(np.isinf(interval).all(axis=1), [False, True])


@pytest.mark.parametrize(
    ("ratio", "message"),
    [
        (lambda x: np.ones((len(x), 1)), r"density_ratio must return shape \(20,\)"),
        (lambda x: x[:, 0], "density_ratio must return finite numbers of at least 0"),
        (lambda x: np.full(len(x), np.inf), "density_ratio must return finite numbers"),
        (lambda x: np.zeros(len(x)), "density_ratio must be positive for some calibration row"),
    ],
)
def test_density_ratios_that_cannot_be(draw, frozen, ratio, message):
    with pytest.raises(ValueError, match=message):
        ConformalRegressor(frozen, density_ratio=ratio).fit(*draw(20))


@pytest.mark.parametrize("method", ["split", "cv+"])
def test_weights_are_for_the_fit_and_zero_is_removal(draw, method):
    X, y = draw(60)
    weight = np.random.default_rng(0).integers(0, 3, 60)
    kept = weight > 0
    model = ConformalRegressor(LinearRegression(), method=method, random_state=0)
    weighted = clone(model).fit(X, np.where(kept, y, 1e6), sample_weight=weight)
    removed = clone(model).fit(X[kept], y[kept], sample_weight=weight[kept])
    np.testing.assert_allclose(weighted.predict_interval(X), removed.predict_interval(X), rtol=1e-10)
    assert not np.allclose(weighted.predict(X), clone(model).fit(X[kept], y[kept]).predict(X))
    assert kept[weighted.calibration_rows_].all()


def test_weights_that_the_model_does_not_take(draw):
    with pytest.raises(ValueError, match="sample_weight must be None with KNeighborsRegressor"):
        ConformalRegressor(KNeighborsRegressor()).fit(*draw(30), sample_weight=np.ones(30))


# -- many rows ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [None, lambda x: np.exp(0.5 * x[:, 0])], ids=["plain", "ratio"])
def test_chunks_change_nothing(draw, ensemble, monkeypatch, method, score, ratio):
    X, y = draw(24)
    model = ConformalRegressor(
        ensemble, method=method, conformity_score=score, calibration_size=12, density_ratio=ratio, cv=2, random_state=0
    )
    whole = model.fit(X, y).predict_interval(X, [0.6, 0.3])
    monkeypatch.setattr(calibrated, "CHUNK", 200)
    for module in (calibrated, split_conformal):
        monkeypatch.setattr(module, "ROWS_AT_A_TIME", 7)
    np.testing.assert_allclose(model.predict_interval(X, [0.6, 0.3]), whole, rtol=1e-12)
    np.testing.assert_allclose(model.fit(X, y).predict_interval(X, [0.6, 0.3]), whole, rtol=1e-12)


@pytest.mark.parametrize("score", ["pit", "quantile"])
def test_whole_distributions_of_few_rows_exist_at_a_time(draw, network, monkeypatch, score):
    asked = []
    predict_dist = ProbabilisticMLPRegressor.predict_dist
    monkeypatch.setattr(
        ProbabilisticMLPRegressor, "predict_dist", lambda model, X: asked.append(len(X)) or predict_dist(model, X)
    )
    X, y = draw(10_000)
    frozen = FrozenEstimator(network.fit(X[:50], y[:50]))
    ConformalRegressor(frozen, conformity_score=score).fit(X, y).predict_interval(X)
    assert max(asked) <= 4096
    assert sum(asked) == 20_000


# -- the wrapped model -------------------------------------------------------------------------------------------------


def test_the_model_s_own_uncertainty_stays(draw, network):
    X, y = draw(60)
    model = ConformalRegressor(network, random_state=0).fit(X, y)
    np.testing.assert_array_equal(model.predict(X, return_std=True), model.estimator_.predict(X, return_std=True))
    np.testing.assert_array_equal(model.predict_dist(X).var(), model.estimator_.predict_var(X))
    split = model.predict_uncertainty(X)
    np.testing.assert_allclose(split.aleatoric_variance + split.epistemic_variance, split.total_variance)


def test_what_the_model_lacks_the_wrapper_lacks(draw):
    model = ConformalRegressor(LinearRegression())
    assert not hasattr(model, "predict_dist")
    assert not hasattr(model.fit(*draw(30)), "predict_uncertainty")
    assert hasattr(ConformalRegressor(), "predict_dist")
    assert hasattr(ConformalRegressor(FrozenEstimator(ProbabilisticMLPRegressor())), "predict_dist")


def test_default_models():
    assert isinstance(ConformalRegressor()._unfitted(), ProbabilisticMLPRegressor)
    default = ConformalRegressor(method="jackknife+ab")._unfitted()
    assert isinstance(default, DeepEnsembleRegressor)
    assert (default.n_estimators, default.bootstrap) == (20, True)


def test_calibration_rows_are_not_fitted_on(draw):
    X, y = draw(50)
    model = ConformalRegressor(LinearRegression(), calibration_size=7, random_state=0).fit(X, y)
    assert len(model.calibration_rows_) == 7
    fitted = np.delete(np.arange(50), model.calibration_rows_)
    np.testing.assert_array_equal(model.estimator_.coef_, LinearRegression().fit(X[fitted], y[fitted]).coef_)
    assert len(ConformalRegressor(LinearRegression(), calibration_size=0.31).fit(X, y).calibration_rows_) == 16


def test_calibration_rows_are_drawn_by_the_random_state(draw):
    X, y = draw(50)
    draws = [ConformalRegressor(LinearRegression(), random_state=s).fit(X, y).calibration_rows_ for s in (0, 0, 1)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()


def test_data_frames_reach_the_model(draw):
    X, y = draw(60)
    frame = pd.DataFrame(X, columns=["a", "b"])
    pipeline = make_pipeline(FunctionTransformer(lambda f: f[["a"]]), LinearRegression())
    for method in ("split", "cv+"):
        model = ConformalRegressor(
            pipeline, method=method, density_ratio=lambda f: np.exp(0.1 * f["b"]), random_state=0
        )
        model.fit(frame, pd.Series(y), groups=pd.Series(["x", "y"] * 30))
        assert model.predict_interval(frame, 0.5, groups=["x"] * 60).shape == (60, 2)
        assert model.feature_names_in_.tolist() == ["a", "b"]


def test_grid_search_with_an_interval_score(draw, network):
    X, y = draw(80)
    search = GridSearchCV(
        ConformalRegressor(network, calibration_size=0.4, random_state=0),
        {"conformity_score": ["absolute", "pit"], "estimator__max_iter": [5]},
        scoring=neg_interval_score_scorer,
        cv=2,
    ).fit(X, y)
    assert search.best_estimator_.predict_interval(X).shape == (80, 2)


def test_pickle_and_clone(draw, ensemble, method, score):
    X, y = draw(40)
    model = ConformalRegressor(ensemble, method=method, conformity_score=score, cv=2, random_state=0).fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict_interval(X[:4], 0.6), model.predict_interval(X[:4], 0.6))
    np.testing.assert_array_equal(
        clone(model).fit(X, y).predict_interval(X[:4], 0.6), model.predict_interval(X[:4], 0.6)
    )


def test_a_refit_forgets_the_last_one(draw):
    X, y = draw(40)
    model = ConformalRegressor(LinearRegression(), method="cv+", random_state=0).fit(X, y, groups=["a", "b"] * 20)
    model.set_params(method="split").fit(X, y)
    assert not hasattr(model, "estimators_")
    assert model.groups_ is None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert model.predict_interval(X).shape == (40, 2)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"method": "jackknife"},
            ValueError,
            "method must be one of 'split', 'cv\\+', 'jackknife\\+ab', got 'jackknife'",
        ),
        ({"conformity_score": "cqr"}, ValueError, "conformity_score must be one of 'absolute'"),
        ({"multi_output": "both"}, ValueError, "multi_output must be one of 'marginal', 'joint'"),
        ({"calibration_size": 1.0}, ValueError, "calibration_size must be greater than 0 and less than 1"),
        ({"calibration_size": 30}, ValueError, "calibration_size must be less than the number of rows"),
        ({"density_ratio": 2.0}, TypeError, "density_ratio must be a function of X or None"),
        ({"method": "cv+", "cv": 1}, ValueError, "cv must be at least 2"),
        ({"conformity_score": "pit"}, TypeError, "conformity_score='pit' needs an estimator with predict_dist"),
    ],
)
def test_options_that_cannot_be(draw, options, error, message):
    with pytest.raises(error, match=message):
        ConformalRegressor(LinearRegression(), **options).fit(*draw(30))


def test_predictions_that_cannot_be(draw, frozen):
    with pytest.raises(NotFittedError):
        ConformalRegressor(LinearRegression()).predict_interval([[0.0]])
    model = ConformalRegressor(frozen).fit(*draw(30))
    with pytest.raises(
        ValueError, match=r"coverage must lie strictly between 0 and 1, got 90. For 90 percent pass 0.9"
    ):
        model.predict_interval([[0.0, 0.0]], 90)
    with pytest.raises(NotFittedError):
        ConformalRegressor(FrozenEstimator(BayesianRidge())).fit(*draw(30))
