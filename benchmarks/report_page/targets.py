"""What the product is meant to show, evaluated from the records."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean

from ..datasets import SUITES
from ..statistics import compare_ranks
from .claims import Against, Claim, bound_claim, count_claim
from .columns import LEVELS
from .groups import OTHER_MLPS, OURS, REFERENCE
from .numbers import NONE, write_number
from .published_rows import PublishedRows
from .results import Results
from .tables import coverage_errors, mean_scores

UCI, TABLES = sorted(SUITES["uci"]), sorted(SUITES["classification"])
N_SPLITS = 20

Suites = Mapping[str, Results]
PublishedSuites = Mapping[str, PublishedRows | None]


def find_claims(suites: Suites, published: PublishedSuites) -> list[Claim]:
    """Return every claim, in the order of the suites; those without records say so."""
    empty = Results("", {})
    uci, gap = suites.get("uci", empty), suites.get("uci_gap", empty)
    return [
        *_published_claims(uci, published.get("uci")),
        *_recipe_claims(uci),
        *_gap_claims(gap, suites.get("noise", empty), published.get("uci_gap")),
        *_classification_claims(suites.get("classification", empty)),
        *_mnist_claims(suites.get("mnist", empty)),
        _time_claim(uci),
    ]


def _against(results: Results, method: str, metric: str, bars: Mapping[str, float | None]) -> dict[str, Against | None]:
    found: dict[str, Against | None] = {}
    for dataset, bar in bars.items():
        ours = results.mean(dataset, method, metric)
        found[dataset] = None if ours is None or bar is None else Against(ours, bar)
    return found


def _published_bars(published: PublishedRows | None, method: str, metric: str) -> dict[str, float | None]:
    rows = {name: None if published is None else published.bar(name, method, metric) for name in UCI}
    return {name: None if row is None else row.mean for name, row in rows.items()}


def _best_bars(published: PublishedRows | None, metric: str) -> dict[str, float | None]:
    rows = {name: None if published is None else published.best(name, metric) for name in UCI}
    return {name: None if row is None else row[1].mean for name, row in rows.items()}


def _published_claims(uci: Results, published: PublishedRows | None) -> list[Claim]:
    ensemble = _published_bars(published, "deep_ensemble_2017", "nll")
    wide = {}
    for dataset, item in _against(uci, "deep_ensemble", "nll", ensemble).items():
        estimate = uci.estimate(dataset, "deep_ensemble", "nll")
        error = math.nan if estimate is None else estimate.standard_error
        wide[dataset] = Against(item.ours + 2.0 * error, item.bar) if item and math.isfinite(error) else None

    def claim(text: str, method: str, bars: dict[str, float | None], needed: int, *, strict: bool = False) -> Claim:
        return count_claim(text, UCI, _against(uci, method, "nll", bars), needed, strict=strict)

    best = _best_bars(published, "nll")
    rmse = _against(uci, "deep_ensemble", "rmse", _published_bars(published, "deep_ensemble_2017", "rmse"))
    dropout, strong = (
        _published_bars(published, name, "nll") for name in ("mc_dropout_2016", "mc_dropout_strong_2018")
    )
    rounded = "(kin8nm, printed rounded, taken as 0.095)"
    apart = "(`mc_dropout_2016` and `mc_dropout_2016_2layers`, tuned on test rows, apart)"
    return [
        claim("Deep ensemble: NLL no worse than `deep_ensemble_2017`", "deep_ensemble", ensemble, 6),
        count_claim(f"Deep ensemble: RMSE no worse than `deep_ensemble_2017` {rounded}", UCI, rmse, 6),
        count_claim("Deep ensemble: NLL below `deep_ensemble_2017` by two of our standard errors", UCI, wide, 4),
        claim(f"Deep ensemble: NLL below the best published one {apart}", "deep_ensemble", best, 4, strict=True),
        claim("MC-dropout: NLL no worse than `mc_dropout_2016`", "mc_dropout", dropout, 6),
        claim("MC-dropout: NLL no worse than `mc_dropout_strong_2018`", "mc_dropout", strong, 4),
    ]


def _recipe_claims(uci: Results) -> list[Claim]:
    epochs = {name: uci.mean(name, "same_epochs_mlp", "nll") for name in UCI}
    ensemble = {name: uci.mean(name, "deep_ensemble", "nll") for name in UCI}
    near = {name: None if value is None else value + 0.05 for name, value in ensemble.items()}
    snapshot = "snapshot_ensemble"
    return [
        count_claim("Snapshot ensemble: NLL below one network trained for as many epochs", UCI,
                    _against(uci, snapshot, "nll", epochs), 5, strict=True),
        count_claim("Snapshot ensemble: NLL within 0.05 of the deep ensemble's", UCI,
                    _against(uci, snapshot, "nll", near), 3),
        bound_claim("Deep ensemble: distance of 50, 80, 90 and 95 % coverage from nominal, mean over sets and levels",
                    _coverage_distances(uci), 3.0, n_sets=len(UCI), unit=" points"),
        bound_claim("RMSE of the probabilistic network over that of the same network trained by squared error, mean "
                    "over sets", _rmse_ratios(uci), 1.02, n_sets=len(UCI)),
    ]  # fmt: skip


def _coverage_distances(uci: Results) -> list[float]:
    """Return the mean over the levels of the distance in points, for each data set with all of them."""
    errors = [coverage_errors(uci, "deep_ensemble", UCI, level) for level in LEVELS]
    return [100.0 * fmean(error[name] for error in errors) for name in UCI if all(name in error for error in errors)]


def _rmse_ratios(uci: Results) -> list[float]:
    pairs = [(uci.mean(name, "probabilistic_mlp", "rmse"), uci.mean(name, "squared_error_mlp", "rmse")) for name in UCI]
    return [ours / plain for ours, plain in pairs if ours is not None and plain]


def _gap_claims(gap: Results, noise: Results, published: PublishedRows | None) -> list[Claim]:
    below = _against(gap, "deep_ensemble", "nll", _best_bars(published, "nll"))
    return [
        count_claim("Deep ensemble on the gap splits: NLL below the best published one", UCI, below, 4, strict=True),
        _made_gap_claim(noise),
    ]


def _made_gap_claim(noise: Results) -> Claim:
    text = "Deep ensemble on made data with a true gap: epistemic std there over that of rows outside it"
    found = {name: noise.mean(name, "deep_ensemble", "epistemic_ratio") for name in noise.datasets}
    ratios = {name: value for name, value in found.items() if value is not None}
    claim = bound_claim(text, _listed(min(ratios.values(), default=None)), 2.0, at_least=True)
    each = ", ".join(f"{write_number(value)} on {name}" for name, value in ratios.items())
    return replace(claim, measured=each or NONE)


def _listed(value: float | None) -> list[float]:
    return [] if value is None else [value]


def _classification_claims(results: Results) -> list[Claim]:
    beside = {name: results.mean(name, "hgb_temperature", "nll") for name in TABLES}
    text = "Deep ensemble: debiased ECE over scikit-learn's MLP's, both averaged over the sets"
    return [
        _rank_claim(results),
        count_claim("Deep ensemble: log loss no worse than gradient boosting with temperature", TABLES,
                    _against(results, "deep_ensemble", "nll", beside), math.ceil(len(TABLES) / 2)),
        bound_claim(text, _calibration_shares(results), 0.5, n_sets=len(TABLES)),
    ]  # fmt: skip


def _rank_claim(results: Results) -> Claim:
    text, bar = "Average rank in log loss among all multilayer perceptrons", "the best is ours"
    means = mean_scores(results, results.datasets, "nll")
    among = {dataset: {m: v for m, v in row.items() if m in (*OURS, *OTHER_MLPS)} for dataset, row in means.items()}
    ranks = compare_ranks(among).ranks if among else {}
    ours = [method for method in ranks if method in OURS]
    others = [method for method in ranks if method not in OURS]
    if not ours or not others:
        return Claim(text, bar, NONE, "not measured")
    measured = f"{ours[0]} {ranks[ours[0]]:.2f}; best of the others {others[0]} {ranks[others[0]]:.2f}"
    excess = ranks[ours[0]] - ranks[others[0]]
    return Claim(text, bar, measured, "met" if excess < 0.0 else f"missed by {excess:.2f}")


def _calibration_shares(results: Results) -> list[float]:
    """Return our debiased ECE over the mean of the other's, for each data set: their mean is the ratio of the means."""
    scores = [
        [results.mean(name, method, "ece_debiased") for method in ("deep_ensemble", REFERENCE)] for name in TABLES
    ]
    pairs = [(ours, theirs) for ours, theirs in scores if ours is not None and theirs is not None]
    beside = fmean(theirs for _, theirs in pairs) if pairs else 0.0
    return [ours / beside for ours, _ in pairs] if beside > 0.0 else []


