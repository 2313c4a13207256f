"""Standardisation of responses, learnt on the training stimuli."""

from array_api_compat import array_namespace

from workflow_scripts.common.errors import NotComparable


def varying(X):
    """Whether each column of X (n_stimuli, n_units) takes more than one value."""
    xp = array_namespace(X)
    if X.shape[1] == 0:
        return X[0] > 0
    return xp.max(X, axis=0) > xp.min(X, axis=0)


class Standardiser:
    """Subtract each unit's mean and divide by its standard deviation; drop constant units.

    Attributes
    ----------
    varies_ : array of bool, shape (n_units,)
        Units with variance on the training stimuli.
    mean_, sd_ : array, shape (n_varying,)
        Of those units (population standard deviation).
    """

    def fit(self, X):
        """Learn from X, shape (n_stimuli, n_units); NotComparable if no unit varies."""
        xp = array_namespace(X)
        self.varies_ = varying(X)
        if not xp.any(self.varies_):
            raise NotComparable("no source unit varies over the training stimuli")
        kept = X[:, self.varies_]
        self.mean_, self.sd_ = xp.mean(kept, axis=0), xp.std(kept, axis=0)
        return self

    def fit_transform(self, X):
        """Learn from X and standardise it."""
        return self.fit(X).transform(X)

    def transform(self, X):
        """Standardised units that vary, shape (n_stimuli, n_varying)."""
        return (X[:, self.varies_] - self.mean_) / self.sd_
