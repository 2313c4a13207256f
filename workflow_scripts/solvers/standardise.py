"""Standardisation of responses, learnt from the training stimuli."""

from typing import Self

from array_api_compat import array_namespace

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.solvers.arrays import Array, varying


class Standardiser:
    """Subtract each unit's mean and divide by its standard deviation; drop constant units.

    Test responses are clipped one standard deviation beyond the range of the training responses.
    A unit that hardly responds to any training stimulus has a tiny deviation; a test stimulus that
    drives it would be hundreds of deviations away, and its target be predicted from it alone.

    Attributes
    ----------
    varies_ : array of bool, shape (n_units,)
        Units that vary over the training stimuli.
    mean_, sd_ : array, shape (n_varying,)
        Mean and population standard deviation of these units.
    low_, high_ : array, shape (n_varying,)
        Range of standardised test responses.
    n_clipped_ : int
        Number of responses that the last `transform` clipped.
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
        self.low_ = self._standardised(xp.min(kept, axis=0)) - 1
        self.high_ = self._standardised(xp.max(kept, axis=0)) + 1
        return self

    def fit_transform(self, X: Array) -> Array:
        """Learn from training responses X and standardise them."""
        return self._standardised(self.fit(X)._varying(X))

    def transform(self, X: Array) -> Array:
        """Standardised test responses of units that vary, shape (n_stimuli, n_varying)."""
        xp = array_namespace(X)
        Z = self._standardised(self._varying(X))
        clipped = xp.minimum(xp.maximum(Z, self.low_), self.high_)
        self.n_clipped_ = int(xp.count_nonzero(clipped != Z))
        return clipped

    def _varying(self, X: Array) -> Array:
        return X[:, self.varies_]

    def _standardised(self, kept: Array) -> Array:
        return (kept - self.mean_) / self.sd_
