"""Whether training starts where it should: at the marginal distribution of y."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_regressor

from uncertainty.diagnostics.axes import COLOURS, axes_for
from uncertainty.diagnostics.examination import Examination
from uncertainty.diagnostics.preparation import (
    base_network,
    checked,
    is_fitted,
    marginal_nll,
    mean_loss,
    prepare,
    prepare_fitted,
    seed_from,
)

TOLERANCE = 0.1  # nats a target


@dataclass(frozen=True, repr=False)
class InitialLoss(Examination):
    """Loss before the first step, and the loss of knowing nothing, both in nats per unit of standardised y.

    Attributes
    ----------
    initial_loss, marginal_loss : float
    is_expected : bool, whether they agree to 0.1 nats a target
    verdict : str
    """

    initial_loss: float
    marginal_loss: float
    is_expected: bool
    verdict: str

    def plot(self, ax: Any = None) -> Any:
        """Draw both losses as bars; return the axes."""
        ax = axes_for(ax)
        losses = {"before the first step": self.initial_loss, "marginal of y": self.marginal_loss}
        for (label, loss), colour in zip(losses.items(), ("blue", "orange"), strict=True):
            ax.bar(label, loss if np.isfinite(loss) else 0.0, color=COLOURS[colour], label=f"{label}: {loss:.3f}")
        ax.axhline(0.0, color=COLOURS["grey"], lw=0.8)
        ax.set(ylabel="NLL [nats]", title="Initial loss")
        ax.margins(y=0.35)
        ax.legend(fontsize="small")
        return ax


def initial_loss_check(estimator: Any, X: ArrayLike, y: ArrayLike, *, random_state: Any = 0) -> InitialLoss:
    """Compare the loss before the first step with that of the marginal distribution of y.

    Our networks start exactly there: the output weights are zero and the output bias is the head's best constant. A
    loss above it comes from broken weights or from targets far from the scale of the head, one below it from weights
    that know the data already, as those of an estimator with `warm_start=True` do after a fit.

    Parameters
    ----------
    estimator : any regressor or classifier of this package, fitted or not; it is not changed
    X, y : as in `fit`
    random_state : int, RandomState or Generator

    Returns
    -------
    InitialLoss
    """
    rows, seed = checked(estimator, X, y), seed_from(random_state)
    if is_fitted(estimator) and estimator.warm_start:
        run = prepare_fitted(estimator, rows, seed=seed)
    else:
        run = prepare(base_network(estimator, early_stopping=False), rows, seed=seed)
    initial = mean_loss(run, run.values, run.statistics, run.data.rows.share(len(run.values)))
    marginal = marginal_nll(run, regression=is_regressor(estimator))
    excess, tolerance = initial - marginal, TOLERANCE * run.data.rows.y.shape[1]
    return InitialLoss(initial, marginal, bool(abs(excess) <= tolerance), _verdict(initial, excess, tolerance))


def _verdict(initial: float, excess: float, tolerance: float) -> str:
    start = f"the loss starts at {initial:.3f} nats"
    if not np.isfinite(initial):
        return f"{start}: weights are not finite from the beginning"
    if excess > tolerance:
        return f"{start}, {excess:.3f} above the marginal of y: broken initial weights, or targets far off their scale"
    if excess < -tolerance:
        return f"{start}, {-excess:.3f} below the marginal of y: these weights know the data already"
    return f"{start}, at the marginal of y, as it should"
