"""What every test and example may need: figures that are closed again, and a slow library imported the quick way."""

import os
import signal
import sys

import pytest
from _pytest.doctest import DoctestItem

# Epochs of a fit with max_iter="auto" where it is only shown how a thing is used.
FEW_EPOCHS = (20, 20)

os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """On several cores each takes a run of neighbouring tests, so that what they share is made and imported once."""
    if config.getoption("numprocesses", None) and config.getoption("dist") == "no":
        config.option.dist = "worksteal"


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


def shorten_fits(patch):
    from uncertainty.estimators import options

    patch.setattr(options, "EPOCHS_OF_A_FIT", FEW_EPOCHS)


@pytest.fixture(params=["few epochs", pytest.param("all epochs", marks=pytest.mark.slow)])
def fit_length(request, monkeypatch):
    """Code of the documentation runs with short fits by default, and as its readers run it with `-m slow`."""
    if request.param == "few epochs":
        shorten_fits(monkeypatch)
    return request.param


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    with pytest.MonkeyPatch.context() as patch:
        if isinstance(item, DoctestItem) and "torch" in sys.modules:
            shorten_fits(patch)
        return (yield)


@pytest.fixture
def heard_ctrl_c():
    """SIGINT raises KeyboardInterrupt, also where a shell has started the tests in the background and it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
