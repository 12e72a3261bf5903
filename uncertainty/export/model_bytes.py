"""A graph as the bytes of an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from uncertainty.export.graph import Graph, Node
from uncertainty.export.outputs import Output

# Since opset 18 (ONNX 1.13, onnxruntime 1.14) reductions take their axes as here; IR version 8 came with it. Later
# ones have nothing that is used, and older programs refuse them.
OPSET, IR_VERSION = 18, 8
N_ROWS = "N"
# Protocol buffers hold no more.
MAX_BYTES = (1 << 31) - (1 << 20)


def require_onnx(caller: str) -> None:
    """Raise, with the command that mends it, unless onnx is installed."""
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"{caller} needs onnx, which is not installed. Install it with: pip install 'uncertainty[onnx]'"
        ) from error


def model_bytes(
    graph: Graph, given: tuple[str, int, str, str], outputs: Sequence[Output], about: str, metadata: Mapping[str, str]
) -> bytes:
    """Return the file of a graph that is `given` an input: its name, number of columns, dtype and meaning."""
    n_bytes = sum(array.nbytes for array in graph.constants.values())
    if n_bytes > MAX_BYTES:
        raise ValueError(
            f"estimator must have at most 2 GiB of weights for a single ONNX file, got {n_bytes / 2**30:.1f} GiB. Use "
            f"fewer members or smaller networks."
        )
    from onnx import checker, helper, numpy_helper

    for output in outputs:
        graph.give(output.value, output.name)
    name, n_columns, dtype, meaning = given
    content = helper.make_graph(
        [_node(node) for node in graph.nodes],
        "uncertainty",
        [helper.make_tensor_value_info(name, _type(dtype), [N_ROWS, n_columns], meaning)],
        [helper.make_tensor_value_info(o.name, _type(o.dtype), [N_ROWS, *o.axes], o.meaning) for o in outputs],
        [numpy_helper.from_array(array, key) for key, array in graph.constants.items()],
        doc_string=about,
    )
    model = helper.make_model(
        content,
        producer_name="uncertainty",
        producer_version=version("uncertainty"),
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
        doc_string=about,
    )
    helper.set_model_props(model, dict(metadata))
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _node(node: Node) -> Any:
    from onnx import helper

    attributes: dict[str, Any] = {
        key: _type(v.name) if isinstance(v, np.dtype) else v for key, v in node.attributes.items()
    }
    # With a name: what onnxruntime fuses is named after it, and names have to differ.
    return helper.make_node(node.operator, list(node.inputs), [node.output], name=node.output, **attributes)


def _type(dtype: str) -> int:
    """The number by which ONNX knows a dtype; objects are text."""
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
