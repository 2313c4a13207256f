"""Profiles: the responses of one subject and part to the same stimuli, read from netCDF."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from workflow_scripts.errors import InputError
from workflow_scripts.recordings import POOL, check_recording


@dataclass(frozen=True, eq=False)
class Profile:
    """Responses of one part (a layer or an area) of one subject (a network or mice).

    Attributes
    ----------
    subject, part : str
    values : numpy.ndarray of float64, shape (n_stimuli, n_units)
        Activations as they are, or firing rates in spikes per second.
    """

    subject: str
    part: str
    values: np.ndarray


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


def read_mice(paths, areas, min_reliability, n_scenes):
    """Profiles of the areas of several mice: trial-mean rates of their reliable units.

    Parameters
    ----------
    paths : list of str or path-like
        Files of `extract_responses`, or a lab's own in the same form (see `recordings`).
    areas : list of str
    min_reliability : float or None
        Smallest split-half reliability of a unit; None keeps all units.
    n_scenes : int
        Number of scenes that each mouse saw.

    Returns
    -------
    mice : list of dict of str to Profile
        One profile an area, some perhaps without units.
    data_kind : {"simulated", "recorded"}
        ``simulated`` if one of the mice is.

    Raises
    ------
    InputError
        If a file is not in the form of a recording, or two have the same name.
    """
    mice, kinds, subjects = [], set(), {}
    for path in paths:
        recording = check_recording(path, n_scenes, min_reliability, subjects)
        mice.append(_area_profiles(recording, areas, min_reliability))
        kinds.add(recording.data_kind)
    return mice, "simulated" if "simulated" in kinds else "recorded"


def _area_profiles(recording, areas, min_reliability):
    keep = np.ones(len(recording.area), bool)
    if min_reliability is not None:
        keep = recording.reliability >= min_reliability
    return {
        area: Profile(recording.subject, area, recording.rate[:, keep & (recording.area == area)])
        for area in areas
    }


def pool(profiles, part):
    """Units of several subjects' profiles beside each other, as one source."""
    return Profile(POOL, part, np.hstack([profile.values for profile in profiles]))
