"""Fitted estimators as graphs that other programs run: ONNX, whose outputs are the parts of the uncertainty."""

from uncertainty.export.onnx_file import export_onnx

__all__ = ["export_onnx"]
