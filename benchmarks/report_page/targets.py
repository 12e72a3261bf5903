"""What the product is meant to show, evaluated from the records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from ..datasets import SUITE_DATASETS
from ..statistics import Estimate, compare_ranks
from ..suites import SUITES
from ..suites.noise import GAP_DATASETS
from .claims import Against, Claim, bound_claim, count_claim
from .columns import LEVELS
from .groups import OURS, PEER_MLPS, REFERENCE, SKLEARN_MLPS
from .numbers import NONE, write_number
from .published_rows import PublishedRows
from .results import Results
from .tables import coverage_errors, mean_scores

UCI, TABLES = sorted(SUITE_DATASETS["uci"]), sorted(SUITE_DATASETS["classification"])

Suites = Mapping[str, Results]
PublishedSuites = Mapping[str, PublishedRows | None]
Bars = Mapping[str, Estimate | None]


def find_claims(suites: Suites, published: PublishedSuites) -> list[Claim]:
    """Return every claim, in the order of the suites; those without records say so."""
    uci, gap, noise, classification, mnist = (
        suites.get(name, Results(name, {})) for name in ("uci", "uci_gap", "noise", "classification", "mnist")
    )
    return [
        *_published_claims(uci, published.get("uci")),
        *_recipe_claims(uci),
        *_gap_claims(gap, noise, published.get("uci_gap")),
        *_classification_claims(classification),
        *_mnist_claims(mnist),
        _time_claim(uci),
    ]


def _from(results: Results, methods: Sequence[str], datasets: Sequence[str], claim: Claim) -> Claim:
    """The claim with a word on the runs that it should rest on and that are missing."""
    found = [len(results.runs.get(dataset, {}).get(method, {})) for dataset in datasets for method in methods]
    n_splits = SUITES[results.suite].n_splits
    return claim.over(sum(found), len(methods) * sum(n_splits[dataset] for dataset in datasets))


def _against(results: Results, method: str, metric: str, bars: Bars) -> dict[str, Against | None]:
    found: dict[str, Against | None] = {}
    for dataset, bar in bars.items():
        ours = results.estimate(dataset, method, metric)
        error = math.nan if ours is None or bar is None else math.hypot(ours.standard_error, bar.standard_error)
        found[dataset] = None if ours is None or bar is None else Against(ours.mean, bar.mean, error)
    return found


def _beside(
    results: Results, method: str, other: str, datasets: Sequence[str], margin: float = 0.0
) -> dict[str, Against | None]:
    """By how much the NLL of a method is above another's on the splits that both have, against a margin."""
    differences = {dataset: results.difference(dataset, method, other, "nll") for dataset in datasets}
    return {
        dataset: None if found is None else Against(found.mean, margin, found.standard_error)
        for dataset, found in differences.items()
    }


def _published_bars(published: PublishedRows | None, method: str, metric: str) -> Bars:
    return {name: None if published is None else published.bar(name, method, metric) for name in UCI}


def _best_bars(published: PublishedRows | None, metric: str) -> Bars:
    best = {name: None if published is None else published.best(name, metric) for name in UCI}
    return {name: None if row is None else row[1] for name, row in best.items()}


