"""The suite on made data, whose noise and whose gaps are known.

Every split is a fresh draw of training and test rows. Each function comes with several numbers of training rows: the
aleatoric variance should not depend on them, the epistemic one should fall. Where the name says gap, no training row
has its first input in the middle third; the test rows are like the training rows, and rows in the gap only show the
epistemic spread.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from uncertainty import metrics

from ..runner import Fitted, Problem, split_uncertainty
from .gap import SCORES as GAP_SCORES
from .gap import spread_scores
from .suite import Suite

N_TEST, N_GAP = 1000, 500
N_REPETITIONS = 10
GAP = (1 / 3, 2 / 3)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MadeData:
    """A function of inputs that are uniform on the unit cube, and its normal noise."""

    n_inputs: int
    mean: Callable[[Array], Array]
    std: Callable[[Array], Array]
    has_gap: bool

    def draw_inputs(self, n_rows: int, generator: np.random.Generator) -> Array:
        """Draw inputs; with a gap the first of them is in the outer thirds."""
        X = generator.random((n_rows, self.n_inputs))
        if self.has_gap:
            low, high = GAP
            X[:, 0] *= 1.0 - (high - low)
            X[:, 0] += np.where(X[:, 0] > low, high - low, 0.0)
        return X

    def draw_gap(self, n_rows: int, generator: np.random.Generator) -> Array:
        """Draw inputs whose first is in the middle third."""
        X = generator.random((n_rows, self.n_inputs))
        X[:, 0] = GAP[0] + (GAP[1] - GAP[0]) * X[:, 0]
        return X

    def draw_targets(self, X: Array, generator: np.random.Generator) -> Array:
        """Draw the target of each row."""
        return self.mean(X) + self.std(X) * generator.standard_normal(len(X))


def sine(X: Array) -> Array:
    """One and a half waves of height 1."""
    return np.sin(3.0 * np.pi * X[:, 0])


def rising_noise(X: Array) -> Array:
    """From 0.05 to 0.4 along the first input."""
    return 0.05 + 0.35 * X[:, 0]


def friedman(X: Array) -> Array:
    """The function of five of the inputs of Friedman (1991), "Multivariate adaptive regression splines", eq. 61."""
    return 10.0 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20.0 * (X[:, 2] - 0.5) ** 2 + 10.0 * X[:, 3] + 5.0 * X[:, 4]


def friedman_noise(X: Array) -> Array:
    """From 0.5 to 2.5 along two of the inputs, of which the mean uses one."""
    return 0.5 + X[:, 3] + X[:, 5]


MADE_DATA = {
    "sine_gap": MadeData(1, sine, rising_noise, has_gap=True),
    "friedman": MadeData(6, friedman, friedman_noise, has_gap=False),
    "friedman_gap": MadeData(6, friedman, friedman_noise, has_gap=True),
}
N_ROWS = {"sine_gap": (200, 800), "friedman": (200, 800, 3200), "friedman_gap": (800,)}
DATASETS = {f"{name}_{n_rows}": (name, n_rows) for name, sizes in N_ROWS.items() for n_rows in sizes}
GAP_DATASETS = tuple(dataset for dataset, (name, _) in DATASETS.items() if MADE_DATA[name].has_gap)


def load_made(dataset: str, split: int) -> Problem:
    """Draw the training and test rows of a repetition; a larger set of the same name begins with the smaller one's."""
    name, n_rows = DATASETS[dataset]
    made = MADE_DATA[name]
    train, test, noise, test_noise = (
        np.random.default_rng(seed) for seed in np.random.SeedSequence([zlib.crc32(name.encode()), split]).spawn(4)
    )
    X, X_test = made.draw_inputs(n_rows, train), made.draw_inputs(N_TEST, test)
    X_gap = made.draw_gap(N_GAP, test) if made.has_gap else None
    scores = partial(noise_scores, std=made.std(X_test), X_gap=X_gap)
    y, y_test = made.draw_targets(X, noise), made.draw_targets(X_test, test_noise)
    return Problem("regression", X, y, X_test, y_test, scores)


def noise_scores(fitted: Fitted, std: Array, X_gap: Array | None) -> dict[str, float]:
    """Return how well the noise was recovered on the test rows, and the epistemic spread there and in the gap.

    Parameters
    ----------
    fitted : Fitted
    std : array of shape (n_test,)
        The true standard deviation of the noise.
    X_gap : array of shape (n, D), optional
        Inputs in the gap, where there is one.

    Returns
    -------
    dict
        ``aleatoric_std_rmse``: root mean square of (estimated / true - 1); ``aleatoric_std_correlation``: Spearman's;
        ``epistemic_std``: mean, in units of the target; with a gap those of `spread_scores`. NaN for a method that does
        not tell the parts apart.
    """
    parts = split_uncertainty(fitted.estimator, fitted.problem.X_test)
    names = ("aleatoric_std_rmse", "aleatoric_std_correlation", "epistemic_std")
    if parts is None:
        own = dict.fromkeys(names, math.nan)
        return own if X_gap is None else own | spread_scores(None, None)
    estimated, epistemic = np.sqrt(parts.aleatoric_variance), parts.epistemic_variance
    values = (
        float(np.sqrt(np.mean((estimated / std - 1.0) ** 2))),
        metrics.rank_correlation(estimated, std),
        float(np.sqrt(epistemic).mean()),
    )
    own = dict(zip(names, values, strict=True))
    if X_gap is None:
        return own
    return own | spread_scores(split_uncertainty(fitted.estimator, X_gap).epistemic_variance, epistemic)


NOISE = Suite(
    name="noise",
    text=f"made data with known noise and known gaps, {N_REPETITIONS} draws each",
    tasks=dict.fromkeys(DATASETS, "regression"),
    n_splits=dict.fromkeys(DATASETS, N_REPETITIONS),
    load=load_made,
    scores=(
        ("aleatoric_std_rmse", "aleat. std error"),
        ("aleatoric_std_correlation", "aleat. std corr"),
        ("epistemic_std", "epist. std"),
        GAP_SCORES[0],
        GAP_SCORES[2],
    ),
    repeats="draws",
)
