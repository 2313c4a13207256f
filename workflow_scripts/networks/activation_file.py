"""Activations of a network on disk: one netCDF group per layer."""

import numpy as np
import xarray as xr

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.profile import Profile


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
