"""The doctor: what keeps a network from training, and what to do about it.

Each function takes any estimator of this package, fitted or not, with X and y, leaves it as it is, and returns an
object with the numbers, a one-line `verdict` and a `plot()`. `check_training` runs them in the order in which a person
would.
"""

from uncertainty.diagnostics.activations import activation_statistics
from uncertainty.diagnostics.bias_variance import validation_diagnosis
from uncertainty.diagnostics.check import check_training
from uncertainty.diagnostics.curves import learning_curves
from uncertainty.diagnostics.dropout import dropout_regularization
from uncertainty.diagnostics.gradients import gradient_check
from uncertainty.diagnostics.initial_loss import initial_loss_check
from uncertainty.diagnostics.range_test import learning_rate_range_test
from uncertainty.diagnostics.small_sample import overfit_small_sample

__all__ = [
    "activation_statistics",
    "check_training",
    "dropout_regularization",
    "gradient_check",
    "initial_loss_check",
    "learning_curves",
    "learning_rate_range_test",
    "overfit_small_sample",
    "validation_diagnosis",
]
