"""With which versions, on which machine and from which state of the source a result was made."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import joblib

import uncertainty

PACKAGES = ("uncertainty", "torch", "numpy", "scipy", "scikit-learn")


def versions(packages: Sequence[str] = ()) -> dict[str, str | None]:
    """Return the versions of Python, of what every suite uses, and of `packages`; None for what is not installed.

    The version of `uncertainty` is that of the imported package. Between two releases its source changes while its
    version does not, so ``uncertainty_source`` tells two states of it apart.
    """
    installed = {name: _version(name) for name in (*PACKAGES, *packages)}
    own = {"uncertainty": uncertainty.__version__, "uncertainty_source": source_digest()}
    return {"python": platform.python_version(), **installed, **own}


@cache
def source_digest() -> str:
    """Return the first 12 hexadecimal digits of the sha256 of all source files of the package."""
    root = Path(uncertainty.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def machine() -> dict[str, Any]:
    """Return the number of cores that may be used, the architecture and the processor's name."""
    return {"n_cores": joblib.cpu_count(), "architecture": platform.machine(), "processor": _processor()}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # not installed, or run from a checkout that is not
        return None


def _processor() -> str | None:
    information = Path("/proc/cpuinfo")
    if not information.is_file():
        return platform.processor() or None
    lines = information.read_text(encoding="utf-8").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), None)
