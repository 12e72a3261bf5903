"""Made-up records after the format of the store: every suite, known to every digit, drawn from fixed seeds."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from benchmarks.report_page import curve_blocks, suite_sections
from benchmarks.report_page.content import build_page
from benchmarks.report_page.page import Page
from benchmarks.report_page.published_rows import PublishedRows, read_published_rows
from benchmarks.store import Record

UCI = {"boston": 2.4, "concrete": 2.9, "energy": 0.6, "kin8nm": -1.2, "power": 2.7, "yacht": 0.1}
TABLES = {"letter": 0.15, "vehicle": 0.4, "yeast": 1.1, "spambase": 0.2}
# method -> what is added to every loss
REGRESSORS = {
    "deep_ensemble": 0.0,
    "mc_dropout": 0.08,
    "snapshot_ensemble": 0.04,
    "probabilistic_mlp": 0.12,
    "squared_error_mlp": 0.2,
    "same_epochs_mlp": 0.15,
    "sklearn_mlp": 0.3,
    "gaussian_process": 0.18,
    "bayesian_ridge": 0.7,
    "hgb_quantile": 0.25,
}
CLASSIFIERS = {
    "deep_ensemble": 0.0,
    "mc_dropout": 0.02,
    "snapshot_ensemble": 0.01,
    "probabilistic_mlp": 0.06,
    "sklearn_mlp": 0.15,
    "sklearn_mlp_temperature": 0.07,
    "logistic_regression": 0.25,
    "hgb_temperature": 0.03,
}
OURS = ("deep_ensemble", "mc_dropout", "snapshot_ensemble", "probabilistic_mlp")
N_SPLITS = 5

PUBLISHED = """dataset,method,metric,mean,standard_error,source
boston,deep_ensemble_2017,nll,2.41,0.0559,"a paper, Table 1"
boston,deep_ensemble_2017,rmse,3.28,0.22361,"a paper, Table 1"
boston,mc_dropout_2016,nll,2.46,0.055,"an older paper, Table 2"
boston,ngboost_2020,nll,2.2,0.03,a third paper
kin8nm,deep_ensemble_2017,nll,-1.1,0.00447,"a paper, Table 1"
kin8nm,deep_ensemble_2017,rmse,0.09,0.0,"a paper, Table 1"
yacht,deep_ensemble_2017,nll,1.18,0.05,"a paper, Table 1"
yacht,deep_ensemble_2017,rmse,1.58,0.11,"a paper, Table 1"
"""


def make_record(suite: str, dataset: str, task: str, method: str, split: int, **changes: Any) -> Record:
    name = "Regressor" if task == "regression" else "Classifier"
    return {
        "format": 2,
        "suite": suite,
        "dataset": dataset,
        "task": task,
        "method": method,
        "split": split,
        "seed": split,
        "n_train": 900,
        "n_test": 100,
        "created": "2026-11-21T10:00:00+00:00",
        "versions": {
            "python": "3.11.9",
            "uncertainty": "0.1.0",
            "uncertainty_source": "0123456789ab",
            "torch": "2.13.0",
        },
        "machine": {"n_cores": 2, "architecture": "x86_64", "processor": "Some Processor"},
        "parameters": f"{method}{name}(random_state={split})",
        "scores": {},
        "curves": {},
        "warnings": [],
        **changes,
    }


def generator_of(*key: Any) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


def regression_record(suite: str, dataset: str, level: float, method: str, split: int, **scores: float) -> Record:
    g = generator_of(suite, dataset, method, split)
    worse = REGRESSORS[method]
    nll = level + worse * (1.0 + 0.3 * g.normal()) + 0.1 * generator_of(dataset, split).normal()
    pit = g.beta(1.0 + 0.5 * worse, 1.0 + 0.5 * worse, size=500)
    kept = np.linspace(0.05, 1.0, 20)
    epistemic = 0.1 * g.uniform(0.5, 1.5) if method in OURS else None
    found = {
        "rmse": 0.09 * (1 + worse) if dataset == "kin8nm" else np.exp(0.4 * nll) * (1 + worse),
        "nll": None if method == "hgb_quantile" else nll,
        "nll_moment_matched": None if method == "hgb_quantile" else nll + 0.03,
        "crps": np.exp(0.3 * nll),
        "calibration_error": 0.02 + 0.1 * worse,
        "error_std_correlation": 0.5 - 0.4 * worse,
        "risk_coverage_area": np.exp(0.6 * nll),
        "aleatoric_variance": None if epistemic is None else np.exp(nll),
        "epistemic_variance": epistemic,
        **{f"coverage_{level}": float(np.mean(np.abs(pit - 0.5) < level / 200)) for level in (50, 80, 90, 95)},
        **{f"width_{level}": level / 30 * np.exp(0.4 * nll) for level in (50, 80, 90, 95)},
        "fit_seconds": g.uniform(1, 9),
        "predict_seconds": g.uniform(0.01, 0.1),
        "peak_memory_mb": g.uniform(20, 90),
        **scores,
    }
    curves = {
        "pit": np.histogram(pit, bins=100, range=(0, 1))[0].tolist(),
        "risk_coverage": {
            "kept": kept.tolist(),
            "risk": (np.exp(nll) * (kept ** (1.2 - worse)) * g.uniform(0.95, 1.05, 20)).tolist(),
        },
    }
    return make_record(suite, dataset, "regression", method, split, scores=found, curves=curves)


def classification_record(suite: str, dataset: str, level: float, method: str, split: int, **scores: float) -> Record:
    g = generator_of(suite, dataset, method, split)
    worse = CLASSIFIERS[method]
    nll = level * (1 + 3 * worse) + 0.01 * g.normal() + 0.02 * generator_of(dataset, split).normal()
    centres = (np.arange(15) + 0.5) / 15
    count = np.concatenate([[0, 0, 1], np.round(np.linspace(2, 60, 12))]).astype(int)
    accuracy = np.clip(centres - worse * np.sin(3 * centres) + 0.02 * g.normal(size=15), 0, 1)
    kept = np.linspace(0.05, 1.0, 20)
    found = {
        "error": level / 3 + worse / 10,
        "nll": nll,
        "brier": nll / 2,
        "ece": 0.02 + worse / 4,
        "ece_debiased": 0.005 + worse / 4,
        "risk_coverage_area": level / 8,
        "aleatoric_entropy": nll if method in OURS else None,
        "mutual_information": 0.05 if method in OURS else None,
        "fit_seconds": g.uniform(1, 9),
        "predict_seconds": g.uniform(0.01, 0.1),
        "peak_memory_mb": None,
        **scores,
    }
    curves = {
        "reliability": {
            name: [float(v) if n else None for v, n in zip(values, count, strict=True)]
            for name, values in (("confidence", centres), ("accuracy", accuracy))
        }
        | {"count": count.tolist()},
        "risk_coverage": {"kept": kept.tolist(), "risk": (0.1 * kept ** (1.5 - 2 * worse)).tolist()},
    }
    return make_record(suite, dataset, "classification", method, split, scores=found, curves=curves)


def make_noise_records() -> list[Record]:
    found = []
    for dataset in ("friedman_200", "friedman_800", "sine_gap_200", "sine_gap_800"):
        n_train = int(dataset.rpartition("_")[2])
        for method in OURS:
            for split in range(3):
                g = generator_of(dataset, method, split)
                scores = {
                    "aleatoric_std_rmse": g.uniform(0.1, 0.3),
                    "aleatoric_std_correlation": g.uniform(0.7, 0.9),
                    "epistemic_std": (0.5 + REGRESSORS[method]) / n_train**0.5,
                }
                if "gap" in dataset:
                    scores |= {"epistemic_std_gap": 0.5, "epistemic_std_outside": 0.2, "epistemic_ratio": 2.5}
                record = regression_record("noise", dataset, 0.5, method, split, **scores)
                found.append(record | {"n_train": n_train})
    return found


def make_records() -> list[Record]:
    """Return records of every suite but `shift` and `quick`."""
    found = [
        regression_record("uci", d, level, m, s)
        for d, level in UCI.items()
        for m in REGRESSORS
        for s in range(N_SPLITS)
    ]
    for dataset, level in UCI.items():
        for split in range(4):
            for method in REGRESSORS:
                ratio = 2.0 + generator_of("gap", dataset, method, split).uniform(-1, 1)
                gap = {"epistemic_std_gap": 0.3 * ratio, "epistemic_std_outside": 0.3, "epistemic_ratio": ratio}
                gap = gap if method in OURS else {}
                found.append(regression_record("uci_gap", dataset, level + 0.4, method, split, **gap))
    found += [
        classification_record("classification", d, level, m, s)
        for d, level in TABLES.items()
        for m in CLASSIFIERS
        for s in range(N_SPLITS)
    ]
    auroc = {"auroc_mutual_information": 0.96, "auroc_entropy": 0.98, "auroc_trivial": 0.55}
    found += [classification_record("mnist", "mnist", 0.04, m, s, **auroc) for m in OURS for s in range(2)]
    return found + make_noise_records()


@pytest.fixture(scope="session")
def records() -> list[Record]:
    return make_records()


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> PublishedRows:
    path = tmp_path_factory.mktemp("published") / "published.csv"
    path.write_text(PUBLISHED)
    return read_published_rows(path)


@pytest.fixture(scope="session")
def page(records: list[Record], published: PublishedRows) -> Iterator[Page]:
    """The whole page; its figures are not drawn, since that takes a second each."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (curve_blocks, suite_sections):
            for name in [name for name in vars(module) if name.startswith("draw_")]:
                patch.setattr(module, name, lambda *_: b"a picture")
        yield build_page(records, {"uci": published, "uci_gap": None})
