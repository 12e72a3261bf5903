"""From the base network's parameters to runtime objects, with every check of a parameter's value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from sklearn.utils import check_random_state

from uncertainty import components, heads, optim, training
from uncertainty.components.activation import SIGMOIDAL
from uncertainty.components.activations import resolve_activation
from uncertainty.components.dropout import resolve_dropout
from uncertainty.components.initializers import Initializer
from uncertainty.components.initializers.automatic import automatic_initializer
from uncertainty.components.initializers.fixup import Fixup
from uncertainty.components.initializers.unscaled import Constant, Zeros
from uncertainty.components.mlp import MLP
from uncertainty.components.normalization import Normalization, Normalizer
from uncertainty.components.residual import NO_BLOCKS, Residual, ResidualBlocks
from uncertainty.components.spec import check_integer, check_number, named_specs, resolve
from uncertainty.estimators.piecewise_linear import Bins, PiecewiseLinear
from uncertainty.heads.base import Head, HeadSpec
from uncertainty.optim.averaging import Averaging
from uncertainty.optim.base import OptimizerSpec
from uncertainty.optim.schedules import FunctionSchedule, Schedule
from uncertainty.training.augmentation import Augmentation
from uncertainty.training.plan import TrainingPlan
from uncertainty.training.pretraining import Autoencoder, Pretraining

if TYPE_CHECKING:
    from uncertainty.estimators.probabilistic_mlp import NetworkParameters

DTYPES = {"float32": torch.float32, "float64": torch.float64}

# A fit with max_iter="auto" takes about so many steps, in a number of epochs between these two.
STEPS_OF_A_FIT = 12_000
EPOCHS_OF_A_FIT = (30, 400)

# On a CUDA device a step costs about as much however small it is; below this many multiply-adds a CPU is faster.
MULTIPLY_ADDS_WORTH_A_GPU = 50_000_000


def resolve_head(value: Any, default: HeadSpec, target_kind: str) -> HeadSpec:
    """Return the spec of the `head` slot among those that model this kind of target; "auto" is `default`."""
    every = named_specs(heads, HeadSpec)
    choices = {"auto": default} | {name: spec for name, spec in every.items() if target_kind in spec.target_kinds}
    spec = resolve("head", value, choices, HeadSpec)
    if target_kind not in spec.target_kinds:
        raise ValueError(f"head must model {target_kind} targets, got {value!r}. Choose from {sorted(choices)}.")
    return spec


def build_mlp(network: NetworkParameters, n_inputs: int, n_gap_inputs: int, head: Head) -> MLP:
    """Return the architecture of one member; `n_gap_inputs` of the inputs, the last ones, are of gaps."""
    sizes = hidden_layer_sizes(network.hidden_layer_sizes)
    activation = resolve_activation(network.activation)
    dropout = resolve_dropout(network.dropout).build(len(sizes))
    blocks = resolve_residual(network.residual, sizes)
    normalizer = resolve_normalizer(network.normalization)
    return MLP(n_inputs, sizes, head.n_raw, activation, normalizer, dropout, blocks, n_gap_inputs)


def resolve_normalizer(value: Any) -> Normalizer | None:
    """Return the normalization before each activation."""
    if value is None:
        return None
    return resolve("normalization", value, named_specs(components, Normalization), Normalization).build()


def resolve_residual(value: Any, sizes: tuple[int, ...]) -> ResidualBlocks:
    """Return the residual blocks of a network with hidden layers of these sizes."""
    if value is None:
        return NO_BLOCKS
    return resolve("residual", value, named_specs(components, Residual), Residual).build(sizes)


def hidden_layer_sizes(value: Any) -> tuple[int, ...]:
    """Return the widths of the hidden layers; a single number is one layer."""
    sizes = (value,) if isinstance(value, (int, np.integer)) else value
    if isinstance(sizes, str) or not hasattr(sizes, "__iter__"):
        raise TypeError(f"hidden_layer_sizes must be a tuple of widths, got {value!r}.")
    return tuple(check_integer("each width in hidden_layer_sizes", width) for width in sizes)


def build_initializer(network: NetworkParameters) -> Initializer:
    """Return the initializer; "auto" is the one that residual blocks, or else the activation, ask for."""
    if isinstance(network.initializer, (Constant, Zeros)):
        raise ValueError(
            f"initializer must draw different weights for different units, got {network.initializer!r}. Equal units "
            f"stay equal: choose another."
        )
    activation = resolve_activation(network.activation)
    automatic = automatic_initializer(activation)
    if network.residual is not None and network.normalization is None and activation.family != SIGMOIDAL:
        automatic = Fixup()  # others double the variance of the residual stream with every block
    choices = {"auto": automatic, **named_specs(components, Initializer)}
    return resolve("initializer", network.initializer, choices, Initializer)


def build_plan(network: NetworkParameters, n_train: int, n_runs: int = 1) -> TrainingPlan:
    """Return the training plan of the base network, before a method's changes; "auto" epochs fill so many runs."""
    l1_ratio = check_number("l1_ratio", network.l1_ratio, high=1.0)
    batch_size = resolve_batch_size(network.batch_size, n_train)
    normalizer = resolve_normalizer(network.normalization)
    if batch_size == 1 and normalizer is not None and normalizer.needs_several_rows:
        source = "" if n_train > 1 else " (one row to train on)"
        raise ValueError(
            f"batch_size must be at least 2 with batch normalization, got 1{source}. One row has no variance: give "
            f"more rows a batch, or set normalization=None."
        )
    max_epochs = resolve_max_iter(network.max_iter, math.ceil(n_train / batch_size), n_runs)
    return TrainingPlan(
        batch_size=batch_size,
        max_epochs=max_epochs,
        learning_rate=check_number("learning_rate_init", network.learning_rate_init, low_open=True),
        optimizer=resolve("optimizer", network.optimizer, named_specs(optim, OptimizerSpec), OptimizerSpec),
        schedule=resolve_schedule(network.schedule),
        alpha=check_number("alpha", network.alpha),
        l1_ratio=l1_ratio,
        tol=check_number("tol", network.tol),
        patience=resolve_patience(network.n_iter_no_change, max_epochs),
        averaging=resolve_averaging(network.averaging),
    )


