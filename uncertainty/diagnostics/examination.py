"""What every diagnostic returns."""

from __future__ import annotations


class Examination:
    """Numbers of one examination, and what they say in one line, the `verdict`. It shows as that, not as its arrays."""

    verdict: str

    def __str__(self) -> str:
        return self.verdict

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.verdict}>"
