"""The learning-rate range test, drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uncertainty.diagnostics import learning_rate_range_test
from uncertainty.diagnostics.axes import COLOURS, require_matplotlib
from uncertainty.plotting import responses
from uncertainty.plotting.colours import BEST, REFERENCE
from uncertainty.plotting.display import Display, finish

Array = NDArray[np.float64]


@dataclass(kw_only=True, eq=False, repr=False)
class LearningRateDisplay(Display):
    """Losses of one run at a growing learning rate, with the rates that train.

    Parameters
    ----------
    learning_rates, train_loss : (P,), loss at each rate
    smoothed_train_loss, validation_loss : (P,) or None
    marginal_loss : float, loss of a network that knows nothing about y, or None
    suggested_rate : float or None
    cyclical_bounds : (lowest, highest) rate of a cyclical schedule, or None
    learning_rate_init : float, the rate in use, or None
    ylabel : str, with the unit

    Attributes
    ----------
    train_points_, train_line_, validation_line_ : Line2D; the line is that of the smoothed losses where there are any
    suggested_line_, own_line_ : vertical Line2D
    bounds_ : patch between the cyclical bounds; what is not known is None
    ax_, figure_ : matplotlib Axes and Figure

    See Also
    --------
    uncertainty.diagnostics.learning_rate_range_test : the test, with a verdict in words

    Examples
    --------
    >>> from uncertainty.plotting import LearningRateDisplay
    >>> display = LearningRateDisplay.from_predictions([0.001, 0.01, 0.1], [1.3, 0.6, 1.2], suggested_rate=0.005)
    >>> display.suggested_line_.get_label()
    'suggested: 5.0e-03'
    """

    learning_rates: Array
    train_loss: Array
    smoothed_train_loss: Array | None = None
    validation_loss: Array | None = None
    marginal_loss: float | None = None
    suggested_rate: float | None = None
    cyclical_bounds: tuple[float, float] | None = None
    learning_rate_init: float | None = None
    ylabel: str = "loss"
    train_points_: Any = field(init=False)
    train_line_: Any = field(init=False)
    validation_line_: Any = field(init=False)
    suggested_line_: Any = field(init=False)
    own_line_: Any = field(init=False)
    bounds_: Any = field(init=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike,
        *,
        lowest: float = 1e-6,
        highest: float = 10.0,
        n_points: int = 100,
        random_state: Any = 0,
        ax: Any = None,
    ) -> LearningRateDisplay:
        """Make the range test and draw it.

        Parameters
        ----------
        estimator : any regressor or classifier of this package, fitted or not; it is not changed
        X, y : as in `fit`
        lowest, highest, n_points, random_state : as in `uncertainty.diagnostics.learning_rate_range_test`
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        LearningRateDisplay

        Raises
        ------
        TypeError
            For an estimator of another package.
        """
        require_matplotlib(cls.__name__)
        model, rows = responses.innermost(estimator, X)
        found = learning_rate_range_test(
            model, rows, y, lowest=lowest, highest=highest, n_points=n_points, random_state=random_state
        )
        return cls.from_examination(found, ax=ax)

    @classmethod
    def from_examination(cls, found: Any, *, ax: Any = None) -> LearningRateDisplay:
        """Draw the result of `uncertainty.diagnostics.learning_rate_range_test`."""
        return cls.from_predictions(
            found.learning_rates,
            found.train_loss,
            smoothed_train_loss=found.smoothed_train_loss,
            validation_loss=found.validation_loss,
            marginal_loss=found.marginal_loss,
            suggested_rate=found.suggested_rate,
            cyclical_bounds=found.cyclical_bounds,
            learning_rate_init=found.learning_rate_init,
            ylabel="NLL [nats]",
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        learning_rates: ArrayLike,
        train_loss: ArrayLike,
        *,
        smoothed_train_loss: ArrayLike | None = None,
        validation_loss: ArrayLike | None = None,
        marginal_loss: float | None = None,
        suggested_rate: float | None = None,
        cyclical_bounds: tuple[float, float] | None = None,
        learning_rate_init: float | None = None,
        ylabel: str = "loss",
        ax: Any = None,
    ) -> LearningRateDisplay:
        """Draw the losses of a range test made anywhere; what is not given is left out.

        Parameters
        ----------
        learning_rates, train_loss : (P,)
        smoothed_train_loss, validation_loss : (P,), optional
        marginal_loss : float, loss of a network that knows nothing about y, optional
        suggested_rate : float, optional
        cyclical_bounds : (lowest, highest) rate of a cyclical schedule, optional
        learning_rate_init : float, the rate in use, optional
        ylabel : str, with the unit
        ax : matplotlib Axes, by default those of a new figure

        Returns
        -------
        LearningRateDisplay
        """
        return cls(
            learning_rates=np.asarray(learning_rates, dtype=np.float64),
            train_loss=np.asarray(train_loss, dtype=np.float64),
            smoothed_train_loss=_losses(smoothed_train_loss),
            validation_loss=_losses(validation_loss),
            marginal_loss=marginal_loss,
            suggested_rate=suggested_rate,
            cyclical_bounds=cyclical_bounds,
            learning_rate_init=learning_rate_init,
            ylabel=ylabel,
        ).plot(ax)

    def plot(self, ax: Any = None) -> LearningRateDisplay:
        """Draw on `ax`, by default the axes of a new figure; return the display."""
        ax = self._begin(ax)
        self._draw_losses(ax)
        self.bounds_ = self.suggested_line_ = self.own_line_ = None
        if self.cyclical_bounds is not None:
            self.bounds_ = ax.axvspan(*self.cyclical_bounds, color=BEST, alpha=0.12, label="cyclical bounds")
        if self.suggested_rate is not None:
            label = f"suggested: {self.suggested_rate:.1e}"
            self.suggested_line_ = ax.axvline(self.suggested_rate, color=BEST, label=label)
        if self.learning_rate_init is not None:
            own = {"color": COLOURS["purple"], "ls": "--", "label": f"own: {self.learning_rate_init:.1e}"}
            self.own_line_ = ax.axvline(self.learning_rate_init, **own)
        ax.set(ylim=self._limits(), xscale="log")
        finish(ax, "learning rate", self.ylabel)
        return self

    def _draw_losses(self, ax: Any) -> None:
        rates = self.learning_rates
        points = {"marker": ".", "ls": "none", "ms": 3, "color": COLOURS["sky"], "label": "training loss"}
        self.train_points_ = ax.plot(rates, self.train_loss, **points)[0]
        raw = self.smoothed_train_loss is None
        line = {"color": COLOURS["blue"], "label": "_" if raw else "training loss, smoothed"}
        self.train_line_ = ax.plot(rates, self._line(), **line)[0]
        self.validation_line_ = None
        if self.validation_loss is not None:
            validation = {"color": COLOURS["orange"], "label": "validation loss"}
            self.validation_line_ = ax.plot(rates, self.validation_loss, **validation)[0]
        if self.marginal_loss is not None:
            ax.axhline(self.marginal_loss, color=REFERENCE, lw=0.8, ls=":", label="marginal of y")

    def _line(self) -> Array:
        """Return the losses that the eye should follow."""
        return self.train_loss if self.smoothed_train_loss is None else self.smoothed_train_loss

    def _limits(self) -> tuple[float, float]:
        """Leave out the losses of a run that falls apart, far above where it began, which would hide all others."""
        shown = np.concatenate([self._line(), [] if self.validation_loss is None else self.validation_loss])
        lowest = float(shown[np.isfinite(shown)].min())
        start = float(self._line()[0]) if self.marginal_loss is None else self.marginal_loss
        height = max(start - lowest, 1e-3)
        return lowest - 0.1 * height, start + 0.5 * height


def _losses(values: ArrayLike | None) -> Array | None:
    return None if values is None else np.asarray(values, dtype=np.float64)
