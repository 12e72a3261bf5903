"""Snapshots beside one network and a deep ensemble, at equal total epochs: ``python -m benchmarks snapshot``."""
