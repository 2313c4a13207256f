"""What is computed for one cell: its scores, or the reason why it has none."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Scored:
    """Scores of the target units of one cell.

    Attributes
    ----------
    by_split : numpy.ndarray, shape (n_splits, n_units)
        NaN for units without a score in a split.
    seconds : float
        Time that the cell took, an equal share where several were fitted in one call.
    alpha : numpy.ndarray, shape (n_splits, n_units)
        Chosen penalties; NaN for a method without one.
    n_unconverged : int
        Number of fits, over units and splits, that did not converge.
    extras : dict of str to numpy.ndarray, each of shape (n_splits,)
        What else a method reports, by name.
    correlations : dict of str to numpy.ndarray, each of shape (n_splits, n_units)
        With a noise correction: the correlation, its ceiling, and the corrected correlation.
    """

    by_split: np.ndarray
    seconds: float
    alpha: np.ndarray
    n_unconverged: int = 0
    extras: dict[str, np.ndarray] = field(default_factory=dict)
    correlations: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Skipped:
    """No scores, for this reason."""

    reason: str


Result = Scored | Skipped
