"""What `predict` does: batch by batch from one file to another, in memory for one batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from uncertainty.cli.columns import check_named
from uncertainty.cli.errors import DataError
from uncertainty.cli.fitted_model import FittedModel, load_model
from uncertainty.cli.input_table import BATCH_BYTES, BATCH_ROWS, InputTable
from uncertainty.cli.output_file import OutputTable


class Prediction:
    """Predictions of all rows of a file.

    Attributes
    ----------
    n_bytes : size of the file
    """

    def __init__(
        self, model: Path, data: Path, coverage: tuple[float, ...], keep: tuple[str, ...], *, keep_all: bool
    ) -> None:
        self._model = load_model(model)
        self._table = InputTable(data)
        self._levels = sorted(set(coverage))
        self._kept = self._table.names if keep_all else list(dict.fromkeys(keep))
        self._columns = list(dict.fromkeys([*self._kept, *self._model.kinds]))
        self.n_bytes = self._table.n_bytes
        check_named(self._table, self._columns)

    @property
    def has_coverage(self) -> bool:
        """Whether there are intervals, or sets of classes."""
        return any(hasattr(self._model.predictor, name) for name in ("predict_interval", "predict_set"))

    def write(
        self,
        output: Path,
        *,
        force: bool,
        progress: Callable[[int], Any] = lambda n_bytes: None,
        batch_bytes: int = BATCH_BYTES,
        batch_rows: int = BATCH_ROWS,
    ) -> int:
        """Write them, and return the number of rows; `progress` is told how many bytes more have been read.

        Raises
        ------
        DataError
            If there are no rows, or a value is not of its column's kind.
        """
        n_rows, n_read = 0, 0
        with OutputTable(output, force=force) as table:
            for batch, n_bytes in self._table.batches(self._columns, batch_bytes=batch_bytes, batch_rows=batch_rows):
                if batch.num_rows:
                    table.write(self._answers(batch, n_rows))
                n_rows += batch.num_rows
                progress(n_bytes - n_read)
                n_read = n_bytes
            progress(self.n_bytes - n_read)
            if n_rows == 0:
                raise DataError(f"{str(self._table.path)!r} has no rows below its header.")
        return n_rows

    def _answers(self, batch: Any, first_row: int) -> dict[str, Any]:
        kept = {name: batch[name] for name in self._kept}
        encoded = self._model.encode(self._table.with_gaps(batch), first_row)
        answer = of_regressor if self._model.classes is None else of_classifier
        columns = answer(self._model, encoded, self._levels)
        both = [name for name in kept if name in columns]
        if both:
            raise DataError(f"the column {both[0]!r} cannot be kept: a column of predictions has this name. Rename it.")
        return kept | columns


def of_regressor(model: FittedModel, X: Any, levels: list[float]) -> dict[str, Any]:
    """Return mean, standard deviation, interval ends and parts of the uncertainty, as far as the model has them."""
    from uncertainty.estimators.frames import in_percent

    mean, parts, ends = _mean_parts_ends(model.predictor, X, levels)
    columns = {"mean": mean}
    if parts:
        columns["std"] = np.sqrt(parts[0] + parts[1])
    if ends is not None:  # (n, 2, L)
        for number, level in enumerate(levels):
            columns[f"lower_{in_percent(level)}"] = np.ascontiguousarray(ends[:, 0, number])
            columns[f"upper_{in_percent(level)}"] = np.ascontiguousarray(ends[:, 1, number])
    return columns | dict(zip(("aleatoric_std", "epistemic_std"), map(np.sqrt, parts), strict=False))


def _mean_parts_ends(predictor: Any, X: Any, levels: list[float]) -> tuple[Any, tuple[Any, ...], Any]:
    """The mean, both parts of the variance if there are any, and the ends of intervals or None."""
    from uncertainty.estimators.regressor import ProbabilisticRegressor
    from uncertainty.predictive import ContinuousPredictive

    if isinstance(predictor, ProbabilisticRegressor):
        # All at once: the way through the networks takes most of the time.
        mean, aleatoric, epistemic, ends = predictor._evaluate(
            X,
            ContinuousPredictive.mean,
            ContinuousPredictive.aleatoric_variance,
            ContinuousPredictive.epistemic_variance,
            lambda predictive: predictive.interval(levels),
        )
        return mean, (aleatoric, epistemic), ends
    ends = predictor.predict_interval(X, coverage=levels) if hasattr(predictor, "predict_interval") else None
    if not hasattr(predictor, "predict_uncertainty"):
        return predictor.predict(X), (), ends
    parts = predictor.predict_uncertainty(X)
    return parts.mean, (parts.aleatoric_variance, parts.epistemic_variance), ends


def of_classifier(model: FittedModel, X: Any, levels: list[float]) -> dict[str, Any]:
    """Return the most probable class, probabilities, entropies in nats, and sets of classes if the model has them."""
    from uncertainty.estimators.frames import in_percent

    predictor, classes = model.predictor, np.asarray(model.classes)
    parts = predictor.predict_uncertainty(X) if hasattr(predictor, "predict_uncertainty") else None
    proba = predictor.predict_proba(X) if parts is None else parts.proba
    columns: dict[str, Any] = {"prediction": classes[proba.argmax(axis=1)]}
    for number, label in enumerate(classes.tolist()):
        columns[f"probability_{label}"] = np.ascontiguousarray(proba[:, number])
    if parts is not None:
        columns |= {"total_entropy": parts.total_entropy, "mutual_information": parts.mutual_information}
    if hasattr(predictor, "predict_set"):
        sets = predictor.predict_set(X, coverage=levels)  # (n, C, L)
        texts = classes.astype(str)
        for number, level in enumerate(levels):
            columns[f"set_{in_percent(level)}"] = ["|".join(texts[row]) for row in sets[:, :, number]]
    return columns
