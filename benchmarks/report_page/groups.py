"""Who belongs together: our methods, the controls beside them, the baselines of a scikit-learn user, and the peers."""

from __future__ import annotations

from collections.abc import Iterable

from ..baselines import BASELINES, PEERS
from ..methods import CONTROLS

# group -> methods, in the order of the tables; all peers, whether they are installed here or not
GROUPS: dict[str, tuple[str, ...]] = {
    "ours": ("deep_ensemble", "mc_dropout", "snapshot_ensemble", "probabilistic_mlp"),
    "control": tuple(method.name for method in CONTROLS),
    "baseline": tuple(method.name for method in BASELINES if method.group == "baseline"),
    "peer": tuple(method.name for methods in PEERS.values() for method in methods),
}

OURS = GROUPS["ours"]
# Multilayer perceptrons that are not ours, for comparisons of like with like.
SKLEARN_MLPS = ("sklearn_mlp", "sklearn_mlp_temperature")
PEER_MLPS = ("realmlp", "realmlp_proper_score")
# What differences are taken to: what a scikit-learn user would have without us.
REFERENCE = "sklearn_mlp"

_ORDER = {method: (group, method) for group, methods in GROUPS.items() for method in methods}


def group_of(method: str) -> str:
    """Return the group of a method, ``"other"`` for one that is in none."""
    return _ORDER.get(method, ("other", method))[0]


def sort_methods(methods: Iterable[str]) -> list[str]:
    """Return the methods group by group, ours first, unknown ones last."""
    order = list(_ORDER)
    return sorted(methods, key=lambda method: (order.index(method) if method in _ORDER else len(order), method))
