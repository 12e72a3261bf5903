"""What fitted classifiers say of rows that they have not seen, kept in files so that they are fitted once."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split

from ..datasets import load_dataset
from ..environment import source_digest
from ..method import Method

TRAINING_SHARE = 0.5


@dataclass(frozen=True)
class Predictions:
    """Probabilities (n, C) of the held-out rows of one fit, the classes (C,) of the columns, and the labels (n,)."""

    proba: NDArray[np.float64]
    classes: NDArray[Any]
    y: NDArray[Any]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Whether the most probable class is not the right one, (n,)."""
        return np.asarray(self.classes[self.proba.argmax(axis=1)] != self.y)


class KnownProbabilities(ClassifierMixin, BaseEstimator):
    """A classifier whose rows are numbers of rows of a table of probabilities."""

    def __init__(self, predictions: Predictions) -> None:
        self.predictions = predictions

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Learn nothing."""
        self.classes_ = self.predictions.classes
        return self

    def predict_proba(self, X: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the table's rows of these numbers."""
        return self.predictions.proba[np.asarray(X)[:, 0]]

    def predict(self, X: NDArray[np.intp]) -> NDArray[Any]:
        """Return the most probable class (n,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def held_out_predictions(
    folder: Path, dataset: str, method: Method, seed: int, n_rows: int | None = None
) -> Predictions:
    """Return what a method, fitted with a seed to one half of the rows, says of the other half.

    `n_rows` takes so many rows of the set alone. The answer is kept in `folder`, and found there the next time, unless
    the source of the package has changed since.
    """
    path = folder / f"{dataset}-{method.name}-{seed}-{'all' if n_rows is None else n_rows}.npz"
    if path.is_file():
        with np.load(path) as kept:
            if str(kept.get("source")) == source_digest():
                return Predictions(kept["proba"], kept["classes"], kept["y"])
    X, y = load_dataset(dataset)
    if n_rows is not None and n_rows < len(y):
        X, _, y, _ = train_test_split(X, y, train_size=n_rows, stratify=y, random_state=seed)
    X_fit, X_rest, y_fit, y_rest = train_test_split(X, y, train_size=TRAINING_SHARE, stratify=y, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of convergence, which is not the question here
        model = method.make("classification", seed).fit(X_fit, y_fit)
    found = Predictions(np.asarray(model.predict_proba(X_rest)), np.asarray(model.classes_), y_rest)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")  # an interrupted run leaves a whole file or none
    np.savez_compressed(temporary, proba=found.proba, classes=found.classes, y=found.y, source=source_digest())
    temporary.replace(path)
    return found
