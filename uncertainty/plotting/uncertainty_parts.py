"""Noise against ignorance of the model, row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier

from uncertainty.diagnostics.axes import require_matplotlib
from uncertainty.metrics.intervals import covered_by_interval
from uncertainty.plotting import responses
from uncertainty.plotting.colours import PREDICTED, WRONG
from uncertainty.plotting.columns import one_target, target_column, target_label
from uncertainty.plotting.density import draw_points
from uncertainty.plotting.display import Display, finish, reference_line
from uncertainty.plotting.row_scores import row_uncertainty

Array = NDArray[np.float64]

COVERAGE = 0.9


@dataclass(kw_only=True, eq=False, repr=False)
class UncertaintyPartsDisplay(Display):
    """Aleatoric against epistemic uncertainty of each row, those that went wrong marked.

    Far to the right a row is noisy, and more rows like it will not help; far up the model does not know, and they will.
    More than 2000 rows are shown as a density.

    Parameters
    ----------
    aleatoric, epistemic : (n,) standard deviations in units of y, or entropies in nats
    failed : (n,) booleans of the rows to mark, or None
    failed_name : str
    aleatoric_name, epistemic_name : str, with the unit

    Attributes
    ----------
    rows_ : scatter or hexagons of the rows, those that are not marked if any are
    failed_ : scatter of the marked rows, or None
    reference_ : Line2D where both parts are equal
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from uncertainty.plotting import UncertaintyPartsDisplay
    >>> display = UncertaintyPartsDisplay.from_predictions([0.5, 0.6], [0.1, 0.2])
    >>> display.rows_.get_offsets().tolist()
    [[0.5, 0.1], [0.6, 0.2]]
    """

    aleatoric: Array
    epistemic: Array
    failed: NDArray[np.bool_] | None = None
    failed_name: str = "failed"
    aleatoric_name: str = "aleatoric uncertainty"
    epistemic_name: str = "epistemic uncertainty"
    rows_: Any = field(init=False)
    failed_: Any = field(init=False)
    reference_: Any = field(init=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        target: int | None = None,
        target_name: str | None = None,
        ax: Any = None,
    ) -> UncertaintyPartsDisplay:
        """Draw the parts that a fitted estimator tells apart.

        Parameters
        ----------
        estimator : regressor or classifier with `predict_uncertainty`
        X : (n, D)
        y : (n,) or (n, T), optional; with it wrong classes are marked, and observations outside their 90 % interval
        target : int, which of T targets
        target_name : str, with the unit; by default the name of y
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        UncertaintyPartsDisplay

        Raises
        ------
        TypeError
            For an estimator without `predict_uncertainty`.
        ValueError
            For an unknown `target`.
        """
        require_matplotlib(cls.__name__)
        if not responses.has_method(estimator, "predict_uncertainty"):
            responses.uncertainty_parts(estimator, X)  # says what is missing
        y_pred = estimator.predict(X)
        column = target_column(y_pred if y is None else y, target)
        aleatoric, epistemic = (row_uncertainty(estimator, X, part, column) for part in ("aleatoric", "epistemic"))
        label = target_label(y, column, target_name)
        failed, failed_name = None, "wrong class"
        if is_classifier(estimator):
            names = ("aleatoric entropy [nats]", "mutual information (epistemic) [nats]")
            if y is not None:
                failed = one_target(y, column) != one_target(y_pred, column)
        else:
            names = (f"aleatoric standard deviation of {label}", f"epistemic standard deviation of {label}")
            failed_name = f"outside the {100 * COVERAGE:g} % interval"
            if y is not None:
                interval = responses.prediction_interval(estimator, X, COVERAGE)
                failed = covered_by_interval(one_target(y, column), one_target(interval, column, ndim=2)) == 0.0
        return cls.from_predictions(
            aleatoric,
            epistemic,
            failed=failed,
            failed_name=failed_name,
            aleatoric_name=names[0],
            epistemic_name=names[1],
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        aleatoric: ArrayLike,
        epistemic: ArrayLike,
        *,
        failed: ArrayLike | None = None,
        failed_name: str = "failed",
        aleatoric_name: str = "aleatoric uncertainty",
        epistemic_name: str = "epistemic uncertainty",
        ax: Any = None,
    ) -> UncertaintyPartsDisplay:
        """Draw given parts.

        Parameters
        ----------
        aleatoric, epistemic : (n,) in one unit: standard deviations or entropies
        failed : (n,) booleans of the rows to mark, optional
        failed_name : str for the legend
        aleatoric_name, epistemic_name : str for the axes, with the unit
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        UncertaintyPartsDisplay
        """
        return cls(
            aleatoric=np.asarray(aleatoric, dtype=np.float64),
            epistemic=np.asarray(epistemic, dtype=np.float64),
            failed=None if failed is None else np.asarray(failed, dtype=bool),
            failed_name=failed_name,
            aleatoric_name=aleatoric_name,
            epistemic_name=epistemic_name,
        ).plot(ax)

    def plot(self, ax: Any = None) -> UncertaintyPartsDisplay:
        """Draw on `ax`, by default the axes of a new figure; return the display."""
        ax = self._begin(ax)
        failed = np.zeros(len(self.aleatoric), dtype=bool) if self.failed is None else self.failed
        kept = ~failed
        label = "rows" if self.failed is None else f"other rows: {kept.sum()}"
        self.rows_ = draw_points(ax, self.aleatoric[kept], self.epistemic[kept], colour=PREDICTED, label=label)
        self.failed_ = None
        if self.failed is not None:
            style: dict[str, Any] = {"marker": "x", "s": 18, "lw": 1.0, "color": WRONG, "alpha": 0.8}
            label = f"{self.failed_name}: {failed.sum()}"
            self.failed_ = ax.scatter(self.aleatoric[failed], self.epistemic[failed], label=label, zorder=3, **style)
        top = min(float(self.aleatoric.max()), float(self.epistemic.max()))
        self.reference_ = reference_line(ax, [0.0, top], [0.0, top], "equal parts")
        finish(ax, self.aleatoric_name, self.epistemic_name, above=True)
        ax.set(xlim=(0.0, None), ylim=(0.0, None))
        return self