def _mnist_claims(results: Results) -> list[Claim]:
    def score(name: str) -> float | None:
        return results.mean("mnist", "deep_ensemble", name)

    error = score("error")
    percent = None if error is None else 100.0 * error
    detectors = [score("auroc_mutual_information"), score("auroc_entropy")]
    auroc = max((value for value in detectors if value is not None), default=None)
    return [
        bound_claim("Deep ensemble on MNIST: error", _listed(percent), 1.35, unit=" %"),
        bound_claim("Deep ensemble on MNIST: NLL", _listed(score("nll")), 0.045),
        bound_claim("Deep ensemble on MNIST: AUROC of letters told from digits, by mutual information or entropy",
                    _listed(auroc), 0.97, at_least=True),
    ]  # fmt: skip


def _time_claim(uci: Results) -> Claim:
    runs = [record for name in UCI for method in OURS for record in uci.records(name, method)]
    seconds = [record["scores"].get(key) for record in runs for key in ("fit_seconds", "predict_seconds")]
    complete = len(runs) == len(UCI) * len(OURS) * N_SPLITS and None not in seconds
    text = "Our four regression methods on `uci`: seconds of all fits and predictions, shared by 2 cores"
    return bound_claim(text, [sum(seconds) / 2.0 / 60.0] if complete else [], 60.0, unit=" minutes")
