"""``python -m benchmarks report``: the stored records as one page of tables and figures, in Markdown and in HTML."""
