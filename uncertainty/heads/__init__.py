"""Heads: from raw network outputs to distributions of the target."""

from uncertainty.heads.bernoulli import Bernoulli
from uncertainty.heads.categorical import Categorical
from uncertainty.heads.gaussian import Gaussian
from uncertainty.heads.mixture_density import MixtureDensity

__all__ = ["Bernoulli", "Categorical", "Gaussian", "MixtureDensity"]
