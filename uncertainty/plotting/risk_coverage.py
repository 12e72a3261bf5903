"""What is left of the loss when the least certain rows are handed on: risk-coverage and rejection curves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier

from uncertainty.diagnostics.axes import require_matplotlib
from uncertainty.metrics import risk_coverage_area, risk_coverage_curve
from uncertainty.plotting import responses
from uncertainty.plotting.colours import CURVE, next_style
from uncertainty.plotting.columns import one_target, target_column, target_label
from uncertainty.plotting.display import Display, finish, reference_line
from uncertainty.plotting.row_scores import row_loss, row_uncertainty

Array = NDArray[np.float64]
Kind = Literal["risk_coverage", "rejection"]
Loss = Literal["auto", "zero_one", "absolute", "squared"]


@dataclass(kw_only=True, eq=False, repr=False)
class RiskCoverageDisplay(Display):
    """Mean loss of the rows kept against their share, most certain first; or against the share handed on.

    The lowest curve possible keeps the rows in the order of their losses; a flat one is an uncertainty that says
    nothing of them.

    Parameters
    ----------
    coverage, risk : (K,) as in `uncertainty.metrics.RiskCoverageCurve`
    best_coverage, best_risk : (L,) of the order of the losses themselves
    area : float, area under the curve (AURC), in units of the loss
    loss_name : str, with the unit
    name : str for the legend, or None

    Attributes
    ----------
    line_ : Line2D of the curve
    best_ : Line2D of the best order
    reference_ : Line2D of the mean loss of all rows
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from uncertainty.plotting import RiskCoverageDisplay
    >>> display = RiskCoverageDisplay.from_predictions([1.0, 0.0, 1.0, 0.0], [0.9, 0.1, 0.4, 0.2])
    >>> display.line_.get_ydata().round(2)
    array([0.  , 0.  , 0.33, 0.5 ])
    """

    coverage: Array
    risk: Array
    best_coverage: Array
    best_risk: Array
    area: float
    loss_name: str = "loss"
    name: str | None = None
    line_: Any = field(init=False)
    best_: Any = field(init=False)
    reference_: Any = field(init=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        kind: Kind = "risk_coverage",
        uncertainty: str = "total",
        loss: Loss = "auto",
        target: int | None = None,
        target_name: str | None = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
    ) -> RiskCoverageDisplay:
        """Draw the curve of a fitted estimator on rows that it has not been fitted on.

        Parameters
        ----------
        estimator : classifier with `predict_proba`, or regressor with `predict(X, return_std=True)`
        X : (n, D)
        y : (n,) or (n, T)
        kind : "risk_coverage" against the share kept, "rejection" against the share handed on
        uncertainty : "total" (entropy or standard deviation), "aleatoric" or "epistemic" for estimators with
            `predict_uncertainty`, and for classifiers "max_probability" (one minus it)
        loss : "zero_one" for classifiers, "absolute" or "squared" errors for regressors; "auto" takes "zero_one" and
            "absolute"
        target : int, which of T targets
        target_name : str, with the unit; by default the name of y
        sample_weight : (n,), optional
        name : str for the legend, by default the estimator's class and the kind of uncertainty
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        RiskCoverageDisplay

        Raises
        ------
        TypeError
            For an estimator that says nothing of its uncertainty.
        ValueError
            For an unknown option.
        """
        require_matplotlib(cls.__name__)
        column = target_column(y, target)
        losses, loss_name = row_loss(
            one_target(y, column),
            one_target(estimator.predict(X), column),
            ("zero_one" if is_classifier(estimator) else "absolute") if loss == "auto" else loss,
            target_label(y, column, target_name),
        )
        return cls.from_predictions(
            losses,
            row_uncertainty(estimator, X, uncertainty, column),
            kind=kind,
            sample_weight=sample_weight,
            loss_name=loss_name,
            name=f"{responses.name_of(estimator)}, {uncertainty}" if name is None else name,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        loss: ArrayLike,
        uncertainty: ArrayLike,
        *,
        kind: Kind = "risk_coverage",
        sample_weight: ArrayLike | None = None,
        loss_name: str = "loss",
        name: str | None = None,
        ax: Any = None,
    ) -> RiskCoverageDisplay:
        """Draw the curve of given losses and uncertainties.

        Parameters
        ----------
        loss : (n,) of each row, in any unit
        uncertainty : (n,) of each row; rows with the smallest are kept first
        kind, sample_weight, name, ax : as in `from_estimator`
        loss_name : str, with the unit

        Returns
        -------
        RiskCoverageDisplay
        """
        curve = risk_coverage_curve(loss, uncertainty, sample_weight=sample_weight)
        best = risk_coverage_curve(loss, loss, sample_weight=sample_weight)
        return cls(
            coverage=curve.coverage,
            risk=curve.risk,
            best_coverage=best.coverage,
            best_risk=best.risk,
            area=risk_coverage_area(loss, uncertainty, sample_weight=sample_weight),
            loss_name=loss_name,
            name=name,
        ).plot(ax, kind=kind)

    def plot(
        self, ax: Any = None, *, kind: Kind = "risk_coverage", name: str | None = None, **kwargs: Any
    ) -> RiskCoverageDisplay:
        """Draw on `ax`, by default the axes of a new figure; several displays can share it.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        kind : "risk_coverage" or "rejection"
        name : str for the legend, optional
        **kwargs : for the curve, to matplotlib's `plot`

        Returns
        -------
        RiskCoverageDisplay
        """
        if kind not in ("risk_coverage", "rejection"):
            raise ValueError(f"kind must be 'risk_coverage' or 'rejection', got {kind!r}.")
        ax, name = self._begin(ax), self.name if name is None else name
        rejects = kind == "rejection"
        x, best_x = (1.0 - c if rejects else c for c in (self.coverage, self.best_coverage))
        mean_loss = float(self.best_risk[-1])  # the same to the last bit for every uncertainty of one model
        self.reference_ = reference_line(ax, [0.0, 1.0], [mean_loss] * 2, f"all rows kept: {mean_loss:.3g}")
        label = f"{name or 'uncertainty'} (area {self.area:.3g})"
        self.line_ = ax.plot(x, self.risk, **{**next_style(ax), "gid": CURVE, "label": label, **kwargs})[0]
        self.best_ = reference_line(ax, best_x, self.best_risk, "best order: by the loss itself", ":")
        xlabel = "share of rows handed on, least certain first" if rejects else "share of rows kept, most certain first"
        finish(ax, xlabel, f"mean {self.loss_name} of the rows kept", above=True)
        ax.set_xlim(0.0, 1.0)
        ax.set_ylim(bottom=min(0.0, float(self.risk.min())))
        return self
