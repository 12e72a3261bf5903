"""Binned calibration against hand-computed tables, a row-by-row definition and independent libraries."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import foldnorm
from sklearn.calibration import calibration_curve

from uncertainty.metrics import calibration_bins, expected_calibration_error

KINDS = ["top_label", "class_wise", "positive"]
STRATEGIES = ["uniform", "quantile"]


def random_problem(seed=0, n_rows=400, n_classes=3):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(n_classes, 0.7), n_rows)
    blurred = 0.6 * proba + 0.4 / n_classes  # overconfident, so that the error is well above its noise
    return np.array([rng.choice(n_classes, p=p) for p in blurred]), proba, rng.uniform(0.1, 2.0, n_rows)


def error_by_definition(confidence, event, weight, n_bins, norm):
    gaps, shares = [], []
    for b in range(n_bins):
        inside = [i for i, c in enumerate(confidence) if min(int(c * n_bins), n_bins - 1) == b]
        mass = sum(weight[i] for i in inside)
        if mass > 0:
            gaps.append(abs(sum(weight[i] * (event[i] - confidence[i]) for i in inside)) / mass)
            shares.append(mass / sum(weight))
    gaps, shares = np.array(gaps), np.array(shares)
    return {"l1": shares @ gaps, "l2": np.sqrt(shares @ gaps**2), "max": gaps.max()}[norm]


class TestValues:
    def test_four_rows_by_hand(self):
        y, p = [0, 1, 1, 0], [0.1, 0.9, 0.6, 0.8]
        bins = calibration_bins(y, p, kind="positive", n_bins=2)
        assert_allclose(bins.edges, [0.0, 0.5, 1.0])
        assert_array_equal(bins.count, [1, 3])
        assert_allclose(bins.weight, [0.25, 0.75])
        assert_allclose(bins.mean_confidence, [0.1, 2.3 / 3])
        assert_allclose(bins.observed_frequency, [0.0, 2 / 3])
        assert_allclose(expected_calibration_error(y, p, kind="positive", n_bins=2), 0.25 * 0.1 + 0.75 * 0.1)
        weight = [1.0, 0.0, 2.0, 1.0]  # second bin: confidence 2 / 3, frequency 2 / 3
        weighted = expected_calibration_error(y, p, kind="positive", n_bins=2, sample_weight=weight)
        assert_allclose(weighted, 0.25 * 0.1)

    def test_the_kinds_differ_in_a_binary_problem(self):
        y, p = [0, 1, 1, 0], [0.1, 0.9, 0.6, 0.8]
        # top label: confidence .9 .9 .6 .8, right 1 1 1 0. Class 0: p .9 .1 .4 .2, event 1 0 0 1.
        assert_allclose(expected_calibration_error(y, p, n_bins=2), abs(3.2 / 4 - 3 / 4))
        class_0 = 0.75 * abs(0.7 / 3 - 1 / 3) + 0.25 * 0.1
        assert_allclose(expected_calibration_error(y, p, kind="class_wise", n_bins=2), (class_0 + 0.1) / 2)

    def test_the_norms(self):
        y, p = [0, 1, 1, 0, 0], [0.1, 0.9, 0.6, 0.8, 0.3]  # gaps .2 (weight .4) and .1 (weight .6)
        values = [expected_calibration_error(y, p, kind="positive", n_bins=2, norm=n) for n in ("l1", "l2", "max")]
        assert_allclose(values, [0.4 * 0.2 + 0.6 * 0.1, np.sqrt(0.4 * 0.04 + 0.6 * 0.01), 0.2])

    @pytest.mark.parametrize("norm", ["l1", "l2", "max"])
    def test_row_by_row_definition(self, norm):
        y, proba, weight = random_problem()
        arguments = {"n_bins": 10, "norm": norm, "sample_weight": weight}
        top = error_by_definition(proba.max(axis=1), proba.argmax(axis=1) == y, weight, 10, norm)
        assert_allclose(expected_calibration_error(y, proba, **arguments), top)
        each = [error_by_definition(proba[:, c], y == c, weight, 10, norm) for c in range(3)]
        assert_allclose(expected_calibration_error(y, proba, kind="class_wise", **arguments), np.mean(each))
        assert top > 0.05

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("strategy", STRATEGIES)
    @pytest.mark.parametrize("norm", ["l1", "l2", "max"])
    def test_certain_and_right_is_zero_certain_and_wrong_is_one(self, kind, strategy, norm):
        arguments = {"kind": kind, "strategy": strategy, "norm": norm}
        assert expected_calibration_error([0, 1, 1, 0], [0.0, 1.0, 1.0, 0.0], **arguments) == 0.0
        assert expected_calibration_error([0, 1, 1, 0], [1.0, 0.0, 0.0, 1.0], **arguments) == 1.0

    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_frequencies_equal_to_the_confidence_give_zero(self, strategy):
        p = np.repeat([0.25, 0.75], 4)
        y = [1, 0, 0, 0, 1, 1, 1, 0]
        assert expected_calibration_error(y, p, kind="positive", strategy=strategy) == 0.0


class TestBins:
    def test_edges_belong_to_the_bin_above_and_one_to_the_last(self):
        p = np.array([0.0, 0.1, 0.2, 0.3, 0.6, 0.7, 0.9, 1.0])
        bins = calibration_bins([0, 1] * 4, p, kind="positive", n_bins=10)
        assert_array_equal(bins.count, [1, 1, 1, 1, 0, 0, 1, 1, 0, 2])
        assert_allclose(bins.mean_confidence[-1], 0.95)

    def test_empty_bins_are_marked(self):
        bins = calibration_bins([0, 1], [0.1, 0.9], kind="positive", n_bins=3)
        assert_array_equal(np.isnan(bins.mean_confidence), bins.count == 0)
        assert_array_equal(np.isnan(bins.observed_frequency), [False, True, False])
        assert_array_equal(bins.weight, [0.5, 0.0, 0.5])

    def test_quantile_bins_have_equal_mass(self):
        y, proba, weight = random_problem(1, n_rows=600)
        bins = calibration_bins(y, proba, strategy="quantile", n_bins=12)
        assert_array_equal(bins.count, np.full(12, 50))
        bins = calibration_bins(y, proba, strategy="quantile", n_bins=12, sample_weight=weight)
        assert_allclose(bins.weight, 1 / 12, atol=weight.max() / weight.sum())
        assert bins.count.min() < 48

    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_every_row_lies_between_the_edges_of_its_bin(self, strategy):
        y, proba, _ = random_problem(2, n_classes=2)
        p = proba[:, 1].round(1)  # ties
        bins = calibration_bins(y, p, kind="positive", strategy=strategy, n_bins=7)
        assert bins.edges[0] == 0.0
        assert bins.edges[-1] == 1.0
        assert (np.diff(bins.edges) >= 0).all()
        for b in range(7):
            last = b == 6
            inside = (p >= bins.edges[b]) & ((p <= 1.0) if last else (p < bins.edges[b + 1]))
            assert inside.sum() == bins.count[b]

    def test_ties_share_a_quantile_bin(self):
        p = np.array([0.2, 0.7, 0.2, 0.2, 0.2, 0.9, 0.2, 0.2])
        bins = calibration_bins([0, 1, 1, 0, 0, 1, 0, 0], p, kind="positive", strategy="quantile", n_bins=4)
        assert sorted(bins.count) == [0, 0, 2, 6]
        used = bins.count > 0
        assert_allclose(bins.mean_confidence[used], [0.2, 0.8])
        assert_allclose(bins.observed_frequency[used], [1 / 6, 1.0])

    def test_rows_of_weight_zero_do_not_shape_the_bins(self):
        y, p = [0, 1, 1, 0, 1], [0.1, 0.9, 0.6, 0.8, 0.7]
        for strategy in STRATEGIES:
            arguments = {"kind": "positive", "strategy": strategy, "n_bins": 2}
            weighted = calibration_bins(y, p, sample_weight=[1, 1, 1, 1, 0], **arguments)
            removed = calibration_bins(y[:4], p[:4], **arguments)
            for field in dataclasses.fields(weighted):
                assert_array_equal(getattr(weighted, field.name), getattr(removed, field.name))

    def test_the_scale_of_the_weights_does_not_move_a_value_on_the_border(self):
        rng = np.random.default_rng(10)
        p = np.linspace(0.1, 0.9, 101)  # the weights are symmetric: the middle value lies on the border of two bins
        for _ in range(20):
            half = rng.integers(1, 30, 50)
            weight = np.concatenate([half, [7], half[::-1]])
            for factor in (1.0, 0.1, 1 / 3, 0.7):
                bins = calibration_bins(
                    np.arange(101) % 2,
                    p,
                    kind="positive",
                    strategy="quantile",
                    n_bins=2,
                    sample_weight=factor * weight,
                )
                assert_array_equal(bins.count, [50, 51])

    def test_class_wise_has_a_class_axis(self):
        y, proba, weight = random_problem(3)
        bins = calibration_bins(y, proba, kind="class_wise", strategy="quantile", n_bins=5, sample_weight=weight)
        assert bins.edges.shape == (3, 6)
        assert bins.count.shape == (3, 5)
        one = calibration_bins(
            y == 2, proba[:, 2], kind="positive", strategy="quantile", n_bins=5, sample_weight=weight
        )
        for field in dataclasses.fields(bins):
            assert_allclose(getattr(bins, field.name)[2], getattr(one, field.name), rtol=1e-12)

    def test_the_mean_gap_is_conserved(self):
        y, proba, weight = random_problem(4, n_classes=2)
        bins = calibration_bins(y, proba, kind="positive", strategy="quantile", sample_weight=weight)
        assert_allclose(bins.weight @ bins.mean_confidence, np.average(proba[:, 1], weights=weight))
        assert_allclose(bins.weight @ bins.observed_frequency, np.average(y, weights=weight))

    def test_the_table_is_frozen(self):
        bins = calibration_bins([0, 1], [0.1, 0.9])
        with pytest.raises(dataclasses.FrozenInstanceError):
            bins.count = None


class TestDebias:
    """The estimators of Kumar, Liang and Ma (2019), bin by bin."""

    def calibrated_errors(self, n_rows, shrink=1.0, n_tables=150, **arguments):
        """Errors of tables whose confidences are exactly right, or are right after shrinking towards 0.5."""
        rng = np.random.default_rng(11)
        errors = []
        for _ in range(n_tables):
            p = rng.uniform(0.5, 1.0, n_rows)
            y = (rng.random(n_rows) < 0.5 + shrink * (p - 0.5)).astype(int)
            errors.append(expected_calibration_error(y, p, kind="positive", labels=[0, 1], **arguments))
        return np.array(errors)

    def test_l1_is_the_resampling_estimate_of_their_package(self):
        y, proba, _ = random_problem(12, n_classes=2)
        bins = calibration_bins(y, proba[:, 1], kind="positive")
        std = np.sqrt(bins.observed_frequency * (1 - bins.observed_frequency) / bins.count)
        draws = np.random.default_rng(0).normal(bins.observed_frequency, std, (200_000, 15))
        plug_in = bins.weight @ np.abs(bins.observed_frequency - bins.mean_confidence)
        expected = 2 * plug_in - (np.abs(draws - bins.mean_confidence) @ bins.weight).mean()
        value = expected_calibration_error(y, proba[:, 1], kind="positive", debias=True)
        assert_allclose(value, expected, atol=2e-4)
        assert value < plug_in - 5e-3

    def test_l2_takes_off_the_unbiased_variance(self):
        y, proba, _ = random_problem(13, n_classes=2)
        bins = calibration_bins(y, proba[:, 1], kind="positive", n_bins=5)
        square = 0.0
        for b in range(5):
            inside = np.minimum((proba[:, 1] * 5).astype(int), 4) == b
            noise = np.var(y[inside], ddof=1) / inside.sum()
            square += bins.weight[b] * ((y[inside].mean() - proba[inside, 1].mean()) ** 2 - noise)
        value = expected_calibration_error(y, proba[:, 1], kind="positive", n_bins=5, norm="l2", debias=True)
        assert_allclose(value, np.sqrt(square))

    def test_calibrated_data(self):
        l1, l1_debiased = self.calibrated_errors(300), self.calibrated_errors(300, debias=True)
        l2, l2_debiased = (self.calibrated_errors(300, norm="l2", debias=debias) for debias in (False, True))
        assert l1.mean() > 0.04
        # Each gap is |N(0, s^2)|: the plug-in's mean is sqrt(2 / pi) s and the debiased one's (2 - sqrt(2)) of that.
        assert_allclose(l1_debiased.mean() / l1.mean(), 2 - np.sqrt(2), atol=0.05)
        assert l2_debiased.mean() < 0.3 * l2.mean()
        assert np.median(l2_debiased) < 0.01 < l1.min()

    @pytest.mark.parametrize("norm", ["l1", "l2"])
    def test_known_miscalibration_is_met_where_the_plug_in_is_too_high(self, norm):
        # Right is 0.5 + 0.6 (p - 0.5): gaps 0.4 (p - 0.5) with p uniform, in fine bins.
        truth = {"l1": 0.4 * 0.25, "l2": 0.4 * np.sqrt(1 / 12)}[norm]
        plug_in = self.calibrated_errors(500, 0.6, norm=norm)
        debiased = self.calibrated_errors(500, 0.6, norm=norm, debias=True)
        assert plug_in.mean() - truth > 0.008
        assert abs(debiased.mean() - truth) < 0.004

    def test_bins_of_one_row_count_as_no_gap_and_the_sum_is_not_negative(self):
        for norm in ("l1", "l2"):
            arguments = {"kind": "positive", "n_bins": 2, "norm": norm, "debias": True}
            assert expected_calibration_error([1, 0], [0.1, 0.9], **arguments) == 0.0
            assert expected_calibration_error([0, 1], [0.45, 0.45], **(arguments | {"n_bins": 1})) == 0.0
        one = expected_calibration_error([1, 1, 0], [0.1, 0.1, 0.9], kind="positive", n_bins=2, debias=True)
        assert_allclose(one, 2 / 3 * 0.9)  # two rows without scatter, and one whose scatter is not known

    @pytest.mark.parametrize("norm", ["l1", "l2"])
    def test_equal_weights_change_nothing_and_unequal_ones_count_for_fewer_rows(self, norm):
        y, proba, _ = random_problem(14)
        plain = expected_calibration_error(y, proba, norm=norm, debias=True)
        same = expected_calibration_error(y, proba, norm=norm, debias=True, sample_weight=np.full(len(y), 3.0))
        assert_allclose(plain, same)
        # Kish: weights 1 and 3 on rows alike in everything else are worth 16 / 20 of the rows.
        y, p = np.tile([1, 1, 1, 1, 0, 0], 6), np.full(36, 0.4)
        weight = np.repeat([1.0, 3.0], 18)
        n = 36 * 0.8
        noise, gap = np.sqrt(2 / 9 / n), 2 / 3 - 0.4
        excess = {"l1": foldnorm.mean(gap / noise, scale=noise) - gap, "l2": 2 / 9 / (n - 1)}[norm]
        expected = gap - excess if norm == "l1" else np.sqrt(gap**2 - excess)
        arguments = {"kind": "positive", "n_bins": 1, "norm": norm, "debias": True, "sample_weight": weight}
        assert_allclose(expected_calibration_error(y, p, **arguments), expected)

    def test_classes_are_corrected_each_on_its_own(self):
        y, proba, _ = random_problem(15)
        arguments = {"n_bins": 10, "debias": True}
        each = [expected_calibration_error(y == c, proba[:, c], kind="positive", **arguments) for c in range(3)]
        assert_allclose(expected_calibration_error(y, proba, kind="class_wise", **arguments), np.mean(each))

    def test_no_correction_of_the_largest_gap(self):
        with pytest.raises(ValueError, match="debias must be False for norm='max'"):
            expected_calibration_error([0, 1], [0.1, 0.9], norm="max", debias=True)


class TestLibraries:
    @pytest.mark.parametrize("norm", ["l1", "l2", "max"])
    def test_torchmetrics(self, norm):
        torch = pytest.importorskip("torch")
        oracle = pytest.importorskip("torchmetrics.functional.classification")
        y, proba, _ = random_problem(5)
        proba = proba.astype(np.float32)
        expected = oracle.multiclass_calibration_error(torch.tensor(proba), torch.tensor(y), 3, n_bins=15, norm=norm)
        assert_allclose(expected_calibration_error(y, proba, norm=norm), expected.item(), rtol=1e-4)
        y, proba, _ = random_problem(6, n_classes=2)
        p = proba[:, 1].astype(np.float32)
        expected = oracle.binary_calibration_error(torch.tensor(p), torch.tensor(y), n_bins=15, norm=norm)
        assert_allclose(expected_calibration_error(y, p, kind="positive", norm=norm), expected.item(), rtol=1e-4)

    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_scikit_learn_curve(self, strategy):
        y, proba, _ = random_problem(7, n_classes=2)
        frequency, confidence = calibration_curve(y, proba[:, 1], n_bins=8, strategy=strategy)
        bins = calibration_bins(y, proba[:, 1], kind="positive", n_bins=8, strategy=strategy)
        assert_allclose(bins.mean_confidence, confidence)
        assert_allclose(bins.observed_frequency, frequency)


class TestInput:
    def test_options(self):
        y, proba, _ = random_problem(9)
        for option in ("kind", "strategy", "norm"):
            with pytest.raises(ValueError, match=rf"{option} must be one of .* got 'other'"):
                expected_calibration_error(y, proba, **{option: "other"})
        for n_bins in (0, 2.5, True):
            with pytest.raises(ValueError, match="n_bins must be an integer of at least 1"):
                calibration_bins(y, proba, n_bins=n_bins)
        with pytest.raises(ValueError, match="two classes for kind='positive', got 3"):
            expected_calibration_error(y, proba, kind="positive")

    def test_labels(self):
        names, proba = np.array(["no", "yes", "yes"]), np.array([0.2, 0.7, 0.9])
        assert_allclose(
            expected_calibration_error(names, 1 - proba, kind="positive", labels=["yes", "no"]),
            expected_calibration_error([1, 0, 0], 1 - proba, kind="positive"),
        )
        with pytest.raises(ValueError, match="labels must be given"):
            expected_calibration_error(["no", "no"], [0.1, 0.2])
