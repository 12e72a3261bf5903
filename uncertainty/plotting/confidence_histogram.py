"""How sure a classifier is, and how often it is right when it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uncertainty.diagnostics.axes import require_matplotlib
from uncertainty.metrics import calibration_bins
from uncertainty.plotting import responses
from uncertainty.plotting.class_probabilities import class_probabilities
from uncertainty.plotting.colours import OBSERVED, PREDICTED, WRONG
from uncertainty.plotting.display import Display, finish

Array = NDArray[np.float64]


@dataclass(kw_only=True, eq=False, repr=False)
class ConfidenceHistogramDisplay(Display):
    """Rows by the probability of their most probable class, right ones below wrong ones.

    Where the mean probability lies right of the accuracy the classifier is over-confident.

    Parameters
    ----------
    edges : (B + 1,) of the bins of probability
    right, wrong : (B,) share of all rows in each bin whose most probable class is and is not the true one
    mean_confidence, accuracy : float, over all rows
    name : str for the title of the legend, or None

    Attributes
    ----------
    right_, wrong_ : BarContainers, the second on top of the first
    confidence_line_, accuracy_line_ : vertical Line2D
    ax_, figure_ : matplotlib Axes and Figure

    References
    ----------
    Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, ICML, figure 1.

    Examples
    --------
    >>> from uncertainty.plotting import ConfidenceHistogramDisplay
    >>> display = ConfidenceHistogramDisplay.from_predictions([0, 1, 1, 0], [0.1, 0.9, 0.6, 0.8], n_bins=2)
    >>> [float(bar.get_height()) for bar in display.wrong_]
    [0.0, 0.25]
    """

    edges: Array
    right: Array
    wrong: Array
    mean_confidence: float
    accuracy: float
    name: str | None = None
    right_: Any = field(init=False)
    wrong_: Any = field(init=False)
    confidence_line_: Any = field(init=False)
    accuracy_line_: Any = field(init=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        n_bins: int = 20,
        target: int | None = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
    ) -> ConfidenceHistogramDisplay:
        """Draw the histogram of a fitted classifier.

        Parameters
        ----------
        estimator : classifier with `predict_proba`
        X : (n, D)
        y : (n,) labels, or (n, T) of 0 and 1
        n_bins : int, bins of equal width between 0 and 1
        target : int, which of T labels of multi-label data
        sample_weight : (n,), optional
        name : str, by default the estimator's class
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        ConfidenceHistogramDisplay

        Raises
        ------
        TypeError
            For a regressor, or a classifier without probabilities.
        """
        require_matplotlib(cls.__name__)
        labels_true, proba, classes = class_probabilities(estimator, X, y, target)
        return cls.from_predictions(
            labels_true,
            proba,
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
        n_bins: int = 20,
        labels: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
    ) -> ConfidenceHistogramDisplay:
        """Draw the histogram of given probabilities.

        Parameters
        ----------
        y_true : (n,) labels
        y_proba : (n, C), or (n,) of the second of two classes
        n_bins, sample_weight, name, ax : as in `from_estimator`
        labels : (C,) the class of each column, by default the sorted labels of y_true

        Returns
        -------
        ConfidenceHistogramDisplay
        """
        bins = calibration_bins(y_true, y_proba, n_bins=n_bins, labels=labels, sample_weight=sample_weight)
        right = bins.weight * np.nan_to_num(bins.observed_frequency)
        return cls(
            edges=bins.edges,
            right=right,
            wrong=bins.weight - right,
            mean_confidence=float(bins.weight @ np.nan_to_num(bins.mean_confidence)),
            accuracy=float(right.sum()),
            name=name,
        ).plot(ax)

    def plot(self, ax: Any = None, *, name: str | None = None) -> ConfidenceHistogramDisplay:
        """Draw on `ax`, by default the axes of a new figure.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        name : str for the title of the legend, optional

        Returns
        -------
        ConfidenceHistogramDisplay
        """
        ax = self._begin(ax)
        style: dict[str, Any] = {"width": np.diff(self.edges), "align": "edge", "edgecolor": "white", "lw": 0.5}
        left = self.edges[:-1]
        self.right_ = ax.bar(left, self.right, color=PREDICTED, label="most probable class is right", **style)
        # Hatched as well, for prints without colour.
        wrong = {"color": WRONG, "hatch": "////", "label": "wrong"}
        self.wrong_ = ax.bar(left, self.wrong, bottom=self.right, **wrong, **style)
        confidence, accuracy = f"mean probability {self.mean_confidence:.3f}", f"accuracy {self.accuracy:.3f}"
        self.confidence_line_ = ax.axvline(self.mean_confidence, color=OBSERVED, ls="--", label=confidence)
        self.accuracy_line_ = ax.axvline(self.accuracy, color=OBSERVED, ls=":", label=accuracy)
        title = self.name if name is None else name
        finish(ax, "probability of the most probable class", "share of rows", above=True, title=title)
        height = self.right + self.wrong
        lowest = self.edges[np.flatnonzero(height > 0)[0]]
        ax.set_xlim(min(lowest, self.accuracy - 0.02, self.mean_confidence - 0.02), 1.0)
        ax.set_ylim(0.0, 1.05 * height.max())
        return self
