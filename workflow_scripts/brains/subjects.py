"""Profiles of the subjects of one brain: the units that take part."""

import logging

import numpy as np

from workflow_scripts.brains.presets import fewest_units, reliable_rates
from workflow_scripts.brains.recording import check_recording, read_bins, read_trials
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.profile import Profile, Trials


def read_mice(paths, areas, min_reliability, n_scenes, preset, with_trials=False):
    """Profiles of the areas of several mice: trial-mean rates of their reliable units.

    Mice without any are left out; `summarise_mice` counts them and says why.

    Parameters
    ----------
    paths : list of str or path-like
        Files of `extract_responses`, or a lab's own in the same form (see `recordings`).
    areas : list of str
    min_reliability : float or None
        Smallest split-half reliability of a unit; None keeps all units.
    n_scenes : int
        Number of scenes that each mouse saw.
    preset : {"ccn25", "nayebi"}
        With ``nayebi``, areas are without units, too, in mice that are not among those with most
        units of the area.
    with_trials : bool
        Whether profiles have their single trials, which preset nayebi has not.

    Returns
    -------
    mice : list of dict of str to Profile
        One profile an area, some perhaps without units.
    data_kind : {"simulated", "recorded"}
        ``simulated`` if one of the mice is.

    Raises
    ------
    InputError
        If a file is not in the form of a recording, two have the same name, or fewer than two mice
        have units.
    """
    subjects = {}
    read = [
        read_mouse(path, areas, min_reliability, n_scenes, preset, subjects, with_trials)
        for path in paths
    ]
    everyone = [mouse for mouse, _ in read]
    if preset == "nayebi":
        everyone = keep_largest(everyone)
    mice = [mouse for mouse in everyone if any(part.values.shape[1] for part in mouse.values())]
    logging.info("%d of %d mice have units", len(mice), len(paths))
    if len(mice) < 2:
        raise InputError(
            f"config mouse: found {len(mice)} of {len(paths)} sessions with units that pass the "
            "filters, expected two at least; results/tables/mice.csv says what each filter left"
        )
    kinds = {recording.data_kind for _, recording in read}
    return mice, "simulated" if "simulated" in kinds else "recorded"


def keep_largest(mice):
    """The same mice without the units of the areas of which they have fewer than most mice.

    Parameters
    ----------
    mice : list of dict of str to Profile

    Returns
    -------
    list of dict of str to Profile
    """
    least = {
        area: fewest_units([mouse[area].values.shape[1] for mouse in mice]) for area in mice[0]
    }
    return [
        {
            area: profile
            if profile.values.shape[1] >= least[area]
            else Profile(profile.subject, area, profile.values[:, :0])
            for area, profile in mouse.items()
        }
        for mouse in mice
    ]


def read_mouse(path, areas, min_reliability, n_scenes, preset, subjects, with_trials=False):
    """Profiles of the areas of one mouse, and the recording that they are from.

    See `read_mice`; `subjects` as `workflow_scripts.brains.recording.check_recording` takes it.
    """
    recording = check_recording(path, n_scenes, min_reliability, subjects)
    keep = np.ones(len(recording.area), bool)
    if min_reliability is not None:
        keep = recording.reliability >= min_reliability
    bins = read_bins(path) if preset == "nayebi" else None
    trials = read_trials(path, recording) if with_trials else None
    mouse = {}
    for area in areas:
        chosen = keep & (recording.area == area)
        if bins is None:
            values = recording.rate[:, chosen]
        else:
            values = reliable_rates(bins[0][..., chosen], bins[1][:, chosen])
        blocks = () if trials is None else (Trials(recording.subject, trials[..., chosen]),)
        mouse[area] = Profile(recording.subject, area, values, blocks)
    return mouse, recording
