"""Intervals, densities and surfaces: what is drawn are the estimator's own numbers."""

import numpy as np
import pytest
from matplotlib.collections import FillBetweenPolyCollection, LineCollection, PathCollection, PolyCollection
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm

from uncertainty import RecalibratedRegressor
from uncertainty.metrics import coverage_score
from uncertainty.plotting import PredictionIntervalDisplay, PredictiveDensityDisplay, UncertaintySurfaceDisplay


def bar_ends(collection):
    """Return x (n,) and the two ends (n, 2) of vertical bars."""
    segments = np.array(collection.get_segments())  # [n, 2, 2]
    return segments[:, 0, 0], segments[:, :, 1]


def band_ends(band, x):
    """Return the two ends (n, 2) of a band over rising x."""
    vertices = band.get_paths()[0].vertices
    n = len(x)
    assert_allclose(vertices[1 : n + 1, 0], x)
    return np.column_stack([vertices[1 : n + 1, 1], vertices[n + 2 : 2 * n + 2, 1][::-1]])


class TestPredictionInterval:
    def test_bars_are_the_intervals_in_order_of_the_prediction(self, regressor, regression, legend_texts):
        X, y = regression
        display = PredictionIntervalDisplay.from_estimator(regressor, X, y, coverage=0.8)
        order = np.argsort(regressor.predict(X))
        interval = regressor.predict_interval(X, coverage=0.8)
        assert isinstance(display.interval_, LineCollection)
        x, ends = bar_ends(display.interval_)
        assert_array_equal(x, np.arange(80))
        assert_allclose(ends, interval[order])
        assert_allclose(display.line_.get_ydata(), regressor.predict(X)[order])
        assert_allclose(display.observed_.get_offsets()[:, 1], y.to_numpy()[order])
        title = display.ax_.get_legend().get_title().get_text()
        assert title == f"80 % interval, holds {100 * coverage_score(y, interval):.1f} % of 80 rows"
        assert legend_texts(display) == [
            "ignorance of the model (epistemic)",
            "noise (aleatoric)",
            "observed",
            "prediction",
        ]
        assert display.ax_.get_ylabel() == "pressure"

    def test_the_inner_bars_are_what_noise_alone_asks_for(self):
        # A normal distribution of variance 9 + 16: its interval without the 16 is the interval of N(2, 9).
        interval = np.array([norm(2.0, 5.0).interval(0.9)])
        display = PredictionIntervalDisplay.from_predictions(
            [1.0], [2.0], interval, aleatoric_variance=[9.0], epistemic_variance=[16.0]
        )
        assert_allclose(bar_ends(display.aleatoric_)[1], [norm(2.0, 3.0).interval(0.9)])
        assert_allclose(bar_ends(display.interval_)[1], interval)

    def test_without_parts_there_is_one_bar(self, gaussian_process, regression, legend_texts):
        X = regression[0]
        display = PredictionIntervalDisplay.from_estimator(gaussian_process, X.to_numpy())
        mean, std = gaussian_process.predict(X.to_numpy(), return_std=True)
        assert_allclose(display.interval, np.column_stack(norm(mean, std).interval(0.9)))
        assert display.aleatoric_ is None
        assert display.observed_ is None
        assert legend_texts(display) == ["interval", "prediction"]

    def test_index_keeps_the_order(self):
        display = PredictionIntervalDisplay.from_predictions([1.0, 0.0], [3.0, 2.0], [[2.0, 4.0], [1.0, 3.0]])
        assert_array_equal(display.plot(kind="index").line_.get_ydata(), [3.0, 2.0])
        assert_array_equal(display.plot(kind="sorted").line_.get_ydata(), [2.0, 3.0])
        assert_array_equal(display.observed_.get_offsets()[:, 1], [0.0, 1.0])

    def test_rows_along_one_feature(self, regressor, regression):
        X, y = regression
        display = PredictionIntervalDisplay.from_estimator(regressor, X, y, kind="feature", feature="dose")
        assert_allclose(bar_ends(display.interval_)[0], np.sort(X["dose"]))
        assert display.ax_.get_xlabel() == "dose"
        for wrong in ("salt", None, 2):
            with pytest.raises(ValueError, match=r"feature must .* X has the columns age, dose"):
                PredictionIntervalDisplay.from_estimator(regressor, X, y, kind="feature", feature=wrong)

    def test_a_single_feature_gives_a_band(self):
        x = np.array([2.0, 0.0, 1.0])
        interval = np.column_stack([x - 1.0, x + 2.0])
        display = PredictionIntervalDisplay.from_predictions(
            None, x, interval, kind="feature", feature=x, continuous=True, feature_name="time [s]"
        )
        assert isinstance(display.interval_, FillBetweenPolyCollection)
        assert_allclose(band_ends(display.interval_, [0.0, 1.0, 2.0]), interval[[1, 2, 0]])
        assert display.ax_.get_xlabel() == "time [s]"

    def test_many_rows_are_a_density_and_means_of_neighbours(self, legend_texts):
        y = np.random.default_rng(0).standard_normal(20_000)
        display = PredictionIntervalDisplay.from_predictions(y, 2.0 * y, np.column_stack([2 * y - 1, 2 * y + 1]))
        assert isinstance(display.observed_, PolyCollection)
        assert display.observed_.get_array().sum() == 20_000
        steps = np.sort(y).reshape(100, 200).mean(axis=1)
        assert_allclose(display.line_.get_ydata(), 2.0 * steps)
        ends = band_ends(display.interval_, display.line_.get_xdata())
        assert_allclose(ends, np.column_stack([2.0 * steps - 1.0, 2.0 * steps + 1.0]))
        assert "observed (20000)" in legend_texts(display)

    def test_infinite_ends_reach_beyond_everything_else(self):
        display = PredictionIntervalDisplay.from_predictions([0.0, 9.0], [1.0, 2.0], [[-np.inf, np.inf], [0.0, 10.0]])
        assert_allclose(bar_ends(display.interval_)[1], [[-1.0, 11.0], [0.0, 10.0]])

    def test_unknown_kind(self):
        with pytest.raises(ValueError, match="kind must be 'sorted', 'index' or 'feature', got 'sort'"):
            PredictionIntervalDisplay.from_predictions(None, [1.0], [[0.0, 2.0]], kind="sort")
        with pytest.raises(ValueError, match="feature must be given for kind='feature'"):
            PredictionIntervalDisplay.from_predictions(None, [1.0], [[0.0, 2.0]], kind="feature")