def resolve_schedule(value: Any) -> Schedule:
    """Return the spec of the `schedule` slot; any function step -> factor is one too."""
    if callable(value) and not isinstance(value, type):
        return FunctionSchedule(value)
    return resolve("schedule", value, named_specs(optim, Schedule), Schedule)


def build_pretraining(network: NetworkParameters, mlp: MLP) -> Pretraining | None:
    """Return the options of pre-training, or None."""
    if network.pretraining is None:
        return None
    spec = resolve("pretraining", network.pretraining, named_specs(training, Autoencoder), Autoencoder)
    if mlp.n_hidden_layers == 0 or mlp.residual.starts:
        found = "no hidden layers" if mlp.n_hidden_layers == 0 else "residual blocks, whose layers do not stand alone"
        raise ValueError(f"pretraining must be None in a network with {found}, got {network.pretraining!r}.")
    return spec.build()


def resolve_averaging(value: Any) -> Averaging | None:
    """Return the spec of the `averaging` slot, or None."""
    return None if value is None else resolve("averaging", value, named_specs(optim, Averaging), Averaging)


def resolve_batch_size(value: Any, n_train: int) -> int:
    """Return the rows of a batch: "auto" grows from 32 to 256 with the training rows, "full" takes them all."""
    if value == "full":
        return n_train
    if value == "auto":
        return min(max(32, min(n_train // 64, 256)), n_train)
    if isinstance(value, str):
        raise ValueError(f"batch_size must be 'auto', 'full' or a whole number, got {value!r}.")
    return min(check_integer("batch_size", value), n_train)


def resolve_max_iter(value: Any, steps_per_epoch: int, n_runs: int = 1) -> int:
    """Return the largest number of epochs: "auto" makes about `STEPS_OF_A_FIT` steps in each of `n_runs` runs."""
    if isinstance(value, str):
        if value != "auto":
            raise ValueError(f"max_iter must be 'auto' or a whole number, got {value!r}.")
        fewest, most = EPOCHS_OF_A_FIT
        return n_runs * min(max(math.ceil(STEPS_OF_A_FIT / steps_per_epoch), fewest), most)
    return check_integer("max_iter", value)


def resolve_patience(value: Any, max_epochs: int) -> int | None:
    """Return the epochs without an improvement that stop a member: "auto" is half of all, and None never does."""
    if isinstance(value, str):
        if value != "auto":
            raise ValueError(f"n_iter_no_change must be 'auto', None or a whole number, got {value!r}.")
        return math.ceil(max_epochs / 2)
    return None if value is None else check_integer("n_iter_no_change", value)


def resolve_verbose(value: Any) -> int:
    """Return how much a fit prints: 0 nothing, 1 a few lines, 2 a line an epoch; True is 1, and more than 2 is 2."""
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    return min(check_integer("verbose", value, low=0), 2)


def resolve_max_time(value: Any) -> float | None:
    """Return the seconds that a fit may take, or None."""
    return None if value is None else check_number("max_time", value, low_open=True)


class Standardization(NamedTuple):
    """Whether X and y are standardised, and whether X is whitened too."""

    enabled: bool
    whiten: bool = False


def resolve_standardize(value: Any) -> Standardization:
    """Return what `standardize` asks for."""
    if isinstance(value, (bool, np.bool_)):
        return Standardization(bool(value))
    if isinstance(value, str) and value in ("auto", "whiten"):
        return Standardization(True, value == "whiten")
    raise ValueError(f"standardize must be 'auto', 'whiten', True or False, got {value!r}.")


def resolve_embedding(network: NetworkParameters) -> Bins | None:
    """Return the options of the `embedding` slot; "auto" is for standardised inputs of hidden layers."""
    value, standardised = network.embedding, resolve_standardize(network.standardize).enabled
    if value is None:
        return None
    automatic = PiecewiseLinear() if standardised and hidden_layer_sizes(network.hidden_layer_sizes) else None
    choices = {"auto": automatic, "piecewise_linear": PiecewiseLinear()}
    spec = resolve("embedding", value, choices, PiecewiseLinear)
    if spec is None:
        return None
    if not standardised:
        raise ValueError(
            f"embedding must be None or 'auto' with standardize=False, got {value!r}. Its size is set beside that of "
            f"standardised inputs: set standardize='auto'."
        )
    return spec.build()


def resolve_augmentation(value: Any) -> Augmentation:
    """Return the spec of the `augmentation` slot; None changes nothing."""
    if value is None or isinstance(value, Augmentation):
        return value or Augmentation()
    raise TypeError(f"augmentation must be None or an Augmentation object, got {value!r}.")


def resolve_dtype(value: Any) -> torch.dtype:
    """Return the number format of training."""
    if value not in DTYPES:
        raise ValueError(f"dtype must be one of {sorted(DTYPES)}, got {value!r}.")
    return DTYPES[value]


def resolve_device(value: Any, multiply_adds: int) -> torch.device:
    """Return the device of training; "auto" takes a GPU, where there is one, for steps that are worth it."""
    if value == "auto":
        large = multiply_adds >= MULTIPLY_ADDS_WORTH_A_GPU
        return torch.device("cuda" if large and torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(value)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"device must be 'auto', 'cpu' or 'cuda', got {value!r}.") from error
    if device.type not in ("cpu", "cuda"):
        raise ValueError(f"device must be 'auto', 'cpu' or 'cuda', got {value!r}.")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device must be available, got {value!r}, but torch finds no CUDA device. Use 'auto'.")
    return device


def draw_seed(random_state: Any) -> int:
    """Return a seed from any scikit-learn `random_state` or numpy Generator; None takes fresh entropy.

    scikit-learn would draw from numpy's global generator for None, and so change it.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(np.iinfo(np.int32).max))
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def watches_validation(network: NetworkParameters, *, given: bool) -> bool:
    """Return whether validation rows are watched; rows that the user gave in vain are refused."""
    if not isinstance(network.early_stopping, (bool, np.bool_)):
        raise ValueError(f"early_stopping must be True or False, got {network.early_stopping!r}.")
    watching = bool(network.early_stopping)
    if given and not watching:
        raise ValueError(
            "X_val must not be given where nothing watches it: early_stopping is False. Leave X_val out, or add its "
            "rows to the training rows."
        )
    return watching
