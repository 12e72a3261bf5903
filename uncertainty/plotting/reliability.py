"""Reliability diagram of a classifier: observed frequency over predicted probability, with the number of rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uncertainty.diagnostics.axes import require_matplotlib
from uncertainty.metrics import calibration_bins, expected_calibration_error
from uncertainty.metrics.intervals import clopper_pearson
from uncertainty.plotting import responses
from uncertainty.plotting.class_probabilities import class_probabilities
from uncertainty.plotting.colours import CURVE, next_style
from uncertainty.plotting.display import Display, finish, reference_line

Array = NDArray[np.float64]
Kind = Literal["auto", "top_label", "positive"]
Strategy = Literal["uniform", "quantile"]

CONFIDENCE = 0.95
TOP_LABEL = "the most probable class"


@dataclass(kw_only=True, eq=False, repr=False)
class ReliabilityDisplay(Display):
    """How often it happened against how probable it was said to be, bin by bin, with the number of rows in each.

    On the diagonal the probabilities are calibrated; below it the classifier is over-confident. Error bars are the 95 %
    Clopper-Pearson intervals of the frequencies, the grey bars the share of the rows in each bin.

    Parameters
    ----------
    edges : (B + 1,), mean_confidence, observed_frequency, weight, count : (B,), as in
        `uncertainty.metrics.CalibrationBins`
    lower, upper : (B,) confidence limits of the frequencies, NaN where not known
    calibration_error : float, expected calibration error of these bins
    event : str, what the probabilities are of: the most probable class (that it is right), or a class by name
    name : str for the legend, or None

    Attributes
    ----------
    line_ : Line2D of the frequencies of the bins in use
    errors_ : LineCollection of their confidence intervals
    bars_ : BarContainer of the share of the rows in each bin
    counts_ : list of the texts with the numbers of rows; empty for a further display on the same axes
    reference_ : Line2D of the diagonal
    ax_, figure_ : matplotlib Axes and Figure

    See Also
    --------
    CalibrationCurveDisplay : for regressors

    Examples
    --------
    >>> from uncertainty.plotting import ReliabilityDisplay
    >>> display = ReliabilityDisplay.from_predictions([0, 1, 1, 0], [0.1, 0.9, 0.6, 0.8], kind="positive", n_bins=2)
    >>> display.line_.get_ydata().round(2)
    array([0.  , 0.67])
    """

    edges: Array
    mean_confidence: Array
    observed_frequency: Array
    weight: Array
    count: NDArray[np.intp]
    lower: Array
    upper: Array
    calibration_error: float
    event: str = TOP_LABEL
    name: str | None = None
    line_: Any = field(init=False)
    errors_: Any = field(init=False)
    bars_: Any = field(init=False)
    counts_: list[Any] = field(init=False)
    reference_: Any = field(init=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        kind: Kind = "auto",
        strategy: Strategy = "uniform",
        n_bins: int = 10,
        target: int | None = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
    ) -> ReliabilityDisplay:
        """Draw the reliability diagram of a fitted classifier on rows that it has not been fitted on.

        Parameters
        ----------
        estimator : classifier with `predict_proba`
        X : (n, D)
        y : (n,) labels, or (n, T) of 0 and 1
        kind : "top_label", "positive" (two classes only), or "auto" for "positive" with two classes
        strategy : "uniform" for bins of equal width, "quantile" for bins of equally many rows
        n_bins : int
        target : int, which of T labels of multi-label data
        sample_weight : (n,), optional; confidence limits are then not drawn
        name : str for the legend, by default the estimator's class
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        ReliabilityDisplay

        Raises
        ------
        TypeError
            For a regressor, or a classifier without probabilities.
        ValueError
            For an unknown option, or labels that the estimator has not seen.
        """
        require_matplotlib(cls.__name__)
        labels_true, proba, classes = class_probabilities(estimator, X, y, target)
        return cls.from_predictions(
            labels_true,
            proba,
            kind=kind,
            strategy=strategy,
            n_bins=n_bins,
            labels=classes,
            sample_weight=sample_weight,
            name=responses.name_of(estimator) if name is None else name,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_proba: ArrayLike,
        *,
        kind: Kind = "auto",
        strategy: Strategy = "uniform",
        n_bins: int = 10,
        labels: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
    ) -> ReliabilityDisplay:
        """Draw the reliability diagram of given probabilities.

        Parameters
        ----------
        y_true : (n,) labels
        y_proba : (n, C), or (n,) of the second of two classes
        kind, strategy, n_bins, sample_weight, name, ax : as in `from_estimator`
        labels : (C,) the class of each column, by default the sorted labels of y_true

        Returns
        -------
        ReliabilityDisplay
        """
        if kind == "auto":
            kind = "positive" if np.ndim(y_proba) == 1 or np.shape(y_proba)[1] == 2 else "top_label"
        options: dict[str, Any] = {"kind": kind, "strategy": strategy, "n_bins": n_bins, "labels": labels}
        bins = calibration_bins(y_true, y_proba, sample_weight=sample_weight, **options)
        lower = upper = np.full(len(bins.count), np.nan)
        if sample_weight is None:
            hits = np.nan_to_num(bins.observed_frequency) * bins.count
            lower, upper = clopper_pearson(hits, bins.count - hits, CONFIDENCE)
        return cls(
            edges=bins.edges,
            mean_confidence=bins.mean_confidence,
            observed_frequency=bins.observed_frequency,
            weight=bins.weight,
            count=bins.count,
            lower=lower,
            upper=upper,
            calibration_error=expected_calibration_error(y_true, y_proba, sample_weight=sample_weight, **options),
            event=_event(kind, y_true, labels),
            name=name,
        ).plot(ax)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> ReliabilityDisplay:
        """Draw on `ax`, by default the axes of a new figure; several displays can share it.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        name : str for the legend, optional
        **kwargs : for the curve, to matplotlib's `plot`

        Returns
        -------
        ReliabilityDisplay
        """
        ax, name = self._begin(ax), self.name if name is None else name
        self.reference_ = reference_line(ax, [0.0, 1.0], [0.0, 1.0], "calibrated")
        used = self.count > 0
        x = self.mean_confidence[used]
        label = f"{name or 'classifier'} (ECE {self.calibration_error:.3f})"
        style = {**next_style(ax), "marker": "o", "ms": 4, "gid": CURVE, "label": label, **kwargs}
        self.line_ = ax.plot(x, self.observed_frequency[used], **style)[0]
        colour = self.line_.get_color()
        self.errors_ = ax.vlines(x, self.lower[used], self.upper[used], color=colour, lw=1.2, alpha=0.6)
        shares = {"color": colour, "alpha": 0.25, "edgecolor": "white", "label": "share of rows", "zorder": 1}
        is_first = not ax.containers
        self.bars_ = ax.bar(self.edges[:-1], self.weight, np.diff(self.edges), align="edge", **shares)
        self.counts_ = self._write_counts(ax) if is_first else []  # those of several would lie on one another
        happened = "share of rows where it is right" if self.event == TOP_LABEL else "share of rows of that class"
        finish(ax, f"predicted probability of {self.event}", happened, above=True)
        ax.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0), aspect="equal")
        return self

    def _write_counts(self, ax: Any) -> list[Any]:
        middles = 0.5 * (self.edges[:-1] + self.edges[1:])
        style = {"fontsize": "x-small", "rotation": 90, "ha": "center", "va": "bottom", "color": "#444444"}
        return [
            ax.text(x, share + 0.01, str(n), **style)
            for x, share, n in zip(middles, self.weight, self.count, strict=True)
            if n > 0
        ]


def _event(kind: str, y_true: ArrayLike, labels: ArrayLike | None) -> str:
    if kind != "positive":
        return TOP_LABEL
    names = np.unique(np.asarray(y_true)) if labels is None else np.asarray(labels)
    return f"class {names[1]}"
