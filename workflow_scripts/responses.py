"""Profiles: the responses of one subject and part to the same stimuli, read from netCDF."""

import logging
from dataclasses import dataclass

import numpy as np
import xarray as xr

from workflow_scripts.errors import InputError
from workflow_scripts.presets import fewest_units, reliable_rates
from workflow_scripts.recordings import POOL, check_recording, read_bins, read_trials
from workflow_scripts.reliability import half_means
from workflow_scripts.seeds import generator


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


def read_activations(path, subject, layers, stage):
    """Profiles of a network's layers at one stage.

    Parameters
    ----------
    path : str or path-like
        File of `extract_activations`: a group a layer, with ``pre`` and ``post``.
    subject : str
    layers : list of str
    stage : {"pre", "post"}

    Returns
    -------
    list of Profile

    Raises
    ------
    InputError
        If a layer or stage is missing, or a response is not a finite number.
    """
    profiles = []
    for layer in layers:
        try:
            with xr.open_dataset(path, group=layer, engine="h5netcdf") as data:
                values = data[stage].transpose("stimulus", "unit").values.astype(np.float64)
        except (KeyError, OSError, ValueError) as error:
            raise InputError(
                f"{path}: found no readable responses {stage!r} (stimulus, unit) of layer "
                f"{layer!r}: {error}"
            ) from error
        if not np.isfinite(values).all():
            raise InputError(f"{path}: layer {layer!r}, {stage}, holds NaN or infinite responses")
        profiles.append(Profile(subject, layer, values))
    return profiles


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

    See `read_mice`; `subjects` as `workflow_scripts.recordings.check_recording` takes it.
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


def pool(profiles, part):
    """Units of several subjects' profiles beside each other, as one source."""
    values = np.hstack([profile.values for profile in profiles])
    return Profile(POOL, part, values, sum((profile.trials for profile in profiles), ()))
