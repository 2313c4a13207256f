"""Profiles: the responses of one subject and part to the same stimuli."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

POOL = "pool"
"""Subject of a profile that pools the units of several subjects; no subject may have this name."""


@dataclass(frozen=True, eq=False)
class Trials:
    """Responses of one subject's units in single trials.

    Attributes
    ----------
    subject : str
    responses : numpy.ndarray of float32, shape (n_stimuli, n_trials, n_units)
        NaN where a trial is missing.
    """

    subject: str
    responses: np.ndarray


@dataclass(frozen=True, eq=False)
class Profile:
    """Responses of one part (a layer or an area) of one subject (a network or an individual).

    Attributes
    ----------
    subject, part : str
    values : numpy.ndarray of float64, shape (n_stimuli, n_units)
        Activations, or a brain's responses in their own unit.
    trials : tuple of Trials
        One for each subject whose units these are, in their order; none where trials are not
        distinguished, as in networks.
    """

    subject: str
    part: str
    values: np.ndarray
    trials: tuple[Trials, ...] = ()


def pool(profiles: Sequence[Profile], part: str, subject: str = POOL) -> Profile:
    """Units of several subjects' profiles side by side, as one source called `subject`."""
    values = np.hstack([profile.values for profile in profiles])
    trials = tuple(block for profile in profiles for block in profile.trials)
    return Profile(subject, part, values, trials)
