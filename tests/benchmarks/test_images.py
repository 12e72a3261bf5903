"""The idx format, and what batch normalization does for a network on MNIST."""

import gzip
import struct

import numpy as np
import pytest

from benchmarks.datasets import DatasetError
from benchmarks.images import load_images, read_idx
from uncertainty import SGD, ProbabilisticMLPClassifier


def write_idx(path, array, kind=0x08):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, kind, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))


def test_an_idx_file_is_read_in_its_shape(tmp_path):
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    write_idx(tmp_path / "a.gz", array)
    assert np.array_equal(read_idx(tmp_path / "a.gz"), array)


def test_another_kind_of_file_is_refused(tmp_path):
    write_idx(tmp_path / "a.gz", np.zeros(3, dtype=np.float32), kind=0x0D)
    with pytest.raises(DatasetError, match="idx file of unsigned bytes, got the magic number 00000d01"):
        read_idx(tmp_path / "a.gz")


def test_without_a_folder_the_variable_is_named(monkeypatch):
    monkeypatch.delenv("UNCERTAINTY_DATA_DIR", raising=False)
    with pytest.raises(DatasetError, match="UNCERTAINTY_DATA_DIR"):
        load_images("mnist")


@pytest.mark.data
def test_images_have_the_known_counts():
    for name, part, n in (("mnist", "train", 60_000), ("mnist", "t10k", 10_000), ("notmnist", "t10k", 10_000)):
        X, y = load_images(name, part)
        assert X.shape == (n, 784)
        assert X.min() == 0.0
        assert X.max() == 1.0
        assert np.array_equal(np.unique(y), np.arange(10))
    assert np.bincount(load_images("mnist")[1]).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip


@pytest.mark.data
def test_batch_normalization_trains_faster_on_mnist():
    # Sigmoids and batches of 60, as in Ioffe & Szegedy (2015), section 4.1, in two layers. The mean training loss of
    # each of five epochs. (Rectifiers on standardised inputs start well enough without it.)
    X, y = load_images("mnist")
    X, y = X[:12_000], y[:12_000]
    curves = {
        normalization: ProbabilisticMLPClassifier(
            (100, 100),
            "sigmoid",
            normalization=normalization,
            optimizer=SGD(momentum=0.9),
            learning_rate_init=0.01,
            batch_size=60,
            max_iter=5,
            early_stopping=False,
            random_state=0,
        )
        .fit(X, y)
        .loss_curve_
        for normalization in (None, "batch")
    }
    assert all(a < b for a, b in zip(curves["batch"], curves[None], strict=True))
