"""The scores of the tables: their names in the records and their headings."""

from __future__ import annotations

Columns = tuple[tuple[str, str], ...]

LEVELS = (50, 80, 90, 95)

# Scores of which less is better: those that ranks, paired differences and published rows compare.
LOSSES: dict[str, Columns] = {
    "regression": (("nll", "NLL"), ("rmse", "RMSE"), ("crps", "CRPS")),
    "classification": (("nll", "NLL"), ("error", "error"), ("brier", "Brier")),
}

SCORES: dict[str, Columns] = {
    "regression": (
        ("rmse", "RMSE"),
        ("nll", "NLL"),
        ("nll_moment_matched", "NLL Gaussian"),
        ("crps", "CRPS"),
        ("calibration_error", "calibration error"),
        ("error_std_correlation", "error–std correlation"),
        ("risk_coverage_area", "risk-coverage area"),
        ("aleatoric_variance", "aleatoric variance"),
        ("epistemic_variance", "epistemic variance"),
    ),
    "classification": (
        ("error", "error"),
        ("nll", "NLL"),
        ("brier", "Brier"),
        ("ece", "ECE"),
        ("ece_debiased", "ECE debiased"),
        ("risk_coverage_area", "risk-coverage area"),
        ("aleatoric_entropy", "aleatoric entropy"),
        ("mutual_information", "mutual information"),
    ),
}

INTERVALS: Columns = (
    *((f"coverage_{level}", f"coverage {level} %") for level in LEVELS),
    *((f"width_{level}", f"width {level} %") for level in LEVELS),
)

COSTS: Columns = (("fit_seconds", "fit s"), ("predict_seconds", "predict s"), ("peak_memory_mb", "peak MB"))

OUT_OF_DISTRIBUTION: Columns = (
    ("auroc_mutual_information", "AUROC mutual information"),
    ("auroc_entropy", "AUROC entropy"),
    ("auroc_trivial", "AUROC distance from the training range"),
)

GAP: Columns = (
    ("epistemic_std_gap", "epistemic std in the gap"),
    ("epistemic_std_outside", "epistemic std outside"),
    ("epistemic_ratio", "ratio"),
    ("error_std_correlation", "error–std correlation"),
)

NOISE: Columns = (
    ("aleatoric_std_rmse", "relative RMSE of the recovered sigma"),
    ("aleatoric_std_correlation", "correlation with the true sigma"),
    ("epistemic_std", "epistemic std"),
)

NOTE = (
    "Cells are mean ± standard error over the splits; lower is better for RMSE, NLL, CRPS, error, Brier, ECE, "
    "calibration error and risk-coverage area. NLL is that of the whole mixture in nats per row, NLL Gaussian that of "
    "the one Gaussian with the same mean and variance; RMSE, CRPS, widths and standard deviations are in the units of "
    "the target, variances and the risk-coverage area of a regression in those squared. Calibration error is the mean "
    "distance of observed from nominal central coverage at the levels 5 % to 95 %; ECE is that of the top label in 15 "
    "bins. A dash stands where the score is not defined for the method or was not finite on some split."
)
