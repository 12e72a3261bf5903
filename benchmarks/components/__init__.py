"""The options of each family side by side: ``python -m benchmarks components``."""
