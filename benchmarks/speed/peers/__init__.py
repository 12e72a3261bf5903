"""What one would use instead, one file each; a peer that cannot be imported is left out of the comparison.

Each file has ``prepare(problem)``, which returns a function that trains for a number of epochs from new weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any


class PeerUnavailable(Exception):
    """A peer cannot be imported here; the message says why."""


@dataclass(frozen=True)
class Peer:
    """One peer: its name in the tables, its file, and the function there that prepares training."""

    name: str
    module: str
    prepare: str = "prepare"

    def load(self, function: str | None = None) -> Callable[..., Any]:
        """Return a function of the peer's file, the one that prepares training unless another is named.

        Raises
        ------
        PeerUnavailable
            If the file cannot be imported, for whatever reason.
        """
        try:
            module = import_module(f"{__name__}.{self.module}")
        except Exception as error:  # a package beside one it does not fit fails in many ways
            raise PeerUnavailable(f"{self.name}: skipped, {type(error).__name__}: {error}") from error
        return getattr(module, function or self.prepare)


PEERS: dict[str, Peer] = {
    "jax": Peer("JAX vmap + scan", "jax_vmap"),
    "jax-numpy-shuffles": Peer("JAX, numpy shuffles", "jax_vmap", "prepare_with_numpy_shuffles"),
    "torch-loader": Peer("plain torch, DataLoader", "plain_torch", "prepare_with_loader"),
    "torch": Peer("plain torch, index per batch", "plain_torch"),
    "torch-uncertainty": Peer("torch-uncertainty", "torch_uncertainty"),
    "lightning-uq-box": Peer("lightning-uq-box", "lightning_uq_box"),
    "skorch": Peer("skorch", "skorch"),
    "scikit-learn": Peer("scikit-learn MLPs, squared error", "scikit_learn"),
    "ngboost": Peer("NGBoost", "ngboost", "prepare_whole_fit"),
}

# Distributions whose versions a record of the peers holds.
DISTRIBUTIONS = ("jax", "optax", "torch-uncertainty", "lightning-uq-box", "lightning", "skorch", "ngboost")
