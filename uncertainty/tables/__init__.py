"""From a table as people have it, with text, dates and gaps, to the numbers that a network takes."""

from uncertainty.tables.date_parts import DateParts
from uncertainty.tables.pipeline import tabular_pipeline
from uncertainty.tables.table_columns import TableColumns
from uncertainty.tables.table_pipeline import TablePipeline

__all__ = ["DateParts", "TableColumns", "TablePipeline", "tabular_pipeline"]
