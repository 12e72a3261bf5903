"""Greedy layer-wise unsupervised pre-training: each hidden layer in turn learns to describe what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from uncertainty.components.dropout import DropoutRates
from uncertainty.components.mlp import MLP, OUTPUT_BIAS, OUTPUT_WEIGHT
from uncertainty.components.parameters import ParameterLayout
from uncertainty.components.spec import Spec, check_integer, check_number
from uncertainty.components.whole_vectors import WHOLE, padded_to_whole_vectors
from uncertainty.optim import ConstantRate
from uncertainty.training.batches import BatchStream
from uncertainty.training.data import Rows, TrainingData
from uncertainty.training.loop import fit_members
from uncertainty.training.plan import TrainingPlan
from uncertainty.training.reconstruction import Reconstruction
from uncertainty.training.stack import CHUNK_BYTES_PER_MEMBER
from uncertainty.training.threads import torch_threads


class Autoencoder(Spec):
    """Pre-training of each hidden layer as the encoder of an autoencoder, before the network itself is trained.

    From the first layer on, a network x -> hidden layer -> linear map is trained to reconstruct its x by squared
    error, with the layer's own activation and normalization. The layer keeps what it has learned and encodes the rows
    for the next one. What follows is an ordinary fit from there; its output layer starts at the best constant as ever.
    The rows are those that a member trains on (none that it holds out) and `X_unlabeled` of `fit`, each of which counts
    as much as an average training row.

    It costs `n_epochs` epochs of a small network for each hidden layer, and memory for a few arrays [M, N, H] of one
    layer of all rows.

    Parameters
    ----------
    n_epochs : int, default 50
        For each layer.
    corruption : float in [0, 1), default 0
        Probability that an input of the autoencoder, though not of its target, is set to 0, which makes it a denoising
        one. Inputs that are kept are scaled by 1 / (1 - corruption), as in dropout.
    learning_rate : float or None, default None
        None is `learning_rate_init` of the network, whose optimizer and batch size are used too.

    References
    ----------
    Bengio, Lamblin, Popovici & Larochelle (2007), Greedy layer-wise training of deep networks, section 2.3 and
    appendix; Vincent et al. (2010), Stacked denoising autoencoders, sections 3 and 4.
    """

    short_name = "autoencoder"

    def __init__(self, n_epochs: int = 50, corruption: float = 0.0, learning_rate: float | None = None) -> None:
        self.n_epochs = n_epochs
        self.corruption = corruption
        self.learning_rate = learning_rate

    def build(self) -> Pretraining:
        """Return the checked options."""
        rate = self.learning_rate
        return Pretraining(
            check_integer("n_epochs", self.n_epochs),
            check_number("corruption", self.corruption, high=1.0, high_open=True),
            None if rate is None else check_number("learning_rate", rate, low_open=True),
        )


@dataclass(frozen=True)
class Pretraining:
    """Runtime form of `Autoencoder`."""

    n_epochs: int
    corruption: float
    learning_rate: float | None

    def adapt(self, plan: TrainingPlan) -> TrainingPlan:
        """Return the plan for one layer, made from the network's own: no penalties, no stopping, a constant rate."""
        return TrainingPlan(
            batch_size=plan.batch_size,
            max_epochs=self.n_epochs,
            learning_rate=plan.learning_rate if self.learning_rate is None else self.learning_rate,
            optimizer=plan.optimizer,
            schedule=ConstantRate(),
            alpha=0.0,
            l1_ratio=0.0,
            tol=0.0,
            patience=None,
            time_budget=plan.time_budget,
        )


