"""The registry of data sets, and how files are found, fetched, cached and refused."""

from __future__ import annotations

import contextlib
import functools
import gzip
import hashlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import datasets
from benchmarks.datasets import (
    DATA_DIR_VARIABLE,
    DATASETS,
    SUITE_DATASETS,
    DatasetError,
    Source,
    load_dataset,
    locate,
    read_pmlb,
    read_uci,
)

CONTENT = b"1.0 2.0\n3.0 4.0\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()

# rows, features, classes (None for regression)
SHAPES = {
    "boston": (506, 13, None),
    "concrete": (1030, 8, None),
    "energy": (768, 8, None),
    "kin8nm": (8192, 8, None),
    "power": (9568, 4, None),
    "yacht": (308, 6, None),
    "adult": (48842, 14, 2),
    "banana": (5300, 2, 2),
    "breast_cancer_wisconsin": (569, 30, 2),
    "credit_g": (1000, 20, 2),
    "letter": (20000, 16, 26),
    "magic": (19020, 10, 2),
    "optdigits": (5620, 64, 10),
    "pendigits": (10992, 16, 10),
    "satimage": (6435, 36, 6),
    "segmentation": (2310, 19, 7),
    "spambase": (4601, 57, 2),
    "vehicle": (846, 18, 4),
    "waveform_21": (5000, 21, 3),
    "yeast": (1479, 8, 9),
}
BUNDLED_SHAPES = {
    "diabetes": (442, 10, None),
    "breast_cancer": (569, 30, 2),
    "wine": (178, 13, 3),
    "digits": (1797, 64, 10),
}


class CountingHandler(SimpleHTTPRequestHandler):
    """Serves a folder silently and keeps the paths asked for."""

    def __init__(self, *args: Any, requests: list[str], **kwargs: Any) -> None:
        self.requests = requests
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        self.requests.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[tuple[str, list[str]]]:
    requests: list[str] = []
    handler = functools.partial(CountingHandler, directory=str(folder), requests=requests)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", requests
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    """A server of one file, ``table.txt``, and the list of requests it has had."""
    monkeypatch.delenv(DATA_DIR_VARIABLE, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "table.txt").write_bytes(CONTENT)
    with serve(folder) as (address, requests):
        yield address, requests


def test_file_is_fetched_once_and_then_read_from_the_cache(served: tuple[str, list[str]], tmp_path: Path) -> None:
    address, requests = served
    source = Source("uci/table.txt", (f"{address}/table.txt",), SHA256)
    first = locate(source, cache_dir=tmp_path / "cache")
    second = locate(source, cache_dir=tmp_path / "cache")
    assert first == second
    assert first.read_bytes() == CONTENT
    assert requests == ["/table.txt"]


def test_next_address_is_tried_when_one_fails(served: tuple[str, list[str]], tmp_path: Path) -> None:
    address, requests = served
    source = Source("uci/table.txt", (f"{address}/moved.txt", f"{address}/table.txt"), SHA256)
    assert locate(source, cache_dir=tmp_path / "cache").read_bytes() == CONTENT
    assert requests == ["/moved.txt", "/table.txt"]


def test_download_with_another_hash_is_refused_and_not_kept(served: tuple[str, list[str]], tmp_path: Path) -> None:
    address, _ = served
    source = Source("uci/table.txt", (f"{address}/table.txt",), "0" * 64)
    with pytest.raises(DatasetError, match="hash"):
        locate(source, cache_dir=tmp_path / "cache")
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_damaged_cached_file_is_replaced(served: tuple[str, list[str]], tmp_path: Path) -> None:
    address, _ = served
    source = Source("uci/table.txt", (f"{address}/table.txt",), SHA256)
    locate(source, cache_dir=tmp_path / "cache").write_bytes(b"damaged")
    assert locate(source, cache_dir=tmp_path / "cache").read_bytes() == CONTENT


def test_offline_message_says_how_to_get_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATA_DIR_VARIABLE, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serve(tmp_path) as (address, _):
        pass  # the server is gone again: nothing listens at this address
    source = Source("uci/table.txt", (f"{address}/table.txt",), SHA256)
    with pytest.raises(DatasetError, match=rf"(?s)could not be downloaded.*network.*{DATA_DIR_VARIABLE}"):
        locate(source, cache_dir=tmp_path / "cache")


