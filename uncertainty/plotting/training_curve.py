"""Training and validation loss against epochs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uncertainty.diagnostics.axes import COLOURS, require_matplotlib
from uncertainty.plotting import responses
from uncertainty.plotting.colours import BEST, REFERENCE
from uncertainty.plotting.display import Display, finish

Array = NDArray[np.float64]

# Room above the loss of a constant, and below the smallest, as shares of the distance between them.
ABOVE, BELOW, SMALLEST_HEIGHT = 0.5, 0.15, 0.02


@dataclass(kw_only=True, eq=False, repr=False)
class TrainingCurveDisplay(Display):
    """Losses of a fit against epochs, and where the best weights were found.

    Parameters
    ----------
    train_loss : (E,), in the unit of `ylabel`
    validation_loss : (E,) or None
    smoothed_train_loss, smoothed_validation_loss : (E,) or None
    best_epochs : (M,) counted from 1, of each member, or None
    marginal_loss : float, loss of a constant prediction, or None
    ylabel : str, with the unit

    Attributes
    ----------
    train_line_ : Line2D
    validation_line_ : Line2D, or None
    best_lines_ : list of the vertical Line2D at the best epochs
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> from uncertainty.plotting import TrainingCurveDisplay
    >>> display = TrainingCurveDisplay.from_predictions([1.5, 1.0, 0.8], [1.4, 1.1, 1.2], best_epochs=[2])
    >>> display.train_line_.get_xdata()
    array([1, 2, 3])
    """

    train_loss: Array
    validation_loss: Array | None = None
    smoothed_train_loss: Array | None = None
    smoothed_validation_loss: Array | None = None
    best_epochs: NDArray[np.intp] | None = None
    marginal_loss: float | None = None
    ylabel: str = "loss"
    train_line_: Any = field(init=False)
    validation_line_: Any = field(init=False)
    best_lines_: list[Any] = field(init=False)

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any = None, y: Any = None, *, ax: Any = None) -> TrainingCurveDisplay:
        """Draw the history of a fitted estimator.

        Parameters
        ----------
        estimator : fitted, with `loss_curve_`: any of this package, and scikit-learn's MLPs
        X, y : not used, here for a common signature
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        TrainingCurveDisplay

        Raises
        ------
        TypeError
            For an estimator without a `loss_curve_`.

        See Also
        --------
        uncertainty.diagnostics.learning_curves : with smoothed curves, the loss of a constant, and a verdict
        """
        require_matplotlib(cls.__name__)
        model = responses.innermost_model(estimator)
        if not hasattr(model, "loss_curve_"):
            raise TypeError(
                f"estimator must be fitted and have loss_curve_, got {type(model).__name__}. Fit a network first."
            )
        validation = getattr(model, "validation_curve_", None)
        best = getattr(model, "best_iter_", None)
        return cls.from_predictions(
            model.loss_curve_,
            validation,
            best_epochs=None if validation is None else best,
            ylabel="loss" if best is None else "NLL, of standardised y [nats]",
            ax=ax,
        )

    @classmethod
    def from_examination(cls, curves: Any, *, ax: Any = None) -> TrainingCurveDisplay:
        """Draw the result of `uncertainty.diagnostics.learning_curves`."""
        return cls.from_predictions(
            curves.train_loss,
            curves.validation_loss,
            smoothed_train_loss=curves.smoothed_train_loss,
            smoothed_validation_loss=curves.smoothed_validation_loss,
            best_epochs=curves.best_epoch,
            marginal_loss=curves.marginal_loss,
            ylabel="NLL [nats]",
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        train_loss: ArrayLike,
        validation_loss: ArrayLike | None = None,
        *,
        smoothed_train_loss: ArrayLike | None = None,
        smoothed_validation_loss: ArrayLike | None = None,
        best_epochs: ArrayLike | None = None,
        marginal_loss: float | None = None,
        ylabel: str = "loss",
        ax: Any = None,
    ) -> TrainingCurveDisplay:
        """Draw the curves of any training, of this package or not.

        Parameters
        ----------
        train_loss : (E,) after each epoch
        validation_loss : (E,), optional
        smoothed_train_loss, smoothed_validation_loss : (E,), optional; drawn in front of the raw ones
        best_epochs : int or (M,), counted from 1, of each member, optional
        marginal_loss : float, loss of a constant prediction, optional
        ylabel : str, with the unit
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        TrainingCurveDisplay
        """
        return cls(
            train_loss=np.asarray(train_loss, dtype=np.float64),
            validation_loss=_curve(validation_loss),
            smoothed_train_loss=_curve(smoothed_train_loss),
            smoothed_validation_loss=_curve(smoothed_validation_loss),
            best_epochs=None if best_epochs is None else np.atleast_1d(best_epochs),
            marginal_loss=marginal_loss,
            ylabel=ylabel,
        ).plot(ax)

    def plot(self, ax: Any = None) -> TrainingCurveDisplay:
        """Draw on `ax`, by default the axes of a new figure; return the display."""
        ax = self._begin(ax)
        self.train_line_ = self._draw(ax, self.train_loss, self.smoothed_train_loss, "training loss", "blue", "-")
        self.validation_line_ = None
        if self.validation_loss is not None:
            smoothed = self.smoothed_validation_loss
            line = self._draw(ax, self.validation_loss, smoothed, "validation loss", "vermillion", "--")
            self.validation_line_ = line
        self.best_lines_ = self._draw_best(ax)
        if self.marginal_loss is not None:
            ax.axhline(self.marginal_loss, color=REFERENCE, ls=":", label="marginal of y")
            self._limit(ax, self.marginal_loss)
        finish(ax, "epoch", self.ylabel)
        return self

    def _draw(self, ax: Any, raw: Array, smoothed: Array | None, label: str, colour: str, dashes: str) -> Any:
        """Return the line of the raw losses; a smoothed one stands out before it."""
        epochs = np.arange(1, len(raw) + 1)
        style = {"color": COLOURS[colour], "ls": dashes}
        marker = {"marker": "o", "ms": 3} if len(raw) < 3 else {}
        if smoothed is None:
            return ax.plot(epochs, raw, label=label, **style, **marker)[0]
        ax.plot(epochs, smoothed, label=f"{label}, smoothed", **style, **marker)
        return ax.plot(epochs, raw, lw=0.8, alpha=0.5, color=COLOURS[colour], label=label)[0]

    def _draw_best(self, ax: Any) -> list[Any]:
        """Return a vertical line for the best epoch of each member."""
        if self.best_epochs is None or len(self.best_epochs) == 0:
            return []
        epochs = np.unique(self.best_epochs)
        low, high = epochs[0], epochs[-1]
        label = f"best epoch: {low}" if low == high else f"best epochs of the members: {low} to {high}"
        labels = [label, *("_" for _ in epochs[1:])]
        return [
            ax.axvline(epoch, color=BEST, ls="-.", lw=1.0, label=text)
            for epoch, text in zip(epochs, labels, strict=True)
        ]

    def _limit(self, ax: Any, marginal: float) -> None:
        """Leave out what lies far above the loss of a constant, which would hide everything else."""
        shown = [self.smoothed_train_loss, self.smoothed_validation_loss]
        lowest = min([float(np.nanmin(curve)) for curve in shown if curve is not None], default=marginal)
        height = max(marginal - lowest, SMALLEST_HEIGHT)
        ax.set_ylim(lowest - BELOW * height, marginal + ABOVE * height)


def _curve(losses: ArrayLike | None) -> Array | None:
    return None if losses is None else np.asarray(losses, dtype=np.float64)
