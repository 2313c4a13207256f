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
    selection : numpy.ndarray, shape (n_splits, n_units)
        Scores inside the training stimuli of each split, to make choices by; NaN if none are made.
    without : dict of str to numpy.ndarray, each of shape (n_splits, n_groups, n_units)
        ``stimuli``: scores without the test stimuli of each jackknife group; ``subjects``: scores
        from a pool without each group of subjects, NaN where the cell does not exist then.
    n_penalty_ends : int
        Number of fits, over units and splits, whose chosen penalty is the smallest or largest one.
    correlations : dict of str to numpy.ndarray, each of shape (n_splits, n_units)
        With a noise correction: the correlation, its ceiling, and the corrected correlation.
    """

    by_split: np.ndarray
    seconds: float
    alpha: np.ndarray
    selection: np.ndarray
    without: dict[str, np.ndarray]
    n_unconverged: int = 0
    n_penalty_ends: int = 0
    extras: dict[str, np.ndarray] = field(default_factory=dict)
    correlations: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Skipped:
    """No scores, for this reason."""

    reason: str


Result = Scored | Skipped
