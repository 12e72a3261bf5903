"""scikit-learn's own networks, one after the other. They fit the mean alone, by squared error."""

from __future__ import annotations

from collections.abc import Callable

from sklearn.neural_network import MLPRegressor

from ..problems import Problem


def prepare(problem: Problem) -> Callable[[int], None]:
    """Return what fits `n_members` regressors, in float32 as everyone else."""
    X, y = (array.astype("float32") for array in problem.arrays())

    def train(n_epochs: int) -> None:
        for seed in range(problem.n_members):
            MLPRegressor(
                hidden_layer_sizes=problem.layers,
                alpha=0.0,
                batch_size=problem.batch_size,
                learning_rate_init=problem.learning_rate,
                max_iter=n_epochs,
                tol=0.0,
                n_iter_no_change=n_epochs + 1,
                random_state=seed,
            ).fit(X, y)

    return train
