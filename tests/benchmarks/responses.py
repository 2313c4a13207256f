"""Generated responses that are as hard to fit as those of networks and of visual cortex."""

import numpy as np


def drives(n_stimuli, unit_counts, random, n_dimensions=400):
    """Responses before the output non-linearity of subjects that see the same stimuli.

    Variance falls with the inverse of the dimension's rank, as in trained networks and in visual
    cortex; a fifth of it lies in dimensions that no other subject has.

    Parameters
    ----------
    n_stimuli : int
    unit_counts : list of int
        Number of units of each subject.
    random : numpy.random.Generator
    n_dimensions : int

    Returns
    -------
    list of numpy.ndarray, each of shape (n_stimuli, n_units)
    """
    scale = np.arange(1, n_dimensions + 1) ** -0.5
    shared = random.normal(size=(n_stimuli, n_dimensions)) * scale
    subjects = []
    for n_units in unit_counts:
        private = random.normal(size=(n_stimuli, n_dimensions)) * scale / 2
        drive = shared @ random.normal(size=(n_dimensions, n_units))
        drive += private @ random.normal(size=(n_dimensions, n_units))
        gain = random.uniform(0.5, 2, size=n_units) / drive.std(axis=0)
        subjects.append(gain * drive + random.normal(size=n_units))
    return subjects


def softplus(drive):
    """``log(1 + exp(drive))``."""
    return np.logaddexp(0, drive)
