"""All families, and which of them can be run here."""

from __future__ import annotations

from ..baselines.peers import is_installed
from ..methods import METHODS
from . import crepes, mapie
from .boosted import FAMILY as BOOSTED_QUANTILES
from .family import Family
from .own import JACKKNIFE, classification_family, regression_family

OURS = ("deep_ensemble", "mc_dropout", "snapshot_ensemble", "probabilistic_mlp")

REGRESSION = (
    *(regression_family(METHODS[name]) for name in OURS),
    JACKKNIFE,
    BOOSTED_QUANTILES,
    *(family for family in (*mapie.FAMILIES, *crepes.FAMILIES) if family.task == "regression"),
)
CLASSIFICATION = (
    *(classification_family(METHODS[name]) for name in OURS),
    *(family for family in (*mapie.FAMILIES, *crepes.FAMILIES) if family.task == "classification"),
)
FAMILY_NAMES = tuple(dict.fromkeys(family.name for family in (*REGRESSION, *CLASSIFICATION)))


def installed(family: Family) -> bool:
    """Say whether the packages of a family can be imported."""
    return all(map(is_installed, family.packages))


def missing_note(families: tuple[Family, ...]) -> str | None:
    """Return a sentence that names the families left out because a package is not installed, or None."""
    missing = [family for family in families if not installed(family)]
    if not missing:
        return None
    packages = sorted({package.replace("_", "-") for family in missing for package in family.packages})
    names = ", ".join(family.name for family in missing)
    return f"Left out: {names}. To compare with them: pip install -c constraints.txt {' '.join(packages)}"