class TestPredictiveDensity:
    def test_ridges_are_the_density(self):
        mean, std = np.array([0.0, 5.0]), np.array([1.0, 0.5])
        display = PredictiveDensityDisplay.from_predictions([0.3, 4.0], norm(mean, std), coverage=0.8)
        assert_allclose(display.density, norm(mean[:, None], std[:, None]).pdf(display.points))
        assert_allclose(display.interval, np.column_stack(norm(mean, std).interval(0.8)))
        top, bottom = (ridge.get_paths()[0].vertices[:, 1] for ridge in display.density_)
        assert_allclose([top.min(), top.max(), bottom.min(), bottom.max()], [1.0, 2.3, 0.0, 1.3], atol=1e-3)
        middle = display.interval_[0].get_paths()[0].vertices[:, 0]
        assert_allclose([middle.min(), middle.max()], display.interval[0], atol=0.06)
        assert_array_equal(display.observed_.get_xdata(), [0.3, 4.0])
        assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["row 0", "row 1"]

    def test_every_peak_of_a_mixture_is_seen(self, regressor, regression):
        """Five members, each 250 times narrower than the distance to the next."""
        narrow = regressor.predict_dist(regression[0][:1])
        narrow.members.means[:] = np.linspace(0.0, 100.0, 5)[:, None, None, None]
        narrow.members.scales[:] = 0.1
        display = PredictiveDensityDisplay.from_predictions(None, narrow)
        density = display.density[0]
        peaks = (density[1:-1] > density[:-2]) & (density[1:-1] >= density[2:]) & (density[1:-1] > 0.1)
        assert peaks.sum() == 5

    def test_chosen_rows(self, regressor, regression):
        X, y = regression
        display = PredictiveDensityDisplay.from_estimator(regressor, X, y, rows=[7, 3])
        assert display.row_names == ["row 7", "row 3"]
        assert_array_equal(display.y_true, y.to_numpy()[[7, 3]])
        assert_allclose(display.interval, regressor.predict_interval(X.iloc[[7, 3]]))
        assert display.ax_.get_xlabel() == "pressure"

    def test_by_default_from_the_smallest_to_the_largest_prediction(self, regressor, regression):
        display = PredictiveDensityDisplay.from_estimator(regressor, *regression)
        predicted = regressor.predict(regression[0])
        rows = [int(name.removeprefix("row ")) for name in display.row_names]
        assert len(rows) == 6
        assert rows[0] == predicted.argmin()
        assert rows[-1] == predicted.argmax()

    def test_recalibrated_targets_have_marginals(self, two_targets):
        X, Y, model = two_targets
        recalibrated = RecalibratedRegressor(model, method="isotonic", random_state=0).fit(X, Y)
        whole = recalibrated.predict_dist(X)
        marginal = whole.marginal(1)
        assert_allclose(marginal.cdf(Y["pulse"].to_numpy()), whole.cdf(Y.to_numpy())[:, 1])
        assert_allclose(marginal.mean(), whole.mean()[:, 1])

    def test_too_many_rows(self, regressor, regression):
        with pytest.raises(ValueError, match="rows must be at most 30, got 31"):
            PredictiveDensityDisplay.from_estimator(regressor, *regression, rows=range(31))


