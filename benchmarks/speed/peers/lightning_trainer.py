# mypy: disable-error-code="import-not-found, import-untyped"
"""What the peers built on Lightning share: an import that works, and a trainer with everything optional off."""

from __future__ import annotations

import importlib
import logging
from typing import Any

import torch

# What torchvision looks for when it is imported. Declared here, never defined: nothing that is timed uses it.
_TORCHVISION_OPERATORS = (
    "_deform_conv2d_backward",
    "_ps_roi_align_backward",
    "_ps_roi_pool_backward",
    "_roi_align_backward",
    "_roi_pool_backward",
    "deform_conv2d",
    "nms",
    "ps_roi_align",
    "ps_roi_pool",
    "qnms",
    "qroi_align",
    "roi_align",
    "roi_pool",
)

# A library of operators is taken back when it is garbage.
_declared: list[torch.library.Library] = []


def import_torchvision() -> None:
    """Import torchvision, which both peers need, even where its compiled part was built for another torch."""
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        if _declared:
            raise
        library = torch.library.Library("torchvision", "FRAGMENT")
        _declared.append(library)
        for name in _TORCHVISION_OPERATORS:
            library.define(f"{name}(Tensor input) -> Tensor")
        importlib.import_module("torchvision")


def trainer_options(n_epochs: int) -> dict[str, Any]:
    """Return a trainer's arguments: no logger, checkpoints, progress bar or summary."""
    for name in ("lightning", "lightning.pytorch", "lightning.fabric", "lightning_fabric", "pytorch_lightning"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return {
        "max_epochs": n_epochs,
        "accelerator": "cpu",
        "devices": 1,
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
