# mypy: disable-error-code="import-not-found, import-untyped"
"""JAX: an epoch as one compiled scan over its batches, mapped over the members."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ..problems import Problem

FLOOR = 1e-6


def prepare(problem: Problem) -> Callable[[int], None]:
    """Return what trains from the same start at each call, shuffled by JAX itself; the first call compiles."""

    epoch = _epoch(problem)

    def shuffled_epoch(network: Any, state: Any, key: Any) -> Any:
        key, shuffle_key = jax.random.split(key)
        return *epoch(network, state, jax.random.permutation(shuffle_key, problem.n_rows)), key

    run_epoch = jax.jit(jax.vmap(shuffled_epoch))
    start = *_start(problem), jax.random.split(jax.random.key(1), problem.n_members)

    def train(n_epochs: int) -> None:
        carry = start
        for _ in range(n_epochs):
            carry = run_epoch(*carry)
        jax.block_until_ready(carry)

    return train


def prepare_with_numpy_shuffles(problem: Problem) -> Callable[[int], None]:
    """Return the same with the shuffles drawn by numpy: JAX sorts for a permutation, which is slow on a CPU."""
    run_epoch = jax.jit(jax.vmap(_epoch(problem)))
    start = _start(problem)
    generator = np.random.default_rng(0)

    def train(n_epochs: int) -> None:
        carry = start
        for _ in range(n_epochs):
            orders = [generator.permutation(problem.n_rows) for _ in range(problem.n_members)]
            carry = run_epoch(*carry, np.stack(orders).astype(np.int32))
        jax.block_until_ready(carry)

    return train


def _epoch(problem: Problem) -> Callable[..., Any]:
    """One epoch of one member: rows in the given order, gathered once, which is faster than once a batch."""
    X, y = (jnp.asarray(array) for array in problem.arrays())  # float32: JAX's default
    optimizer = optax.adam(problem.learning_rate)
    gradient_of = jax.grad(lambda network, x, y: LOSSES[problem.head](_forward(network, x), y))
    n_batches = problem.n_rows // problem.batch_size
    n_full = n_batches * problem.batch_size

    def step(carry: Any, batch: Any) -> Any:
        network, state = carry
        updates, state = optimizer.update(gradient_of(network, *batch), state, network)
        return (optax.apply_updates(network, updates), state), None

    def epoch(network: Any, state: Any, order: Any) -> Any:
        x, target = X[order], y[order]
        batches = tuple(a[:n_full].reshape(n_batches, problem.batch_size, *a.shape[1:]) for a in (x, target))
        carry, _ = jax.lax.scan(step, (network, state), batches)
        if n_full < problem.n_rows:  # the rows left over are a batch of their own, as everywhere else
            carry, _ = step(carry, (x[n_full:], target[n_full:]))
        return carry

    return epoch


def _start(problem: Problem) -> Any:
    """Networks and optimizer states of all members."""
    keys = jax.random.split(jax.random.key(0), problem.n_members)
    networks = jax.vmap(lambda key: _initialize(problem, key))(keys)
    return networks, jax.vmap(optax.adam(problem.learning_rate).init)(networks)


def _initialize(problem: Problem, key: Any) -> list[tuple[Any, Any]]:
    widths = (problem.n_features, *problem.layers, problem.n_raw)
    keys = jax.random.split(key, len(widths) - 1)
    return [
        (jnp.sqrt(2.0 / before) * jax.random.normal(layer_key, (before, after)), jnp.zeros(after))
        for layer_key, (before, after) in zip(keys, pairwise(widths), strict=True)
    ]


def _forward(network: Any, x: Any) -> Any:
    for weight, bias in network[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = network[-1]
    return x @ weight + bias


def _gaussian_nll(raw: Any, y: Any) -> Any:
    variance = jax.nn.softplus(raw[:, 1]) + FLOOR
    return 0.5 * jnp.mean(jnp.log(variance) + (y - raw[:, 0]) ** 2 / variance)


def _mixture_nll(raw: Any, y: Any) -> Any:
    means, scales, logits = jnp.split(raw, 3, axis=1)
    scales = jax.nn.softplus(scales) + FLOOR
    log_densities = -jnp.log(scales) - 0.5 * ((y[:, None] - means) / scales) ** 2
    return -jnp.mean(jax.nn.logsumexp(jax.nn.log_softmax(logits) + log_densities, axis=1))


def _class_nll(raw: Any, y: Any) -> Any:
    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(raw, y))


LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "gaussian": _gaussian_nll,
    "mixture": _mixture_nll,
    "classes": _class_nll,
}