class TestUncertaintySurface:
    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("total", lambda u: u.total_entropy),
            ("aleatoric", lambda u: u.aleatoric_entropy),
            ("epistemic", lambda u: u.mutual_information),
            ("max_probability", lambda u: 1.0 - u.proba.max(axis=1)),
        ],
    )
    def test_each_kind_of_a_classifier(self, kind, expected, multiclass_classifier, multiclass):
        display = UncertaintySurfaceDisplay.from_estimator(
            multiclass_classifier, *multiclass, kind=kind, grid_resolution=7
        )
        points = multiclass[0].iloc[:0].assign(age=display.xx0.ravel(), dose=display.xx1.ravel())
        values = expected(multiclass_classifier.predict_uncertainty(points))
        assert_allclose(display.surface_.get_array().ravel(), values, rtol=1e-9, atol=1e-12)
        assert display.ax_.get_xlabel() == "age"
        assert display.ax_.get_ylabel() == "dose"
        assert display.colorbar_.ax.get_ylabel() == display.response_name

    def test_the_border_is_where_the_class_changes(self, binary_classifier, binary):
        display = UncertaintySurfaceDisplay.from_estimator(binary_classifier, *binary, grid_resolution=21)
        (border,) = display.boundary_
        points = np.concatenate([path.vertices for path in border.get_paths()])
        proba = binary_classifier.predict_proba(binary[0].iloc[:0].assign(age=points[:, 0], dose=points[:, 1]))
        assert_allclose(proba[:, 1], 0.5, atol=0.03)

    def test_rows_by_class(self, multiclass_classifier, multiclass, legend_texts):
        X, y = multiclass
        display = UncertaintySurfaceDisplay.from_estimator(multiclass_classifier, X, y, grid_resolution=5)
        assert [len(rows.get_offsets()) for rows in display.rows_] == [(y == name).sum() for name in np.unique(y)]
        assert {"class high", "class low", "class middle"} <= set(legend_texts(display))

    def test_many_rows_are_thinned(self, regressor, legend_texts):
        rng = np.random.default_rng(0)
        display = UncertaintySurfaceDisplay(
            xx0=np.zeros((2, 2)), xx1=np.eye(2), response=np.eye(2), X=rng.standard_normal((20_000, 2))
        ).plot()
        assert isinstance(display.rows_[0], PathCollection)
        assert len(display.rows_[0].get_offsets()) == 2000
        assert "rows (1 of 10)" in legend_texts(display)

    def test_numbers_on_a_grid(self, legend_texts):
        xx0, xx1 = np.meshgrid([0.0, 1.0, 2.0], [0.0, 1.0, 2.0])
        proba = np.column_stack([1.0 - 0.4 * xx0.ravel(), 0.4 * xx0.ravel()])
        display = UncertaintySurfaceDisplay.from_predictions(
            xx0, xx1, xx1.ravel(), proba=proba, X=[[1.0, 1.0], [2.0, 0.0]], y=["left", "right"], kind="epistemic"
        )
        assert_array_equal(display.surface_.get_array().ravel(), xx1.ravel())
        (border,) = display.boundary_
        assert_allclose(np.concatenate([path.vertices for path in border.get_paths()])[:, 0], 1.25)
        assert {"class left", "class right", "epistemic uncertainty"} <= set(legend_texts(display))
        with pytest.raises(ValueError, match=r"kind must be one of 'total', .*, got 'both'"):
            UncertaintySurfaceDisplay.from_predictions(xx0, xx1, xx1, kind="both")

    def test_one_network_has_no_ignorance(self, regressor, regression):
        X, y = regression
        single = regressor.estimator.__class__(**regressor.estimator.get_params()).fit(X, y)
        display = UncertaintySurfaceDisplay.from_estimator(single, X, y, kind="epistemic", grid_resolution=5)
        assert not display.surface_.get_array().any()
        display.figure_.canvas.draw()

    def test_two_features_are_needed(self, regressor):
        with pytest.raises(ValueError, match=r"X must have two features, got shape \(3, 4\)"):
            UncertaintySurfaceDisplay.from_estimator(regressor, np.zeros((3, 4)))

    def test_unknown_kind(self, regressor, regression):
        with pytest.raises(ValueError, match="must be one of 'total', 'aleatoric', 'epistemic', got 'max_probability'"):
            UncertaintySurfaceDisplay.from_estimator(regressor, *regression, kind="max_probability")


@pytest.mark.parametrize(("n_rows", "apart"), [(30, True), (300, False), (500, False)])
def test_bars_stand_apart_or_well_over_one_another(n_rows, apart):
    y = np.linspace(0.0, 1.0, n_rows)
    display = PredictionIntervalDisplay.from_predictions(y, y, np.column_stack([y - 1.0, y + 1.0]))
    display.figure_.canvas.draw()
    spacing = display.ax_.get_window_extent().width * 72.0 / display.figure_.dpi / n_rows
    (width,) = display.interval_.get_linewidth()
    assert width < 0.9 * spacing if apart else width > 1.5 * spacing
