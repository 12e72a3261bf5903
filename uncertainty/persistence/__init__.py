"""Estimators in files: one safetensors file with JSON metadata, which is read without executing anything."""

from uncertainty.persistence.classes import SKOPS_TRUSTED_TYPES
from uncertainty.persistence.errors import ModelFileError
from uncertainty.persistence.model_file import load, save

__all__ = ["SKOPS_TRUSTED_TYPES", "ModelFileError", "load", "save"]
