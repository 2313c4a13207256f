"""Profiles of the subjects of one brain, and the filters that decide which units take part."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from workflow_scripts.brains.presets import Preset, fewest_units, reliable_rates
from workflow_scripts.brains.recording import (
    Labels,
    read_bins,
    read_labels,
    read_responses,
    read_trials,
)
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.profile import Profile, Trials
from workflow_scripts.common.stimuli import Stimuli

Subject = dict[str, Profile]
"""One profile per area, some perhaps without units."""


@dataclass(frozen=True)
class Filters:
    """Which units of a brain take part; the one place where units are chosen.

    Attributes
    ----------
    areas : list of str
        Units of other areas are left out.
    preset : {"ccn25", "nayebi"}
        With ``nayebi``, an area has no units in subjects that are not among those with the most
        units of the area, nor in subjects whose median unit is not reliable in any bin.
    min_reliability : float or None
        Smallest split-half reliability of a unit; None keeps all units.
    min_units : int
        Fewest units with which an area of a subject is a target.
    min_trials : int
        Fewest trials of every stimulus that a unit must have: two where they are halved.
    """

    areas: list[str]
    preset: Preset
    min_reliability: float | None
    min_units: int
    min_trials: int = 1

    def keeps(self, labels: Labels) -> np.ndarray:
        """Whether each unit of a recording is reliable enough, as bool of shape (n_units,)."""
        if self.min_reliability is None:
            return np.ones(len(labels.area), bool)
        # The plan has refused a recording without reliabilities.
        assert labels.reliability is not None
        return labels.reliability >= self.min_reliability

    def keep_subjects(self, subjects: Sequence[Subject]) -> list[Subject]:
        """The same subjects, without the units of areas that the preset leaves out."""
        return keep_largest(subjects) if self.preset == "nayebi" else list(subjects)

    def is_target(self, n_units: int) -> bool:
        """Whether an area of a subject has enough units to be a target."""
        return n_units >= self.min_units


def read_subjects(
    paths: Sequence[PathLike],
    filters: Filters,
    brain: str,
    stimuli: Stimuli,
    n_needed: int = 1,
) -> tuple[list[Subject], str]:
    """Profiles of the areas of all subjects that have units: their mean responses over trials.

    Subjects without units are left out; `summarise_brain` counts them and says why.

    Parameters
    ----------
    paths : sequence of str or path-like
        Recordings.
    filters : Filters
    brain : str
        Name of the brain in the configuration.
    stimuli : Stimuli
        Those that take part; rows of the profiles are in their order.
    n_needed : int
        Fewest subjects that must have units.

    Returns
    -------
    subjects : list of dict of str to Profile
        One profile per area, some perhaps without units.
    data_kind : {"simulated", "recorded"}
        ``simulated`` if at least one of the recordings is.

    Raises
    ------
    InputError
        If a file is not in the form of a recording, or too few subjects have units.
    """
    read = [read_subject(path, filters, brain, stimuli) for path in paths]
    everyone = filters.keep_subjects([subject for subject, _, _ in read])
    subjects = [
        subject for subject in everyone if any(profile.n_units for profile in subject.values())
    ]
    logging.info("%d of %d subjects have units", len(subjects), len(paths))
    if len(subjects) < n_needed:
        raise InputError(
            f"config brains.{brain}.filters",
            f"{len(subjects)} of {len(paths)} subjects with units that pass all filters",
            f"at least {n_needed}; results/tables/{brain}/subjects.csv says what each filter left",
        )
    kinds = {labels.data_kind for _, labels, _ in read}
    return subjects, "simulated" if "simulated" in kinds else "recorded"


def read_subject(
    path: PathLike, filters: Filters, brain: str, stimuli: Stimuli
) -> tuple[Subject, Labels, np.ndarray]:
    """Profiles of the areas of one subject, and what its recording says of itself.

    Units without enough trials of one of the stimuli that take part are left out. Profiles have
    their single trials if more than one is needed.

    Parameters
    ----------
    path : str or path-like
        Its recording.
    filters : Filters
    brain : str
        Name of the brain in the configuration.
    stimuli : Stimuli
        Those that take part; rows of the profiles are in their order.

    Returns
    -------
    subject : dict of str to Profile
        One profile per area, with the units that are reliable enough.
    labels : Labels
    complete : numpy.ndarray of bool, shape (n_units,)
        Whether each unit of the recording has enough trials of every stimulus.

    Raises
    ------
    InputError
        If the file is not in the form of a recording, or lacks bins or trials that are needed.
    """
    labels = read_labels(path)
    responses = read_responses(path, labels)
    rows = _rows(path, labels, stimuli)
    complete = np.isfinite(responses[rows]).all(axis=0)
    trials = None
    if filters.min_trials > 1:
        trials = read_trials(path, labels, responses)[rows]
        complete &= (np.isfinite(trials).sum(axis=1) >= filters.min_trials).all(axis=0)
    keep = filters.keeps(labels) & complete
    bins = read_bins(path, brain) if filters.preset == "nayebi" else None
    subject = {}
    for area in filters.areas:
        chosen = keep & (labels.area == area)
        if bins is None:
            values = responses[:, chosen][rows]
        else:
            rate, reliability = bins
            values = reliable_rates(rate[rows][..., chosen], reliability[:, chosen])
        blocks = () if trials is None else (Trials(labels.subject, trials[..., chosen]),)
        subject[area] = Profile(labels.subject, area, values, blocks)
    return subject, labels, complete


def _rows(path: PathLike, labels: Labels, stimuli: Stimuli) -> np.ndarray:
    """Index in the recording of each stimulus that takes part."""
    places = {name: row for row, name in enumerate(labels.stimulus.tolist())}
    missing = [name for name in stimuli.names.tolist() if name not in places]
    if missing:
        raise InputError(
            path, f"no stimulus {missing[0]!r}", "every stimulus that takes part in this brain"
        )
    return np.array([places[name] for name in stimuli.names.tolist()])


def keep_largest(subjects: Sequence[Subject]) -> list[Subject]:
    """The same subjects, with the units of an area only where a subject has enough of them.

    Parameters
    ----------
    subjects : sequence of dict of str to Profile
        All with the same areas.

    Returns
    -------
    list of dict of str to Profile
        An area has no units in subjects with fewer than `fewest_units` says.
    """
    least = {area: fewest_units(_n_units(subjects, area)) for area in subjects[0]}
    return [
        {
            area: profile
            if profile.n_units >= least[area]
            else Profile(profile.subject, area, profile.values[:, :0])
            for area, profile in subject.items()
        }
        for subject in subjects
    ]


def _n_units(subjects: Iterable[Subject], area: str) -> list[int]:
    return [subject[area].n_units for subject in subjects]