def test_without_pooch_the_message_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATA_DIR_VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(DatasetError, match=r"\[bench\]"):
        locate(Source("uci/table.txt", ("https://example.org/table.txt",), SHA256), cache_dir=tmp_path)


def test_a_file_without_an_address_is_asked_for_in_a_local_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATA_DIR_VARIABLE, raising=False)
    with pytest.raises(DatasetError, match=rf"no public address.*{DATA_DIR_VARIABLE}.*uci_gap/table.npz"):
        locate(Source("uci_gap/table.npz", (), SHA256))


@pytest.fixture
def local_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data" / "uci").mkdir(parents=True)
    (tmp_path / "data" / "uci" / "table.txt").write_bytes(CONTENT)
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path / "data"))
    return tmp_path / "data"


def test_data_folder_comes_before_any_download(local_folder: Path) -> None:
    assert locate(Source("uci/table.txt", (), SHA256)) == local_folder / "uci" / "table.txt"


def test_local_file_with_another_hash_is_refused(local_folder: Path) -> None:
    with pytest.raises(DatasetError, match="sha256 0000"):
        locate(Source("uci/table.txt", (), "0" * 64))


def test_data_folder_that_does_not_exist_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match="nowhere"):
        locate(Source("uci/table.txt", (), SHA256))


def test_uci_target_is_the_last_column(tmp_path: Path) -> None:
    (tmp_path / "table.txt").write_text("1.0 \t2.0   3.0 \n 4.0 5.0 6.0\n")
    X, y = read_uci(tmp_path / "table.txt")
    np.testing.assert_array_equal(X, [[1.0, 2.0], [4.0, 5.0]])
    np.testing.assert_array_equal(y, [3.0, 6.0])


@pytest.mark.parametrize("position", [0, 1, 2])
def test_pmlb_target_is_found_by_name(tmp_path: Path, position: int) -> None:
    header, rows = ["width", "two words"], [["1.5", "2"], ["3.5", "4"]]
    header.insert(position, "target")
    for label, row in zip(["-1", "7"], rows, strict=True):
        row.insert(position, label)
    with gzip.open(tmp_path / "table.tsv.gz", "wt") as file:
        file.write("\n".join("\t".join(cells) for cells in [header, *rows]) + "\n")
    X, y = read_pmlb(tmp_path / "table.tsv.gz")
    np.testing.assert_array_equal(X, [[1.5, 2.0], [3.5, 4.0]])
    np.testing.assert_array_equal(y, [-1, 7])
    assert y.dtype == np.int64


def test_every_registered_set_belongs_to_one_suite() -> None:
    assert sorted(name for names in SUITE_DATASETS.values() for name in names) == sorted(DATASETS)


def test_registered_files_are_told_apart() -> None:
    sources = [dataset.source for dataset in DATASETS.values() if dataset.source is not None]
    for attribute in ("path", "sha256", "addresses"):
        assert len({getattr(source, attribute) for source in sources}) == len(sources) == len(SHAPES)
    assert all(len(source.sha256) == 64 and source.addresses for source in sources)
    assert all(address.startswith("https://") for source in sources for address in source.addresses)


def check_arrays(name: str, load: Callable[[str], datasets.Arrays], shape: tuple[int, int, int | None]) -> None:
    n_rows, n_features, n_classes = shape
    X, y = load(name)
    assert X.shape == (n_rows, n_features)
    assert y.shape == (n_rows,)
    assert np.isfinite(X).all()
    assert DATASETS[name].task == ("regression" if n_classes is None else "classification")
    assert n_classes is None or len(np.unique(y)) == n_classes


@pytest.mark.parametrize("name", SUITE_DATASETS["quick"])
def test_bundled_sets(name: str) -> None:
    check_arrays(name, load_dataset, BUNDLED_SHAPES[name])


@pytest.mark.data
@pytest.mark.parametrize("name", [*SUITE_DATASETS["uci"], *SUITE_DATASETS["classification"]])
def test_sets_of_the_data_folder(name: str) -> None:
    folder = datasets.data_dir()
    assert folder is not None, f"set {DATA_DIR_VARIABLE} to the folder of the benchmark data"
    source = DATASETS[name].source
    assert source is not None
    assert os.path.commonpath([locate(source), folder]) == str(folder)
    check_arrays(name, load_dataset, SHAPES[name])
