"""A recording from the responses that a lab has as an array."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from workflow_scripts.brains.recording import TRIAL_DIMENSIONS, check_trials
from workflow_scripts.brains.reliability import split_half_reliability
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.provenance import stamp
from workflow_scripts.common.random_streams import generator


def make_recording(
    responses: npt.ArrayLike,
    areas: Sequence[str] | np.ndarray,
    session_id: str,
    data_kind: Literal["recorded", "simulated"],
    n_halves: int = 100,
    seed: int = 0,
) -> xr.Dataset:
    """Bring the responses of one subject into the form of a recording.

    Parameters
    ----------
    responses : array_like, shape (n_stimuli, n_trials, n_units)
        Firing rate in each trial in spikes/s, that is, spike counts divided by the seconds in which
        they were counted. NaN where a trial is missing. The stimuli are the images in their order.
    areas : sequence of str
        Area of each unit.
    session_id : str
        Name of the subject, which no other subject has.
    data_kind : {"recorded", "simulated"}
    n_halves : int
        Number of random divisions of the trials into halves.
    seed : int
        Seed of the halves.

    Returns
    -------
    xarray.Dataset
        ``rate`` (stimulus, unit) and ``trial_rate`` (stimulus, trial, unit) in spikes/s, with the
        area and, from two trials on, the reliability of each unit; units are numbered from 0.

    Raises
    ------
    InputError
        If shapes do not fit, a response is negative or infinite, or a unit has too few trials of a
        stimulus: fewer than two, which halves need, or none where there is only one trial in all.
    """
    responses = np.asarray(responses, float)
    if responses.ndim != 3 or responses.shape[2] != len(areas):
        raise InputError(
            "responses",
            f"shape {responses.shape} and {len(areas)} areas",
            "(stimulus, trial, unit) and an area for each unit",
        )
    units = np.arange(responses.shape[2])
    needed = min(responses.shape[1], 2)
    check_trials("responses", "the value", responses, units, needed)
    coordinates = {
        "stimulus": np.arange(responses.shape[0]),
        "unit": units,
        "area": ("unit", np.asarray(areas, str)),
    }
    if needed > 1:
        random = generator(seed, "own_responses", session_id)
        reliability = split_half_reliability(responses, n_halves, random)
        coordinates["reliability"] = ("unit", reliability)
    spikes_per_s = {"units": "spikes/s"}
    return xr.Dataset(
        {
            "rate": (("stimulus", "unit"), np.nanmean(responses, axis=1), spikes_per_s),
            "trial_rate": (TRIAL_DIMENSIONS, responses.astype(np.float32), spikes_per_s),
        },
        coordinates,
        {
            "session_id": session_id,
            **stamp({"n_halves": n_halves}, seed=seed, data_kind=data_kind),
        },
    )
