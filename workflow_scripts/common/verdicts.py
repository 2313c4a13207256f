"""Verdicts of claims, counted in words."""

from collections import Counter
from collections.abc import Iterable

VERBS = {
    "holds": ("holds", "hold"),
    "fails": ("fails", "fail"),
    "undecided": ("is undecided", "are undecided"),
    "not measured": ("is not measured", "are not measured"),
}
"""Verdicts in the order in which they are told, with the verbs of one claim and of several."""


def counted(verdicts: Iterable[str]) -> list[str]:
    """How many claims have each verdict, such as ``3 hold`` and ``1 fails``."""
    counts = Counter(verdicts)
    return [
        f"{counts[verdict]} {verbs[counts[verdict] > 1]}"
        for verdict, verbs in VERBS.items()
        if counts[verdict]
    ]
