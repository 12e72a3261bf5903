"""Every exported head in several shapes, with raw outputs and targets to go with it."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from uncertainty import heads
from uncertainty.heads.base import Head, HeadSpec

N_MEMBERS, N_ROWS = 2, 5


@dataclass(frozen=True)
class Case:
    """A built head, whether its targets are continuous, and how many targets and classes they have."""

    spec: HeadSpec
    head: Head
    continuous: bool
    n_targets: int
    n_classes: int

    def raw(self, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
        """Random raw outputs [M, N, R]."""
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(N_MEMBERS, N_ROWS, self.head.n_raw, generator=generator, dtype=torch.float64).to(dtype)

    def y(self, seed: int = 1, n_rows: int = N_ROWS, dtype: torch.dtype = torch.float64) -> Tensor:
        """Random targets [N, T], as training encodes them."""
        rng = np.random.default_rng(seed)
        if self.continuous:
            y = rng.normal(size=(n_rows, self.n_targets)) * 1.3 + 0.2
        else:
            y = rng.integers(self.n_classes, size=(n_rows, self.n_targets)).astype(float)
        return torch.tensor(y, dtype=dtype)


def option_grid(spec_class: type[HeadSpec]) -> list[HeadSpec]:
    """The head with default options and, where it has such options, with others."""
    grid = [spec_class()]
    parameters = spec_class().get_params()
    if "n_components" in parameters:
        grid += [spec_class(n_components=k) for k in (1, 5)]
    if "variance" in parameters:
        grid += [spec_class(variance="constant")]
    if "floor" in parameters:
        grid += [spec_class(floor=0.2)]
    if "beta" in parameters:
        grid += [spec_class(beta=0.5)]
    if "label_smoothing" in parameters:
        grid += [spec_class(label_smoothing=0.2)]
    return grid


def shapes(kinds: frozenset[str]) -> list[tuple[int, int]]:
    """(T, C) for every kind of target."""
    found: list[tuple[int, int]] = []
    found += [(1, 0), (3, 0)] if "continuous" in kinds else []
    found += [(1, 2)] if "binary" in kinds else []
    found += [(1, 4)] if "multiclass" in kinds else []
    found += [(3, 2)] if "multilabel" in kinds else []
    return found


def every_case() -> list:
    cases = []
    for name in heads.__all__:
        spec_class = getattr(heads, name)
        for spec in option_grid(spec_class):
            for n_targets, n_classes in shapes(spec.target_kinds):
                continuous = "continuous" in spec.target_kinds
                head = spec.build(n_targets, n_classes)
                case = Case(spec, head, continuous, n_targets, n_classes)
                cases.append(pytest.param(case, id=f"{spec}-T{n_targets}-C{n_classes}"))
    return cases


@pytest.fixture(params=every_case())
def case(request) -> Case:
    return request.param
