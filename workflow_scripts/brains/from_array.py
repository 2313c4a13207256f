"""A recording from the responses that a lab has as an array."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from workflow_scripts.brains.recording import REQUIRED, mean_of_trials
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.provenance import stamp

Names = Sequence[object] | np.ndarray


def make_recording(
    responses: npt.ArrayLike,
    stimuli: Names,
    areas: Names,
    *,
    subject: str,
    data_kind: Literal["recorded", "simulated"],
    measurement: str,
    units: str,
    unit_names: Names | None = None,
) -> xr.Dataset:
    """Bring the responses of one subject into the form of a recording.

    Parameters
    ----------
    responses : array_like, shape (n_stimuli, n_trials, n_units) or (n_stimuli, n_units)
        Response in each trial, NaN where a trial is missing; or the means over trials, where single
        trials are not known. A unit takes part if it has a response to each stimulus that does.
    stimuli : sequence of str, length n_stimuli
        Names of the stimuli: of an image, its path below the folder of images.
    areas : sequence of str, length n_units
        Area of each unit.
    subject : str
        Name of the subject, which no other subject of the brain has.
    data_kind : {"recorded", "simulated"}
    measurement : str
        What was measured, such as ``spikes``, ``calcium`` or ``fmri``.
    units : str
        Unit of the responses, such as ``spikes/s``, ``z`` or ``%``.
    unit_names : sequence, length n_units, optional
        Unique names of the units; numbers from 0 by default.

    Returns
    -------
    xarray.Dataset
        With ``trial_response`` if there are single trials; the workflow computes the reliability of
        units from them.

    Raises
    ------
    InputError
        If shapes do not fit.
    """
    if np.iscomplexobj(responses):
        raise InputError("responses", "complex numbers", "real ones")
    responses = np.asarray(responses, float)
    shape = len(stimuli), len(areas)
    if responses.ndim not in (2, 3) or (responses.shape[0], responses.shape[-1]) != shape:
        raise InputError(
            "responses",
            f"shape {responses.shape} with {shape[0]} stimuli and {shape[1]} areas",
            "(stimulus, trial, unit) or (stimulus, unit), with a name for each stimulus and an "
            "area for each unit",
        )
    names = np.arange(shape[1]) if unit_names is None else np.asarray(unit_names, str)
    coordinates: dict[str, Any] = {
        "stimulus": np.asarray(stimuli, str),
        "unit": names,
        "area": ("unit", np.asarray(areas, str)),
    }
    means = responses
    variables: dict[str, Any] = {}
    if responses.ndim == 3:
        means = mean_of_trials(responses)
        variables["trial_response"] = (
            ("stimulus", "trial", "unit"),
            responses.astype(np.float32),
            {"units": units},
        )
    variables["response"] = (REQUIRED["response"][0], means, {"units": units})
    provenance = stamp({}, seed=None, data_kind=data_kind)
    del provenance["seed"]
    attributes = {"subject": subject, "measurement": measurement, **provenance}
    return xr.Dataset(variables, coordinates, attributes)
