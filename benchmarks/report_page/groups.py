"""Who belongs together: our methods, the controls beside them, the baselines of a scikit-learn user, and the peers."""

from __future__ import annotations

from collections.abc import Iterable

GROUPS: dict[str, tuple[str, ...]] = {
    "ours": ("deep_ensemble", "mc_dropout", "snapshot_ensemble", "probabilistic_mlp"),
    "control": ("squared_error_mlp", "same_epochs_mlp"),
    "baseline": (
        "sklearn_mlp", "sklearn_mlp_temperature", "sklearn_mlp_conformal", "gaussian_process", "bayesian_ridge",
        "hgb_quantile", "hgb_quantile_conformal", "logistic_regression", "logistic_regression_temperature", "hgb",
        "hgb_temperature",
    ),
    "peer": ("ngboost", "realmlp", "catboost_virtual"),
}  # fmt: skip

OURS = GROUPS["ours"]
# Multilayer perceptrons that are not ours, for comparisons of like with like.
OTHER_MLPS = ("sklearn_mlp", "sklearn_mlp_temperature", "sklearn_mlp_conformal", "realmlp")
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
