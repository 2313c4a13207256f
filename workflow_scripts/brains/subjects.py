"""Profiles of the subjects of one brain, and the filters that decide which units take part."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from workflow_scripts.brains.presets import Preset, fewest_units, reliable_rates
from workflow_scripts.brains.recording import Recording, check_recording, read_bins, read_trials
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.profile import Profile, Trials

Subject = dict[str, Profile]
"""One profile per area, some perhaps without units."""


@dataclass(frozen=True)
class Filters:
    """Which units of a brain take part; the one place where units are chosen.

    Attributes
    ----------
    areas : list of str
    preset : {"ccn25", "nayebi"}
        With ``nayebi``, an area has no units in subjects that are not among those with the most
        units of the area, nor in subjects whose median unit is not reliable in any bin.
    n_stimuli : int
        Number of images that every subject saw.
    min_reliability : float or None
        Smallest split-half reliability of a unit; None keeps all units.
    min_units : int
        Fewest units with which an area of a subject is a target.
    """

    areas: list[str]
    preset: Preset
    n_stimuli: int
    min_reliability: float | None
    min_units: int

    def keeps(self, recording: Recording) -> np.ndarray:
        """Whether each unit of a recording is reliable enough, as bool of shape (n_units,)."""
        if self.min_reliability is None:
            return np.ones(len(recording.area), bool)
        # `check_recording` has refused a recording without reliabilities.
        assert recording.reliability is not None
        return recording.reliability >= self.min_reliability

    def keep_subjects(self, subjects: Sequence[Subject]) -> list[Subject]:
        """The same subjects, without the units of areas that the preset leaves out."""
        return keep_largest(subjects) if self.preset == "nayebi" else list(subjects)

    def is_target(self, n_units: int) -> bool:
        """Whether an area of a subject has enough units to be a target."""
        return n_units >= self.min_units


def read_subjects(
    paths: Sequence[PathLike], filters: Filters, brain: str, with_trials: bool = False
) -> tuple[list[Subject], str]:
    """Profiles of the areas of all subjects that have units: trial-mean rates of these units.

    Subjects without units are left out; `summarise_brain` counts them and says why.

    Parameters
    ----------
    paths : sequence of str or path-like
        Recordings, by `extract_responses` or a lab's own.
    filters : Filters
    brain : str
        Name of the brain in the configuration.
    with_trials : bool
        Whether profiles have their single trials, which preset nayebi does not provide.

    Returns
    -------
    subjects : list of dict of str to Profile
        One profile per area, some perhaps without units.
    data_kind : {"simulated", "recorded"}
        ``simulated`` if at least one of the recordings is.

    Raises
    ------
    InputError
        If a file is not in the form of a recording, two have the same name, or fewer than two
        subjects have units.
    """
    taken: dict[str, PathLike] = {}
    read = [read_subject(path, filters, brain, taken, with_trials) for path in paths]
    everyone = filters.keep_subjects([subject for subject, _ in read])
    subjects = [
        subject
        for subject in everyone
        if any(profile.values.shape[1] for profile in subject.values())
    ]
    logging.info("%d of %d subjects have units", len(subjects), len(paths))
    if len(subjects) < 2:
        raise InputError(
            f"config brains.{brain}.filters",
            f"{len(subjects)} of {len(paths)} subjects with units that pass all filters",
            f"at least two; results/tables/{brain}/subjects.csv says what each filter left",
        )
    kinds = {recording.data_kind for _, recording in read}
    return subjects, "simulated" if "simulated" in kinds else "recorded"


def read_subject(
    path: PathLike,
    filters: Filters,
    brain: str,
    taken: dict[str, PathLike],
    with_trials: bool = False,
) -> tuple[Subject, Recording]:
    """Profiles of the areas of one subject, and the recording that they are from.

    Parameters
    ----------
    path : str or path-like
        Its recording.
    filters : Filters
    brain : str
        Name of the brain in the configuration.
    taken : dict of str to str or path-like
        Names that other subjects have, and where; this one's is added.
    with_trials : bool
        Whether profiles have their single trials.

    Returns
    -------
    subject : dict of str to Profile
        One profile per area, with the units that are reliable enough.
    recording : Recording

    Raises
    ------
    InputError
        If the file is not in the form of a recording, or lacks bins or trials that are needed.
    """
    recording = check_recording(
        path,
        brain=brain,
        areas=filters.areas,
        n_stimuli=filters.n_stimuli,
        min_reliability=filters.min_reliability,
        taken=taken,
    )
    keep = filters.keeps(recording)
    bins = read_bins(path, brain) if filters.preset == "nayebi" else None
    trials = read_trials(path, recording, brain) if with_trials else None
    subject = {}
    for area in filters.areas:
        chosen = keep & (recording.area == area)
        if bins is None:
            values = recording.rate[:, chosen]
        else:
            rate, reliability = bins
            values = reliable_rates(rate[..., chosen], reliability[:, chosen])
        blocks = () if trials is None else (Trials(recording.subject, trials[..., chosen]),)
        subject[area] = Profile(recording.subject, area, values, blocks)
    return subject, recording


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
            if profile.values.shape[1] >= least[area]
            else Profile(profile.subject, area, profile.values[:, :0])
            for area, profile in subject.items()
        }
        for subject in subjects
    ]


def _n_units(subjects: Iterable[Subject], area: str) -> list[int]:
    return [subject[area].values.shape[1] for subject in subjects]