def pretrain_(
    mlp: MLP,
    values: Tensor,
    statistics: Tensor,
    data: TrainingData,
    plan: TrainingPlan,
    pretraining: Pretraining,
    generators: Sequence[np.random.Generator],
    *,
    n_jobs: int | None = None,
) -> None:
    """Move the hidden layers in `values` [M, P] and `statistics` [M, Q] in place to where autoencoders end from there.

    The targets of `data` are its inputs, `plan` is that of the network with a batch size for so many rows, and each
    member's shuffles and corruption come from its own of the M `generators`.
    """
    n_rows, plan = len(data.rows), pretraining.adapt(plan)
    for number in range(mlp.n_hidden_layers):
        autoencoder = _autoencoder(mlp, number, pretraining.corruption)
        head = Reconstruction(autoencoder.n_inputs)
        layer, running = (torch.zeros(len(values), size).to(values) for size in _sizes(autoencoder))
        places = [
            *_places(autoencoder.layout, layer, mlp.layout, values, number),
            *_places(autoencoder.statistics_layout, running, mlp.statistics_layout, statistics, number),
        ]
        for own, of_network in places:
            own.copy_(of_network)
        autoencoder.layout.views(layer)[OUTPUT_BIAS][:] = _best_constants(head, data)
        batches = BatchStream(data, autoencoder, plan.batch_size, shuffle=generators, dropout=generators)
        result = fit_members(autoencoder, head, layer, running, data, batches, plan, n_jobs=n_jobs)
        layer.copy_(torch.from_numpy(result.values))
        running.copy_(torch.from_numpy(result.statistics))
        for own, of_network in places:
            of_network.copy_(own)
        if number + 1 < mlp.n_hidden_layers:
            data = _encoded(autoencoder, layer, running, data, n_rows)


def _autoencoder(mlp: MLP, number: int, corruption: float) -> MLP:
    """The network that reconstructs what hidden layer `number` reads."""
    layer = mlp.hidden_layers[number]
    return replace(
        mlp,
        n_inputs=layer.n_in,
        n_gap_inputs=layer.n_free,
        hidden_layer_sizes=(layer.n_out,),
        n_raw=layer.n_in,
        dropout=DropoutRates(input_rate=corruption),
    )


def _sizes(mlp: MLP) -> tuple[int, int]:
    return mlp.layout.size, mlp.statistics_layout.size


def _places(
    part: ParameterLayout, of_part: Tensor, whole: ParameterLayout, of_whole: Tensor, number: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """The arrays of an autoencoder's hidden layer, each beside that of hidden layer `number` of the network."""
    views = whole.views(of_whole)
    for name, view in part.views(of_part).items():
        if name not in (OUTPUT_WEIGHT, OUTPUT_BIAS):
            yield view, views[name.replace("0.", f"{number}.", 1)]


def _best_constants(head: Reconstruction, data: TrainingData) -> Tensor:
    """The best constant reconstruction [M, D] of each member's rows."""
    rows = data.rows.take(data.train_index)
    weight = torch.ones_like(rows.x[..., 0]) if rows.weight is None else rows.weight
    with torch_threads(1):
        return head.init_raw(rows.y, weight)


@torch.no_grad()
def _encoded(autoencoder: MLP, values: Tensor, statistics: Tensor, data: TrainingData, n_rows: int) -> TrainingData:
    """What each member's hidden layer makes of the rows: from here on every member has n_rows of its own."""
    n_members, rows = len(values), data.rows
    x = rows.x.view(-1, n_rows, autoencoder.n_inputs).expand(n_members, -1, -1)  # those of the user are shared
    encoder = autoencoder.fold(values, statistics)
    # Whole vectors of rows: no number of the last member may depend on its being the last.
    chunk = padded_to_whole_vectors(CHUNK_BYTES_PER_MEMBER // (autoencoder.widest * x.element_size()) + 1)
    with torch_threads(1):
        padded = (pad(part, (0, 0, 0, -part.shape[1] % WHOLE)) for part in x.split(chunk, dim=1))
        h = torch.cat([encoder.hidden(part) for part in padded], dim=1)[:, :n_rows]
    h = h.reshape(n_members * n_rows, -1)
    first = n_rows * torch.arange(n_members, device=x.device).unsqueeze(1)
    weight = None if rows.weight is None else rows.weight[:n_rows].repeat(n_members)
    return TrainingData(Rows(h, h, weight), data.train_index % n_rows + first)
