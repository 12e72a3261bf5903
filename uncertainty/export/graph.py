"""Arithmetic that is written down instead of carried out: nodes of a graph, in the operators of ONNX.

A formula over `Value` reads as one over arrays does. Operators that onnxruntime lacks in double precision (Erf, Atan,
Gelu, some versions of Softplus) are not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Node:
    """One operator applied to values, all by name."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any]


@dataclass
class Graph:
    """Nodes in the order in which they run, and the arrays that they read; equal arrays are held once."""

    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)
    _names: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def constant(self, content: ArrayLike) -> Value:
        """Return an array, or a number, as a value."""
        array = np.asarray(content)
        same = tuple(array.ravel().tolist()) if array.dtype == object else array.tobytes()
        name = self._names.setdefault((array.dtype.str, array.shape, same), f"constant{len(self._names)}")
        self.constants[name] = array
        return Value(self, name)

    def apply(self, operator: str, *operands: Value | ArrayLike, **attributes: Any) -> Value:
        """Return what the operator gives for values, arrays and numbers."""
        values = [operand if isinstance(operand, Value) else self.constant(operand) for operand in operands]
        output = f"value{len(self.nodes)}"
        self.nodes.append(Node(operator, tuple(value.name for value in values), output, attributes))
        return Value(self, output)

    def give(self, value: Value, name: str) -> None:
        """Let `value` be an output of the graph under that name."""
        self.nodes.append(Node("Identity", (value.name,), name, {}))


@dataclass(frozen=True, eq=False)
class Value:
    """What a node gives: double precision, unless said otherwise, and the axes that arrays have in prediction."""

    graph: Graph
    name: str

    __array_ufunc__ = None  # array + value is the value's to answer

    def __add__(self, other: Value | ArrayLike) -> Value:
        return self.graph.apply("Add", self, other)

    def __radd__(self, other: ArrayLike) -> Value:
        return self.graph.apply("Add", other, self)

    def __sub__(self, other: Value | ArrayLike) -> Value:
        return self.graph.apply("Sub", self, other)

    def __rsub__(self, other: ArrayLike) -> Value:
        return self.graph.apply("Sub", other, self)

    def __mul__(self, other: Value | ArrayLike) -> Value:
        return self.graph.apply("Mul", self, other)

    def __rmul__(self, other: ArrayLike) -> Value:
        return self.graph.apply("Mul", other, self)

    def __truediv__(self, other: Value | ArrayLike) -> Value:
        return self.graph.apply("Div", self, other)

    def __rtruediv__(self, other: ArrayLike) -> Value:
        return self.graph.apply("Div", other, self)

    def __matmul__(self, other: Value | ArrayLike) -> Value:
        return self.graph.apply("MatMul", self, other)

    def __neg__(self) -> Value:
        return self.graph.apply("Neg", self)

    def __abs__(self) -> Value:
        return self.graph.apply("Abs", self)

    def __gt__(self, other: Value | ArrayLike) -> Value:
        """A value of booleans; likewise the two below."""
        return self.graph.apply("Greater", self, other)

    def __lt__(self, other: Value | ArrayLike) -> Value:
        return self.graph.apply("Less", self, other)

    def equals(self, other: Value | ArrayLike) -> Value:
        return self.graph.apply("Equal", self, other)

    def where(self, yes: Value | ArrayLike, no: Value | ArrayLike) -> Value:
        """Return `yes` where these booleans are true, `no` elsewhere."""
        return self.graph.apply("Where", self, yes, no)

    # -- functions of one number -----------------------------------------------------------------------------------

    def exp(self) -> Value:
        return self.graph.apply("Exp", self)

    def log(self) -> Value:
        return self.graph.apply("Log", self)

    def log1p(self) -> Value:
        """log(1 + v) without loss where v is small (ONNX has none): what 1 + v loses, the quotient gives back."""
        whole = 1.0 + self
        return whole.equals(1.0).where(self, self / (whole - 1.0) * whole.log())

    def sqrt(self) -> Value:
        return self.graph.apply("Sqrt", self)

    def sign(self) -> Value:
        return self.graph.apply("Sign", self)

    def tanh(self) -> Value:
        return self.graph.apply("Tanh", self)

    def sigmoid(self) -> Value:
        return self.graph.apply("Sigmoid", self)

    def softplus(self) -> Value:
        """log(1 + exp(v)), which never overflows."""
        return self.at_least(0.0) + (-abs(self)).exp().log1p()

    def at_least(self, low: ArrayLike) -> Value:
        return self.graph.apply("Max", self, low)

    def at_most(self, high: ArrayLike) -> Value:
        return self.graph.apply("Min", self, high)

    def cast(self, dtype: str) -> Value:
        """Return the numbers as those of another type, by the name that numpy has for it."""
        return self.graph.apply("Cast", self, to=np.dtype(dtype))

    # -- axes ------------------------------------------------------------------------------------------------------

    def sum(self, axis: int) -> Value:
        """Sums along an axis, which stays, of length 1; likewise the mean and the largest."""
        return self.graph.apply("ReduceSum", self, np.array([axis]))

    def mean(self, axis: int) -> Value:
        return self.graph.apply("ReduceMean", self, np.array([axis]))

    def largest(self, axis: int) -> Value:
        return self.graph.apply("ReduceMax", self, np.array([axis]))

    def log_softmax(self, axis: int) -> Value:
        return self.graph.apply("LogSoftmax", self, axis=axis)

    def part(self, start: int, stop: int, axis: int = -1) -> Value:
        """The entries from `start` up to `stop` along an axis."""
        return self.graph.apply("Slice", self, *(np.array([number]) for number in (start, stop, axis)))

    def take(self, index: Value | ArrayLike, axis: int = -1) -> Value:
        """The entries with these numbers along an axis."""
        return self.graph.apply("Gather", self, index, axis=axis)

    def with_axis(self, axis: int) -> Value:
        """With a new axis of length 1."""
        return self.graph.apply("Unsqueeze", self, np.array([axis]))

    def without_axis(self, axis: int) -> Value:
        """Without an axis of length 1."""
        return self.graph.apply("Squeeze", self, np.array([axis]))

    def reshape(self, *shape: int) -> Value:
        """The same numbers in another shape: 0 keeps the length of that axis, -1 is what is left."""
        return self.graph.apply("Reshape", self, np.array(shape))

    def transpose(self, *axes: int) -> Value:
        return self.graph.apply("Transpose", self, perm=axes)


def side_by_side(values: Sequence[Value], axis: int) -> Value:
    """Return the values one after another along an axis."""
    return values[0] if len(values) == 1 else values[0].graph.apply("Concat", *values, axis=axis)
