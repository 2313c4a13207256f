"""Activations of a network on disk: one netCDF group for each layer."""

from typing import Any

import numpy as np
import xarray as xr

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, write_netcdf
from workflow_scripts.common.profile import Profile


def write_activations(
    responses: dict[str, dict[str, np.ndarray]],
    units: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    stimuli: np.ndarray,
    facts: dict[str, Any],
    path: PathLike,
) -> None:
    """Write responses, with the position of each unit in its layer.

    Parameters
    ----------
    responses : dict of str to dict of str to numpy.ndarray
        By layer and stage (``pre`` or ``post``), of shape (stimulus, unit).
    units : dict of str to tuple of numpy.ndarray
        Channel, row and column of each unit, by layer.
    stimuli : numpy.ndarray, shape (n_stimuli,)
        Names of the stimuli.
    facts : dict
        Attributes of the file, see `workflow_scripts.common.provenance.stamp`.
    path : str or path-like
    """
    groups = {"/": xr.Dataset(attrs=facts)}
    for layer, stages in responses.items():
        channel, row, column = units[layer]
        groups[layer] = xr.Dataset(
            {stage: (("stimulus", "unit"), values) for stage, values in stages.items()},
            coords={
                "stimulus": stimuli,
                "channel": ("unit", channel),
                "row": ("unit", row),
                "column": ("unit", column),
            },
        )
    write_netcdf(groups, path)


def read_activations(path: PathLike, subject: str, layers: list[str], stage: str) -> list[Profile]:
    """Profiles of a network's layers at one stage.

    Parameters
    ----------
    path : str or path-like
        File of `write_activations`.
    subject : str
        Name of the network.
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
        expected = f"finite responses {stage!r} (stimulus, unit) of layer {layer!r}"
        try:
            with xr.open_dataset(path, group=layer, engine="h5netcdf") as data:
                values = data[stage].transpose("stimulus", "unit").values.astype(np.float64)
        except (KeyError, OSError, ValueError) as error:
            raise InputError(path, f"{type(error).__name__} ({error})", expected) from error
        if not np.isfinite(values).all():
            raise InputError(path, "NaN or infinite responses", expected)
        profiles.append(Profile(subject, layer, values))
    return profiles
