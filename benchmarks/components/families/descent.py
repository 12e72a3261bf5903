"""How the weights are found: optimizers, rates, batches, and what holds the weights back."""

from __future__ import annotations

from typing import Any

from uncertainty import (
    EMA,
    SGD,
    SWA,
    Adadelta,
    AdaGrad,
    Adam,
    AdamW,
    ConstantRate,
    Cosine,
    CosineRestarts,
    Cyclical,
    Dropout,
    ExponentialDecay,
    GradientDescent,
    InverseScaling,
    LinearWarmup,
    Nadam,
    OneCycle,
    ReduceOnPlateau,
    RMSprop,
    StepDecay,
    TimeDecay,
)

from ..family import Family, with_each

RATES_OF_ADAM = (1e-3, 3e-3, 1e-2, 3e-2)


def optimizers(n_epochs: int) -> Family:
    """Return the optimizers, each at its own rate."""
    specs = {
        "adam": Adam(),
        "amsgrad": Adam(amsgrad=True),
        "adam, weight decay 0.01": AdamW(weight_decay=0.01),
        "nadam": Nadam(),
        "rmsprop": RMSprop(),
        "adagrad": AdaGrad(),
        "adadelta": Adadelta(),
        "gradient descent": GradientDescent(),
        "sgd, momentum 0.9": SGD(momentum=0.9, nesterov=False),
        "sgd, nesterov 0.9": SGD(momentum=0.9),
        "sgd, averaged 0.9": SGD(momentum=0.9, nesterov=False, momentum_form="average"),
        "sgd, averaged, corrected": SGD(momentum=0.9, nesterov=False, momentum_form="average", bias_correction=True),
    }
    return Family(
        with_each({}, {name: {"optimizer": spec} for name, spec in specs.items()}),
        "Momentum is summed where it is not averaged.",
        rates=(1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0),
    )


def schedules(n_epochs: int) -> Family:
    """Return the schedules of Adam's rate, with lengths in proportion to the epochs."""
    quarter, eighth = max(n_epochs // 4, 1), max(n_epochs // 8, 1)
    specs = {
        "constant": ConstantRate(),
        "step": StepDecay(step_size=quarter, gamma=0.5),
        "exponential": ExponentialDecay(gamma=0.05 ** (1.0 / n_epochs)),
        "inverse scaling": InverseScaling(power_t=0.25),
        "time decay": TimeDecay(decay=4.0 / n_epochs),
        "cosine": Cosine(),
        "cosine restarts": CosineRestarts(cycle_length=quarter),
        "cosine restarts, falling": CosineRestarts(cycle_length=quarter, max_decay=0.5),
        "triangular": Cyclical(step_size=eighth),
        "triangular2": Cyclical(mode="triangular2", step_size=eighth),
        "exp_range": Cyclical(mode="exp_range", step_size=eighth, gamma=0.05 ** (1.0 / n_epochs)),
        "one cycle": OneCycle(),
        "warm-up, cosine": LinearWarmup(n_epochs=eighth, then=Cosine()),
        "plateau": ReduceOnPlateau(factor=0.5, patience=eighth),
    }
    return Family(
        with_each({}, {name: {"schedule": spec} for name, spec in specs.items()}),
        "Of Adam. The rate is the one that the factors of the schedule multiply.",
        rates=RATES_OF_ADAM,
    )


def batch_size(n_epochs: int) -> Family:
    """Return sizes of a batch: at equal epochs the smaller one takes more steps."""
    options: dict[str, dict[str, Any]] = {"auto": {}}
    options |= {str(size): {"batch_size": size} for size in (8, 128, "full")}
    return Family(
        with_each({}, options),
        "Of Adam. 'auto' takes 32 rows or more. The larger the batch, the more of a step is arithmetic, of which five "
        "members have five times as much; what they share is the rest.",
        rates=RATES_OF_ADAM,
    )


def regularization(n_epochs: int) -> Family:
    """Return penalties and limits on weights and gradients."""
    options: dict[str, dict[str, Any]] = {
        "none": {"alpha": 0.0},
        "L2, 1e-4": {"alpha": 1e-4},
        "L2, 1e-2": {"alpha": 1e-2},
        "L1, 1e-3": {"alpha": 1e-3, "l1_ratio": 1.0},
        "elastic net, 1e-3": {"alpha": 1e-3, "l1_ratio": 0.5},
        "max-norm 1": {"alpha": 0.0, "optimizer": Adam(max_norm=1.0)},
        "max-norm 3, dropout 0.2": {"alpha": 0.0, "optimizer": Adam(max_norm=3.0), "dropout": Dropout(rate=0.2)},
        "clipped gradient, norm 1": {"alpha": 0.0, "optimizer": Adam(clip_norm=1.0)},
    }
    return Family(with_each({}, options), "The number beside a penalty is alpha; the default is L2, 1e-4.")


def averaging(n_epochs: int) -> Family:
    """Return averages of the weights along the way."""
    specs = {"none": None, "ema 0.99": EMA(decay=0.99), "ema 0.999": EMA(decay=0.999), "swa": SWA()}
    return Family(
        with_each({}, {name: {"averaging": spec} for name, spec in specs.items()}),
        "The loss is that of the weights in training, the other scores are those of their average.",
    )
