"""How fast the estimators are, beside what one would use instead: ``python -m benchmarks speed``."""
