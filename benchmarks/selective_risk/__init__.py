"""The risk of accepted rows beside what was promised: ``python -m benchmarks selective_risk``."""
