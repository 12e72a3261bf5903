"""Other packages' methods, and which of them can be compared here. A package is imported when its method is fitted."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

from ..method import Method
from .catboost import CatBoostVirtualEnsembleRegressor
from .ngboost import NGBoostClassifier, NGBoostRegressor
from .realmlp import RealMLPClassifier, RealMLPQuantileRegressor, RealMLPRegressor

# package -> its methods
PEERS: dict[str, tuple[Method, ...]] = {
    "ngboost": (Method("ngboost", "peer", NGBoostRegressor, NGBoostClassifier),),
    "pytabkit": (
        Method("realmlp", "peer", RealMLPRegressor, RealMLPClassifier),
        Method(
            "realmlp_proper_score",
            "peer",
            RealMLPQuantileRegressor,
            partial(RealMLPClassifier, kind="cross_entropy"),
        ),
    ),
    "catboost": (Method("catboost_virtual", "peer", CatBoostVirtualEnsembleRegressor, None),),
}


def is_installed(package: str) -> bool:
    """Return whether the package can be found, without importing it."""
    return find_spec(package) is not None


def installed_peers() -> tuple[Method, ...]:
    """Return the methods of the packages that are installed."""
    return tuple(method for package, methods in PEERS.items() if is_installed(package) for method in methods)


def missing_peers_note() -> str | None:
    """Return a sentence that names the peers left out because their package is not installed, or None."""
    missing = {package: methods for package, methods in PEERS.items() if not is_installed(package)}
    if not missing:
        return None
    names = ", ".join(method.name for methods in missing.values() for method in methods)
    return f"Left out: {names}. To compare with them: pip install -c constraints.txt {' '.join(missing)}"
