"""Profiles: the responses of one subject and part to the same stimuli, read from netCDF."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from workflow_scripts.errors import InputError


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


def read_mouse(path, areas, min_reliability):
    """Profiles of one mouse's areas: trial-mean rates of its reliable units.

    Parameters
    ----------
    path : str or path-like
        File of `extract_responses`.
    areas : list of str
    min_reliability : float or None
        Smallest split-half reliability of a unit; None keeps all units.

    Returns
    -------
    dict of str to Profile
        One profile an area, some perhaps without units.

    Raises
    ------
    InputError
        If the file has not the variables of a session, or a scene was never shown.
    """
    try:
        with xr.open_dataset(path, engine="h5netcdf") as opened:
            data = opened[["rate", "reliability"]].load()
            subject = str(opened.attrs["session_id"])
            data["area"] = opened["area"].load()
    except (KeyError, OSError, ValueError) as error:
        raise InputError(f"{path}: is not a session file of extract_responses: {error}") from error
    rate = data["rate"].transpose("stimulus", "unit").values.astype(np.float64)
    unseen = np.isnan(rate).any(axis=1)
    if unseen.any():
        raise InputError(
            f"{path}: {unseen.sum()} scenes have no valid presentation (first: scene "
            f"{int(data['stimulus'][unseen.argmax()])}), expected one of each at least"
        )
    keep = np.ones(rate.shape[1], bool)
    if min_reliability is not None:
        keep = data["reliability"].values >= min_reliability
    area = data["area"].values.astype(str)
    return {name: Profile(subject, name, rate[:, keep & (area == name)]) for name in areas}


def pool(profiles, part):
    """Units of several subjects' profiles beside each other, as one source called ``pool``."""
    return Profile("pool", part, np.hstack([profile.values for profile in profiles]))


def data_kind_of(paths):
    """``simulated`` if one of the files is simulated, else ``recorded`` if one is recorded."""
    kinds = set()
    for path in paths:
        with xr.open_dataset(path, engine="h5netcdf") as data:
            kinds.add(data.attrs["data_kind"])
    return next(kind for kind in ("simulated", "recorded", "networks") if kind in kinds)
