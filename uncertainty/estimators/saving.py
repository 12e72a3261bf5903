"""The method that saves an estimator."""

from __future__ import annotations

import os


class SaveMixin:
    """Mixin of all estimators that `uncertainty.save` takes."""

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the estimator to a file that `uncertainty.load` reads: `uncertainty.save(self, path)`."""
        from uncertainty.persistence import save

        save(self, path, overwrite=overwrite)
