"""The floor under training: the matrix products of an epoch, at the rate at which this machine multiplies matrices."""

from __future__ import annotations

import time
from itertools import pairwise

import torch

from .problems import Problem
from .timing import undisturbed

SIZE = 1024


def multiply_adds_per_row(n_inputs: int, layers: tuple[int, ...], n_raw: int) -> int:
    """Return the multiply-adds of one training step for one row of one network.

    Forward and gradient of the weights take one product each for every layer, the gradient of a layer's inputs one
    more for every layer but the first, whose inputs are the data.

    >>> multiply_adds_per_row(8, (50,), 2)  # 2 (8 50 + 50 2) + 50 2
    1100
    """
    widths = (n_inputs, *layers, n_raw)
    products = [before * after for before, after in pairwise(widths)]
    return 2 * sum(products) + sum(products[1:])


def multiply_adds_per_epoch(problem: Problem) -> int:
    """Return the multiply-adds of one epoch of all members."""
    per_row = multiply_adds_per_row(problem.n_features, problem.layers, problem.n_raw)
    return per_row * problem.n_rows * problem.n_members


def matrix_rate(n_threads: int, n_products: int = 30) -> float:
    """Return multiply-adds per second of a float32 product of two 1024 x 1024 matrices, the best of many."""
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(SIZE, SIZE, generator=generator) for _ in range(2))
    product = torch.empty(SIZE, SIZE)
    best = float("inf")
    with undisturbed(n_threads):
        for _ in range(n_products):
            start = time.perf_counter()
            torch.mm(left, right, out=product)
            best = min(best, time.perf_counter() - start)
    return SIZE**3 / best
