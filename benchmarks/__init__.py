"""Benchmarks of the estimators on real data: ``python -m benchmarks SUITE`` from a checkout.

They use the package as any user would: only its public names are imported.
"""
