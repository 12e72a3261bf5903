"""The one error of reading model files."""


class ModelFileError(ValueError):
    """A file that is no model, or one that is damaged, altered, or of a format that this version does not read."""
