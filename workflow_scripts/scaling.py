"""Standardisation of responses, learnt on the training stimuli."""

import numpy as np

from workflow_scripts.errors import NotComparable


class Standardiser:
    """Subtract each unit's mean and divide by its standard deviation; drop constant units.

    Attributes
    ----------
    varies_ : numpy.ndarray of bool, shape (n_units,)
        Units with variance on the training stimuli.
    mean_, sd_ : numpy.ndarray, shape (n_varying,)
        Of those units (population standard deviation).
    """

    def fit(self, X):
        """Learn from X, shape (n_stimuli, n_units); NotComparable if no unit varies."""
        self.varies_ = np.ptp(X, axis=0) > 0 if X.size else np.zeros(X.shape[1], bool)
        if not self.varies_.any():
            raise NotComparable("no source unit varies over the training stimuli")
        kept = X[:, self.varies_]
        self.mean_, self.sd_ = kept.mean(axis=0), kept.std(axis=0)
        return self

    def fit_transform(self, X):
        """Learn from X and standardise it."""
        return self.fit(X).transform(X)

    def transform(self, X):
        """Standardised units that vary, shape (n_stimuli, n_varying)."""
        return (X[:, self.varies_] - self.mean_) / self.sd_
