"""In words: what kind of uncertainty the most uncertain rows have, and what to do about it."""

from __future__ import annotations

from uncertainty.report.numbers import percent
from uncertainty.report.uncertain_rows import FEWEST_TO_COMPARE, Oddity, UncertainRows

# Shares of the epistemic part from which the uncertainty is called mostly ignorance, and below which mostly noise.
MOSTLY = 0.5
LITTLE = 0.2


def kind_reading(rows: UncertainRows, n_members: int | None, what: str) -> str:
    """Return which kind of uncertainty the most uncertain rows have; `what` is split, "variance" or "entropy"."""
    if n_members == 1:
        return (
            "The model is a single network, which cannot tell ignorance from noise: all of its uncertainty counts as "
            "aleatoric. Fit an ensemble to see the two apart."
        )
    if rows.top_share is None or rows.all_share is None:
        return "The model does not tell ignorance (epistemic) from noise (aleatoric)."
    top, everywhere = percent(rows.top_share), percent(rows.all_share)
    which = "The most uncertain row has" if rows.n_top == 1 else f"The {rows.n_top:,} most uncertain rows have"
    shares = f"{which} {top} of the {what} from ignorance (epistemic); over all rows it is {everywhere}."
    if rows.top_share >= MOSTLY:
        return f"{shares} More training rows like these would help."
    if rows.top_share <= LITTLE:
        return f"{shares} It is mostly noise: more rows would help little, better or further columns might."
    return f"{shares} It is of both kinds: more training rows like these would help in part."


def differences_reading(rows: UncertainRows, n_rows: int) -> str:
    """Return the columns in which the most uncertain rows differ from the others."""
    if not rows.differences:
        return (
            "In no column do the most uncertain rows differ from the others beyond chance."
            if rows.n_top >= FEWEST_TO_COMPARE
            else f"{n_rows} rows are too few to compare the most uncertain with the others."
        )
    told = [f"{d.feature} ({d.top}; the others: {d.rest})" for d in rows.differences]
    return f"The most uncertain rows differ from the others in {'; '.join(told)}."


def oddities_reading(oddities: tuple[Oddity, ...]) -> str:
    """Return what is unusual about one row."""
    if not oddities:
        return "nothing in any one column"
    return "; ".join(map(_told, oddities))


def _told(oddity: Oddity) -> str:
    share = percent(oddity.share, 1)
    if oddity.kind == "missing":
        return f"{oddity.feature} is missing ({share} of rows)"
    if oddity.kind == "rare":
        return f"{oddity.feature} {oddity.value} ({share} of rows)"
    return f"{oddity.feature} {oddity.value} ({oddity.kind}est {share})"
