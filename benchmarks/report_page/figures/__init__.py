"""The figures of the report, each one a picture as bytes; matplotlib is imported when one is drawn."""
