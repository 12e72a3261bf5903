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
    learning_rates, train_loss, smoothed_train_loss, validation_loss : (P,), losses in nats
    marginal_loss : float, NLL of a network that knows nothing about y
    suggested_rate : float
    cyclical_bounds : (lowest, highest) rate of a cyclical schedule
    learning_rate_init : float, the estimator's own

    Attributes
    ----------
    train_points_, train_line_, validation_line_ : Line2D
    suggested_line_, own_line_ : vertical Line2D
    bounds_ : patch between the cyclical bounds
    ax_, figure_ : matplotlib Axes and Figure

    See Also
    --------
    uncertainty.diagnostics.learning_rate_range_test : the test, with a verdict in words

    Examples
    --------
    >>> import numpy as np
    >>> from uncertainty.plotting import LearningRateDisplay
    >>> rates, loss = np.logspace(-4, 0, 5), np.array([1.4, 1.3, 0.9, 0.6, 1.2])
    >>> display = LearningRateDisplay(
    ...     learning_rates=rates, train_loss=loss, smoothed_train_loss=loss, validation_loss=loss, marginal_loss=1.4,
    ...     suggested_rate=0.03, cyclical_bounds=(0.001, 0.1), learning_rate_init=0.001,
    ... )
    >>> display.plot().suggested_line_.get_label()
    'suggested: 3.0e-02'
    """

    learning_rates: Array
    train_loss: Array
    smoothed_train_loss: Array
    validation_loss: Array
    marginal_loss: float
    suggested_rate: float
    cyclical_bounds: tuple[float, float]
    learning_rate_init: float
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
        return cls(
            learning_rates=found.learning_rates,
            train_loss=found.train_loss,
            smoothed_train_loss=found.smoothed_train_loss,
            validation_loss=found.validation_loss,
            marginal_loss=found.marginal_loss,
            suggested_rate=found.suggested_rate,
            cyclical_bounds=found.cyclical_bounds,
            learning_rate_init=found.learning_rate_init,
        ).plot(ax)

    def plot(self, ax: Any = None) -> LearningRateDisplay:
        """Draw on `ax`, by default the axes of a new figure; return the display."""
        ax, rates = self._begin(ax), self.learning_rates
        points = {"marker": ".", "ls": "none", "ms": 3, "color": COLOURS["sky"], "label": "training loss"}
        self.train_points_ = ax.plot(rates, self.train_loss, **points)[0]
        smoothed = {"color": COLOURS["blue"], "label": "training loss, smoothed"}
        self.train_line_ = ax.plot(rates, self.smoothed_train_loss, **smoothed)[0]
        validation = {"color": COLOURS["orange"], "label": "validation loss"}
        self.validation_line_ = ax.plot(rates, self.validation_loss, **validation)[0]
        ax.axhline(self.marginal_loss, color=REFERENCE, lw=0.8, ls=":", label="marginal of y")
        self.bounds_ = ax.axvspan(*self.cyclical_bounds, color=BEST, alpha=0.12, label="cyclical bounds")
        label = f"suggested: {self.suggested_rate:.1e}"
        self.suggested_line_ = ax.axvline(self.suggested_rate, color=BEST, label=label)
        own = {"color": COLOURS["purple"], "ls": "--", "label": f"own: {self.learning_rate_init:.1e}"}
        self.own_line_ = ax.axvline(self.learning_rate_init, **own)
        lowest = min(self.smoothed_train_loss.min(), self.validation_loss.min())
        height = max(self.marginal_loss - lowest, 1e-3)
        # Beyond the marginal the losses of a run that falls apart would hide everything else.
        ax.set(ylim=(lowest - 0.1 * height, self.marginal_loss + 0.5 * height), xscale="log")
        finish(ax, "learning rate", "NLL [nats]")
        return self
