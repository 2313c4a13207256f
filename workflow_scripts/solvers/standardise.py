"""Standardisation of responses, learnt from the training stimuli."""

from typing import Self

from array_api_compat import array_namespace

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.solvers.arrays import Array


def varying(X: Array) -> Array:
    """Whether each column of X (n_stimuli, n_units) takes more than one value."""
    return array_namespace(X).any(X[0, :] != X, axis=0)


class Standardiser:
    """Subtract each unit's mean and divide by its standard deviation; drop constant units.

    Attributes
    ----------
    varies_ : array of bool, shape (n_units,)
        Units that vary over the training stimuli.
    mean_, sd_ : array, shape (n_varying,)
        Mean and population standard deviation of these units.
    """

    def fit(self, X: Array) -> Self:
        """Learn from training responses X (n_stimuli, n_units).

        Raises
        ------
        NotComparable
            If no unit varies.
        """
        xp = array_namespace(X)
        self.varies_ = varying(X)
        if not xp.any(self.varies_):
            raise NotComparable("no source unit varies over the training stimuli")
        kept = X[:, self.varies_]
        self.mean_, self.sd_ = xp.mean(kept, axis=0), xp.std(kept, axis=0)
        return self

    def fit_transform(self, X: Array) -> Array:
        """Learn from X and standardise it."""
        return self.fit(X).transform(X)

    def transform(self, X: Array) -> Array:
        """Standardised units that vary, shape (n_stimuli, n_varying)."""
        return (X[:, self.varies_] - self.mean_) / self.sd_
