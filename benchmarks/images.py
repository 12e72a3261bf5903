"""Images of digits and letters in the idx format of MNIST, from the folder that `UNCERTAINTY_DATA_DIR` names."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .datasets import DATA_DIR_VARIABLE, DatasetError, data_dir

UNSIGNED_BYTES = 0x08


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read a gzipped idx file of unsigned bytes: two zero bytes, the type, the number of axes, their lengths, the data.

    Raises
    ------
    DatasetError
        If the file is of another kind.
    """
    with gzip.open(path) as file:
        content = file.read()
    n_axes = content[3]
    if content[:3] != bytes([0, 0, UNSIGNED_BYTES]):
        raise DatasetError(f"{path} must be an idx file of unsigned bytes, got the magic number {content[:4].hex()}.")
    shape = np.frombuffer(content, dtype=">u4", count=n_axes, offset=4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * n_axes).reshape(shape)


def load_images(name: str, part: str = "train") -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Load "mnist" (part "train" or "t10k") or "notmnist" ("t10k"): pixels (n, 784) from 0 to 1, and labels (n,)."""
    folder = data_dir()
    if folder is None:
        raise DatasetError(f"{DATA_DIR_VARIABLE} must name the folder that holds {name}. Set it and run again.")
    images = read_idx(folder / name / f"{part}-images-idx3-ubyte.gz")
    labels = read_idx(folder / name / f"{part}-labels-idx1-ubyte.gz")
    return images.reshape(len(images), -1) / 255.0, labels.astype(np.int64)
