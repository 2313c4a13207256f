"""Profiles: the responses of one subject and part to the same stimuli."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Self

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

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli."""
        return len(self.values)

    @property
    def n_units(self) -> int:
        """Number of units."""
        return self.values.shape[1]


@dataclass(frozen=True, eq=False)
class Pool:
    """Units of several subjects' profiles side by side, as one source.

    Its responses are put together each time that they are read: a brain has a pool for each of its
    subjects, and together they would be many times as large as all recordings.

    Attributes
    ----------
    members : sequence of Profile
    part : str
    subject : str
        Name of the pool.
    """

    members: Sequence[Profile]
    part: str
    subject: str = POOL

    @property
    def values(self) -> np.ndarray:
        """Responses of all members, of shape (n_stimuli, n_units)."""
        return np.hstack([profile.values for profile in self.members])

    @property
    def trials(self) -> tuple[Trials, ...]:
        """Single trials of all members."""
        return tuple(block for profile in self.members for block in profile.trials)

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli."""
        return self.members[0].n_stimuli

    @property
    def n_units(self) -> int:
        """Number of units of all members."""
        return sum(profile.n_units for profile in self.members)

    def without(self, subjects: Collection[str]) -> Self:
        """The pool of all other members."""
        others = [profile for profile in self.members if profile.subject not in subjects]
        return replace(self, members=others)


AnyProfile = Profile | Pool
"""A source may be a pool."""