def _published_claims(uci: Results, published: PublishedRows | None) -> list[Claim]:
    namesake = _published_bars(published, "deep_ensemble_2017", "nll")
    wide = {}
    for dataset, item in _against(uci, "deep_ensemble", "nll", namesake).items():
        estimate = uci.estimate(dataset, "deep_ensemble", "nll")
        error = math.nan if estimate is None else estimate.standard_error
        wide[dataset] = Against(item.ours + 2.0 * error, item.bar) if item and math.isfinite(error) else None

    def claim(text: str, method: str, bars: Bars, needed: int, metric: str = "nll", *, strict: bool = False) -> Claim:
        found = _against(uci, method, metric, bars)
        return _from(uci, [method], UCI, count_claim(text, UCI, found, needed, strict=strict))

    rmse = _published_bars(published, "deep_ensemble_2017", "rmse")
    dropout, strong = (
        _published_bars(published, name, "nll") for name in ("mc_dropout_2016", "mc_dropout_strong_2018")
    )
    rounded = "(kin8nm, printed rounded, taken as 0.095)"
    two_errors = "Deep ensemble: NLL below `deep_ensemble_2017` by two of our standard errors"
    apart = "(`mc_dropout_2016` and `mc_dropout_2016_2layers`, tuned on test rows, apart)"
    best = f"Deep ensemble: NLL below the best published one {apart}"
    return [
        claim("Deep ensemble: NLL no worse than `deep_ensemble_2017`", "deep_ensemble", namesake, 6),
        claim(f"Deep ensemble: RMSE no worse than `deep_ensemble_2017` {rounded}", "deep_ensemble", rmse, 6, "rmse"),
        _from(uci, ["deep_ensemble"], UCI, count_claim(two_errors, UCI, wide, 4)),
        claim(best, "deep_ensemble", _best_bars(published, "nll"), 4, strict=True),
        claim("MC-dropout: NLL no worse than `mc_dropout_2016`", "mc_dropout", dropout, 6),
        claim("MC-dropout: NLL no worse than `mc_dropout_strong_2018`", "mc_dropout", strong, 4),
    ]


def _recipe_claims(uci: Results) -> list[Claim]:
    snapshot, ensemble, epochs = "snapshot_ensemble", "deep_ensemble", "same_epochs_mlp"
    rival = count_claim("Snapshot ensemble: NLL below one network trained for as many epochs", UCI,
                        _beside(uci, snapshot, epochs, UCI), 5, strict=True)  # fmt: skip
    near = count_claim("Snapshot ensemble: NLL within 0.05 of the deep ensemble's", UCI,
                       _beside(uci, snapshot, ensemble, UCI, margin=0.05), 3)  # fmt: skip
    coverage = bound_claim("Deep ensemble: distance of 50, 80, 90 and 95 % coverage from nominal, mean over sets and "
                           "levels", _coverage_distances(uci), 3.0, unit=" points")  # fmt: skip
    rmse = bound_claim("RMSE of the probabilistic network over that of the same network trained by squared error, mean "
                       "over sets", _rmse_ratios(uci), 1.02)  # fmt: skip
    return [
        _from(uci, [snapshot, epochs], UCI, rival),
        _from(uci, [snapshot, ensemble], UCI, near),
        _from(uci, [ensemble], UCI, coverage),
        _from(uci, ["probabilistic_mlp", "squared_error_mlp"], UCI, rmse),
    ]


def _coverage_distances(uci: Results) -> list[float]:
    """Return the mean over the levels of the distance in points, for each data set with all of them."""
    errors = [coverage_errors(uci, "deep_ensemble", UCI, level) for level in LEVELS]
    return [100.0 * fmean(error[name] for error in errors) for name in UCI if all(name in error for error in errors)]


def _rmse_ratios(uci: Results) -> list[float]:
    pairs = [(uci.mean(name, "probabilistic_mlp", "rmse"), uci.mean(name, "squared_error_mlp", "rmse")) for name in UCI]
    return [ours / plain for ours, plain in pairs if ours is not None and plain]


def _gap_claims(gap: Results, noise: Results, published: PublishedRows | None) -> list[Claim]:
    found = _against(gap, "deep_ensemble", "nll", _best_bars(published, "nll"))
    text = "Deep ensemble on the gap splits: NLL below the best published one"
    below = count_claim(text, UCI, found, 4, strict=True)
    return [_from(gap, ["deep_ensemble"], UCI, below), _made_gap_claim(noise)]


