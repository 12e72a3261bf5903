"""Intervals and sets of one level, raw, recalibrated and conformal: ``python -m benchmarks calibration``."""
