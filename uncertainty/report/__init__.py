"""A page that says how far to trust a model: `write_report`."""

from uncertainty.report.write import write_report

__all__ = ["write_report"]
