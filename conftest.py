"""What every test and example may need: figures that are closed again, and a slow library imported the quick way."""

import os
import sys

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(autouse=True)
def _closed_figures():
    """Figures that a test or an example leaves open are closed: matplotlib warns of more than twenty."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session")
def scoringrules():
    """The library of scores without its numba functions, the compiling of which takes longer than any test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "numba", None)  # as if it were not installed
        import scoringrules

    return scoringrules
