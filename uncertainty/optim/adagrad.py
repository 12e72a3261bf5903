"""AdaGrad."""

from __future__ import annotations

from torch import Tensor

from uncertainty.components.spec import check_number
from uncertainty.optim.base import Optimizer, OptimizerSpec


class AdaGrad(OptimizerSpec):
    """Gradient divided by the root of the sum of all its squares so far, in torch's form: epsilon outside the root.

    Every weight has its own rate, which only falls, as 1 / sqrt(t) along a steady gradient: rare inputs keep a large
    one. It asks for a larger `learning_rate_init` than Adam does, 1e-2 or more.

    Parameters
    ----------
    epsilon : float > 0, default 1e-10
    initial_accumulator : float >= 0, default 0
        Where the sum of squares starts.
    weight_decay : float >= 0, default 0
        Decoupled, as in `SGD`.
    clip_norm : float > 0 or None
        Largest gradient norm of one member.
    max_norm : float > 0 or None
        Largest norm of the weights that come into one hidden unit, as in `SGD`.

    References
    ----------
    Duchi, Hazan & Singer (2011), Adaptive subgradient methods, section 1.1, the diagonal form.
    """

    short_name = "adagrad"

    def __init__(
        self,
        epsilon: float = 1e-10,
        initial_accumulator: float = 0.0,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        max_norm: float | None = None,
    ) -> None:
        self.epsilon = epsilon
        self.initial_accumulator = initial_accumulator
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.max_norm = max_norm

    def build(self, values: Tensor, decay_mask: Tensor) -> Optimizer:
        epsilon = check_number("epsilon", self.epsilon, low_open=True)
        start = check_number("initial_accumulator", self.initial_accumulator)
        return _SummedSquares(values, epsilon, start, self.checked_decay(decay_mask))


class _SummedSquares(Optimizer):
    def __init__(self, values: Tensor, epsilon: float, start: float, decay: Tensor | None) -> None:
        super().__init__(values, ("sum_of_squares",), decay)
        self.buffers["sum_of_squares"].fill_(start)
        self.epsilon = epsilon

    def _update_(self, values: Tensor, gradient: Tensor, rate: float | Tensor) -> None:
        total = self.buffers["sum_of_squares"].addcmul_(gradient, gradient)
        values.sub_((gradient / total.sqrt().add_(self.epsilon)).mul_(rate))
