"""What the network reads, and what it is trained for."""

from __future__ import annotations

from typing import Any

from uncertainty import Augmentation, Autoencoder, Bernoulli, Categorical, Gaussian, MixtureDensity, PiecewiseLinear

from ..family import LABELS, NUMBERS, Family, Option, TargetKind, with_each

TWO_CLASSES: frozenset[TargetKind] = frozenset(("two classes",))
NARROW = {"hidden_layer_sizes": (16,) * 6, "activation": "tanh"}


def augmentation(n_epochs: int) -> Family:
    """Return changes made to the training rows."""
    specs = {
        "mixup 0.2": Augmentation(mixup=0.2),
        "input noise 0.1": Augmentation(input_noise=0.1),
        "cutout 0.1": Augmentation(cutout=0.1),
    }
    options = {"none": Option()}
    options |= {name: Option({"augmentation": spec}) for name, spec in specs.items()}
    options["target noise 0.1"] = Option({"augmentation": Augmentation(target_noise=0.1)}, targets=NUMBERS)
    options["adversarial 0.01"] = Option(ensemble={"adversarial_epsilon": 0.01})
    return Family(
        options,
        "The loss is that of the changed rows. Adversarial rows are those of the deep ensemble, and beside the others.",
    )


def heads(n_epochs: int) -> Family:
    """Return the distributions of the target, and the losses that they are trained by."""
    numbers = {
        "gaussian": Gaussian(),
        "gaussian, constant variance": Gaussian(variance="constant"),
        "gaussian, beta 0.5": Gaussian(beta=0.5),
        "gaussian, beta 1": Gaussian(beta=1.0),
        "gaussian, mean first": Gaussian(mean_warmup=max(n_epochs // 4, 1)),
        "mixture of 3": MixtureDensity(n_components=3),
    }
    labels = {
        "categorical": Categorical(),
        "categorical, smoothing 0.05": Categorical(label_smoothing=0.05),
        "categorical, smoothing 0.1": Categorical(label_smoothing=0.1),
    }
    pairs = {"bernoulli": Bernoulli(), "bernoulli, smoothing 0.05": Bernoulli(label_smoothing=0.05)}
    options = {name: Option({"head": spec}, targets=NUMBERS) for name, spec in numbers.items()}
    options |= {name: Option({"head": spec}, targets=LABELS) for name, spec in labels.items()}
    options |= {name: Option({"head": spec}, targets=TWO_CLASSES) for name, spec in pairs.items()}
    return Family(options, "Whatever a head is trained by, the losses are plain negative log-likelihoods.")


def standardization(n_epochs: int) -> Family:
    """Return what is done to the columns first."""
    options: dict[str, dict[str, Any]] = {
        "standardized": {},
        "whitened": {"standardize": "whiten"},
        "as they come": {"standardize": False},
        "piecewise linear": {"embedding": PiecewiseLinear()},
        "piecewise linear, 16 bins": {"embedding": PiecewiseLinear(n_bins=16)},
    }
    return Family(
        with_each({}, options),
        "As they come, the loss of a regression too is in units of the target.",
    )


def pretraining(n_epochs: int) -> Family:
    """Return the starts of a deep and narrow network."""
    specs = {
        "none": None,
        "autoencoder": Autoencoder(n_epochs=n_epochs),
        "denoising, 0.2": Autoencoder(n_epochs=n_epochs, corruption=0.2),
    }
    return Family(
        with_each(NARROW, {name: {"pretraining": spec} for name, spec in specs.items()}),
        "Six hidden layers of 16 tanh units. Each layer is pre-trained for as many epochs as the network then trains, "
        "on the same rows: seconds are those of both.",
    )
