"""`save` and `load`: an estimator in one file that holds numbers and text, and no code."""

from __future__ import annotations

import os
import platform
import stat
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning

from uncertainty.components.spec import Spec
from uncertainty.persistence.classes import class_names
from uncertainty.persistence.container import DIGEST, check_start, pack, unpack
from uncertainty.persistence.errors import ModelFileError
from uncertainty.persistence.graph_decoder import MALFORMED, GraphDecoder
from uncertainty.persistence.graph_encoder import GraphEncoder
from uncertainty.persistence.plain_values import Json
from uncertainty.persistence.whole_file import refuse_existing, write_whole

FORMAT_VERSION = 1
LIBRARIES = ("uncertainty", "numpy", "scipy", "scikit-learn", "torch")


def save(estimator: Any, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write an estimator to a file that `load` reads, in the safetensors layout: tensors, and JSON for the rest.

    Predictions after `load` are those of before, to the bit, on the same machine; a fit goes on from there too
    (`partial_fit`, `warm_start`). The file appears whole or not at all.

    Parameters
    ----------
    estimator : an estimator of this package, fitted or not, or a scikit-learn Pipeline that ends in one
        Callbacks that are set on it are left out. What a Pipeline may hold besides is listed in the user guide.
    path : str or path-like
        By custom with the ending `.uq`.
    overwrite : bool, default False
        Whether a file that is there already may be replaced.

    Raises
    ------
    TypeError
        If the estimator holds a function or an object of another class, which the message names. Keep such a model
        with pickle, joblib or skops.
    FileExistsError
        If there is such a file and `overwrite` is False.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import uncertainty
    >>> model = uncertainty.ProbabilisticMLPRegressor(max_iter=3, random_state=0).fit([[0.0], [1.0], [2.0]], [1, 3, 2])
    >>> with TemporaryDirectory() as folder:
    ...     uncertainty.save(model, Path(folder) / "model.uq")
    ...     again = uncertainty.load(Path(folder) / "model.uq")
    >>> bool((again.predict([[0.5]]) == model.predict([[0.5]])).all())
    True
    """
    target = Path(path)
    refuse_existing(target, overwrite=overwrite)
    if type(estimator) not in class_names() or not _is_model(estimator):
        raise TypeError(
            f"estimator must be an estimator of this package, or a scikit-learn Pipeline around one, got "
            f"{type(estimator).__module__}.{type(estimator).__qualname__}. Keep others with pickle, joblib or skops."
        )
    encoder = GraphEncoder()
    encoder.value(estimator, type(estimator).__name__)
    libraries = {name: version(name) for name in LIBRARIES} | {"python": platform.python_version()}
    document = {"format_version": FORMAT_VERSION, "libraries": libraries, "objects": encoder.objects}
    write_whole(target, pack(document, encoder.tensors), overwrite=overwrite)


def load(path: str | os.PathLike[str]) -> Any:
    """Return the estimator that `save` wrote to a file. Nothing of the file is executed.

    A model that was trained on a GPU loads on a machine without one: predictions are made on the CPU.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    The estimator, or Pipeline.

    Raises
    ------
    ModelFileError
        If the file is no model, is damaged or altered, or is of a later version of the format. Memory in reading is a
        small multiple of the size of the file, whatever it says.
    FileNotFoundError, PermissionError
        As from `open`.
    """
    source = Path(path)
    try:
        document, tensors = unpack(_read(source))
        _check_version(document)
    except (OverflowError, ValueError) as error:
        raise _unreadable(source, str(error)) from error
    try:
        model = GraphDecoder(tensors).model(document["objects"])
        if not _is_model(model):
            raise ValueError(f"a {type(model).__name__} is no estimator")
        other_version = _warning_of_other_scikit_learn(document)
    except MALFORMED as error:
        missing = "something that is referred to is missing: " if isinstance(error, LookupError) else ""
        raise _unreadable(source, f"its contents do not fit together ({missing}{error})") from error
    if other_version is not None:
        warnings.warn(other_version, stacklevel=2)
    return model


def _is_model(estimator: Any) -> bool:
    return isinstance(estimator, BaseEstimator) and hasattr(estimator, "fit") and not isinstance(estimator, Spec)


def _unreadable(path: Path, why: str) -> ModelFileError:
    return ModelFileError(f"{os.fspath(path)!r} cannot be loaded: {why}.")


def _check_version(document: Json) -> None:
    """Refuse a format that this version does not know."""
    if not isinstance(document, dict) or not {"format_version", "libraries", "objects"} <= document.keys():
        raise ValueError("its header does not say which format it is of")
    found, libraries = document["format_version"], document["libraries"]
    if type(found) is not int or found < 1 or not isinstance(libraries, dict):
        raise ValueError(f"there is no format version {found!r:.80}")
    if found > FORMAT_VERSION:
        raise ValueError(
            f"it is of format version {found}, written by uncertainty {libraries.get('uncertainty')}, and this is "
            f"uncertainty {version('uncertainty')}, which reads up to {FORMAT_VERSION}. Upgrade: pip install -U "
            f"uncertainty"
        )


def _warning_of_other_scikit_learn(document: Json) -> Warning | None:
    """What scikit-learn's own classes hold may change between its versions, as with pickle; ours is kept readable."""
    here, there = version("scikit-learn"), str(document["libraries"]["scikit-learn"])
    foreign = [node["class"] for node in document["objects"] if node["class"].startswith("sklearn.")]
    if not foreign or here.split(".")[:2] == there.split(".")[:2]:
        return None
    return InconsistentVersionWarning(
        estimator_name=foreign[-1], current_sklearn_version=here, original_sklearn_version=there
    )


def _read(path: Path) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for, and a device has no end
        raise ValueError("it is no regular file")
    with path.open("rb") as file:
        start = file.read(DIGEST.stop)
        check_start(start, os.fstat(file.fileno()).st_size)
        file.seek(0)
        return file.read()