def _made_gap_claim(noise: Results) -> Claim:
    text = "Deep ensemble on made data with a true gap: epistemic std there over that of rows outside it"
    found = {name: noise.mean(name, "deep_ensemble", "epistemic_ratio") for name in GAP_DATASETS}
    ratios = {name: value for name, value in found.items() if value is not None}
    claim = bound_claim(text, _listed(min(ratios.values(), default=None)), 2.0, at_least=True)
    each = ", ".join(f"{write_number(value)} on {name}" for name, value in ratios.items())
    return _from(noise, ["deep_ensemble"], GAP_DATASETS, replace(claim, measured=each or NONE))


def _listed(value: float | None) -> list[float]:
    return [] if value is None else [value]


def _classification_claims(results: Results) -> list[Claim]:
    ours, boosting = "deep_ensemble", "hgb_temperature"
    among = "Average rank in log loss among multilayer perceptrons, ours and scikit-learn's"
    loss = count_claim("Deep ensemble: log loss no worse than gradient boosting with temperature", TABLES,
                       _beside(results, ours, boosting, TABLES), math.ceil(len(TABLES) / 2))  # fmt: skip
    ece = bound_claim("Deep ensemble: debiased ECE over scikit-learn's MLP's, both averaged over the sets",
                      _calibration_shares(results), 0.5)  # fmt: skip
    return [
        _rank_claim(results, among, SKLEARN_MLPS),
        _rank_claim(results, f"{among}, and RealMLP", (*SKLEARN_MLPS, *PEER_MLPS), needed=PEER_MLPS),
        _from(results, [ours, boosting], TABLES, loss),
        _from(results, [ours, REFERENCE], TABLES, ece),
    ]


def _rank_claim(results: Results, text: str, others: Sequence[str], needed: Sequence[str] = ()) -> Claim:
    """Ranks on the splits that all have, of the methods that ran on every data set, of the `needed` at least one."""
    bar = "the best is ours"
    contenders = [m for m in (*OURS, *others) if results.runs and all(m in runs for runs in results.runs.values())]
    common = results.on_common_splits(contenders)
    ranks = compare_ranks(mean_scores(common, common.datasets, "nll")).ranks if common.runs else {}
    ours, theirs = ([method for method in ranks if (method in OURS) == wanted] for wanted in (True, False))
    if not ours or not theirs or (needed and not set(theirs).intersection(needed)):
        return Claim(text, bar, NONE, "not measured")
    measured = ", ".join(f"{method} {rank:.2f}" for method, rank in ranks.items())
    excess = ranks[ours[0]] - ranks[theirs[0]]
    claim = Claim(text, bar, measured, "met" if excess < 0.0 else f"missed by {excess:.2f}")
    return _from(common, contenders, TABLES, claim)


def _calibration_shares(results: Results) -> list[float]:
    """Return our debiased ECE over the mean of the other's, for each data set: their mean is the ratio of the means."""
    common = results.on_common_splits(["deep_ensemble", REFERENCE])
    scores = [[common.mean(name, method, "ece_debiased") for method in ("deep_ensemble", REFERENCE)] for name in TABLES]
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
    claims = [
        bound_claim("Deep ensemble on MNIST: error", _listed(percent), 1.35, unit=" %"),
        bound_claim("Deep ensemble on MNIST: NLL", _listed(score("nll")), 0.045),
        bound_claim("Deep ensemble on MNIST: AUROC of letters told from digits, by mutual information or entropy",
                    _listed(auroc), 0.97, at_least=True),
    ]  # fmt: skip
    return [_from(results, ["deep_ensemble"], ["mnist"], claim) for claim in claims]


def _time_claim(uci: Results) -> Claim:
    runs = [record for name in UCI for method in OURS for record in uci.records(name, method)]
    seconds = [record["scores"].get(key) for record in runs for key in ("fit_seconds", "predict_seconds")]
    n_wanted = len(OURS) * sum(SUITES["uci"].n_splits.values())
    complete = len(runs) == n_wanted and None not in seconds
    text = "Our four regression methods on `uci`: seconds of all fits and predictions, shared by 2 cores"
    return bound_claim(text, [sum(seconds) / 2.0 / 60.0] if complete else [], 60.0, unit=" minutes")
