"""The extensions of the documentation, which are not part of any package."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name):
    """Import docs/extensions/NAME.py under a name that nothing else has."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / "extensions" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def api_reference():
    return load("api_reference")


@pytest.fixture(scope="session")
def navigation():
    return load("navigation")


@pytest.fixture(scope="session")
def mathml():
    pytest.importorskip("sphinx", reason="the extra 'docs' is not installed")
    return load("mathml")
