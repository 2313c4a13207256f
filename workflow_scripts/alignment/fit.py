"""One fit of a mapping: its estimator, and what it predicts of the test stimuli."""

import numpy as np

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.solvers.arrays import to_numpy
from workflow_scripts.solvers.standardise import varying


def _map(fit, X, Y, train, test):
    """Fit one split; the estimator, which units it has, and their predictions.

    Units that do not vary over the training stimuli, or whose optimum was not reached, have none.
    """
    varies = to_numpy(varying(Y[train]))
    if not varies.any():
        raise NotComparable("no target unit varies over the training stimuli")
    estimator = fit(X[train], Y[train][:, varies])
    predicted = np.full((len(test), len(varies)), np.nan)
    predicted[:, varies] = to_numpy(estimator.predict(X[test]))
    reached = varies.copy()
    reached[varies] = getattr(estimator, "converged_", True)
    predicted[:, ~reached] = np.nan
    return estimator, varies, reached, predicted
