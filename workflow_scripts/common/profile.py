"""Profiles: the responses of one subject and part to the same stimuli."""

from dataclasses import dataclass

import numpy as np

from workflow_scripts.brains.reliability import half_means
from workflow_scripts.common.random_streams import generator


@dataclass(frozen=True, eq=False)
class Profile:
    """Responses of one part (a layer or an area) of one subject (a network or mice).

    Attributes
    ----------
    subject, part : str
    values : numpy.ndarray of float64, shape (n_stimuli, n_units)
        Activations as they are, or firing rates in spikes per second.
    trials : tuple of Trials
        Of each mouse whose units these are, in their order; none if trials are not distinguished,
        as those of networks.
    """

    subject: str
    part: str
    values: np.ndarray
    trials: tuple = ()

    def halves(self, seed, number):
        """Means over each of two random halves of the trials; twice the values if there are none.

        Parameters
        ----------
        seed : int
            Master seed.
        number : int
            Which of the random halves; those of one mouse are the same in all its profiles.

        Returns
        -------
        first, second : numpy.ndarray of float64, shape (n_stimuli, n_units)
        """
        if not self.trials:
            return self.values, self.values
        blocks = [
            half_means(block.rate, generator(seed, "noise_correction", block.subject, number))
            for block in self.trials
        ]
        return tuple(np.hstack(half) for half in zip(*blocks, strict=True))


@dataclass(frozen=True, eq=False)
class Trials:
    """Rates of one mouse's units in single trials: stimulus x trial x unit, NaN where missing."""

    subject: str
    rate: np.ndarray


def pool(profiles, part):
    """Units of several subjects' profiles beside each other, as one source."""
    values = np.hstack([profile.values for profile in profiles])
    return Profile(POOL, part, values, sum((profile.trials for profile in profiles), ()))


POOL = "pool"
"""Name of the subject that all other mice together are, which no mouse may have."""
