"""A recording from the responses to single presentations, whose order does not matter."""

import logging
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.brains.reliability import N_HALVES, split_half_reliability
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.random_streams import generator


def gather(responses: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Put the presentations of each stimulus next to each other.

    Parameters
    ----------
    responses : numpy.ndarray, shape (n_presentations, n_units)
    numbers : numpy.ndarray of int, shape (n_presentations,)
        Number of the stimulus of each, from 0.

    Returns
    -------
    numpy.ndarray of float, shape (n_stimuli, n_trials, n_units)
        Trials in the order of presentations; NaN where a stimulus has fewer trials than another.
    """
    trial = pd.Series(numbers).groupby(numbers).cumcount().to_numpy()
    shape = (numbers.max() + 1, trial.max() + 1, responses.shape[1])
    gathered = np.full(shape, np.nan, np.result_type(responses, np.float32))
    gathered[numbers, trial] = responses
    return gathered


def to_recording(
    responses: np.ndarray,
    stimuli: np.ndarray,
    areas: np.ndarray,
    *,
    unit_names: np.ndarray,
    subject: str,
    data_kind: Literal["recorded", "simulated"],
    measurement: str,
    units: str,
    reliability: np.ndarray | None = None,
) -> xr.Dataset:
    """Gather the presentations of each stimulus into trials, and make a recording.

    Units without a response to one of the stimuli are left out, and counted in the log. If a
    stimulus was presented only once, the recording has no single trials, and the reliability is
    that of the responses to the other stimuli, if there are any.

    Parameters
    ----------
    responses : numpy.ndarray, shape (n_presentations, n_units)
        NaN where a unit was not recorded.
    stimuli : numpy.ndarray of str, shape (n_presentations,)
    areas, unit_names : numpy.ndarray of str, shape (n_units,)
    subject, data_kind, measurement, units : str
        See `workflow_scripts.brains.from_array.make_recording`.
    reliability : numpy.ndarray of float, shape (n_units,), optional
        Split-half reliability of the units, if it is known better than from these responses.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    InputError
        If no unit has responses to all stimuli.
    """
    recorded = ~np.isnan(responses).all(axis=1)
    responses = responses[recorded]
    numbers, names = pd.factorize(stimuli[recorded])
    n_presentations = np.bincount(numbers)
    repeated = n_presentations > 1
    if repeated.all():
        gathered = gather(responses, numbers)
        whole = ~np.isnan(gathered).all(axis=1).any(axis=0)
    else:
        gathered = pd.DataFrame(responses).groupby(numbers).mean().to_numpy()
        whole = ~np.isnan(gathered).any(axis=0)
    if not whole.any():
        raise InputError(
            f"subject {subject}",
            f"none of {len(whole)} units with responses to all {len(names)} stimuli",
            "responses of a unit to the same stimuli as those of the others",
        )
    if not whole.all():
        message = "%s: left out %d of %d units, which have no response to some stimuli"
        logging.warning(message, subject, (~whole).sum(), len(whole))

    if reliability is None and repeated.any() and not repeated.all():
        # The others count for nothing in it, and as many trials of each would take much memory.
        again = repeated[numbers]
        trials = gather(responses[again], pd.factorize(numbers[again])[0])
        random = generator(0, "own_responses", subject)
        reliability = split_half_reliability(trials, N_HALVES, random)
    recording = make_recording(
        gathered[..., whole],
        names,
        areas[whole],
        subject=subject,
        data_kind=data_kind,
        measurement=measurement,
        units=units,
        unit_names=unit_names[whole],
    )
    if reliability is not None:
        recording = recording.assign_coords(reliability=("unit", reliability[whole]))
    return recording
