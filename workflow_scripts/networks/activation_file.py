"""Activations of a network on disk: one netCDF group for each layer."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, write_netcdf
from workflow_scripts.common.netcdf import read_variables
from workflow_scripts.common.profile import Profile
from workflow_scripts.common.stimuli import Stimuli


def layer_dataset(
    stages: dict[str, np.ndarray],
    units: tuple[np.ndarray, np.ndarray, np.ndarray],
    stimuli: np.ndarray,
    groups: np.ndarray | None = None,
    reliability: dict[str, np.ndarray] | None = None,
) -> xr.Dataset:
    """Responses of one layer, with the position of each unit.

    Parameters
    ----------
    stages : dict of str to numpy.ndarray
        By stage (``pre`` or ``post``), of shape (stimulus, unit).
    units : tuple of numpy.ndarray
        Channel, row and column of each unit.
    stimuli : numpy.ndarray, shape (n_stimuli,)
        Names of the stimuli.
    groups : numpy.ndarray, shape (n_stimuli,), optional
        Group of each stimulus, which is never divided between training and test.
    reliability : dict of str to numpy.ndarray, optional
        Reliability of each unit, by stage, of shape (unit,).
    """
    channel, row, column = units
    data = xr.Dataset(
        {stage: (("stimulus", "unit"), values) for stage, values in stages.items()},
        coords={
            "stimulus": np.asarray(stimuli, str),
            "channel": ("unit", channel),
            "row": ("unit", row),
            "column": ("unit", column),
        },
    )
    if groups is not None:
        data = data.assign_coords(group=("stimulus", np.asarray(groups, str)))
    return data.assign(
        {f"reliability_{stage}": ("unit", values) for stage, values in (reliability or {}).items()}
    )


def write_activations(layers: dict[str, xr.Dataset], facts: dict[str, Any], path: PathLike) -> None:
    """Write the responses of all layers.

    Parameters
    ----------
    layers : dict of str to xarray.Dataset
        By name, see `layer_dataset`.
    facts : dict
        Attributes of the file, see `workflow_scripts.common.provenance.stamp`.
    path : str or path-like
    """
    write_netcdf({"/": xr.Dataset(attrs=facts), **layers}, path)


def read_activations(
    path: PathLike,
    subject: str,
    layers: Iterable[str],
    stage: str,
    stimuli: Sequence[str] | np.ndarray | None = None,
) -> list[Profile]:
    """Profiles of a network's layers at one stage.

    Parameters
    ----------
    path : str or path-like
        File of `write_activations`.
    subject : str
        Name of the network.
    layers : iterable of str
    stage : {"pre", "post"}
    stimuli : sequence of str, optional
        Names of the stimuli whose responses are returned, in this order; all, in the order of the
        file, if not given.

    Returns
    -------
    list of Profile

    Raises
    ------
    InputError
        If a layer, stage or stimulus is missing, or a response is not a finite number.
    """
    profiles = []
    for layer in layers:
        expected = f"finite responses {stage!r} (stimulus, unit) of layer {layer!r}"
        try:
            data, _ = read_variables(path, layer)
            values, names = data[stage], data["stimulus"].astype(str)
        except (KeyError, OSError, ValueError) as error:
            raise InputError(path, f"{type(error).__name__} ({error})", expected) from error
        if stimuli is not None:
            values = values[_rows(names, stimuli, path, layer)]
        values = values.astype(np.float64)
        if not np.isfinite(values).all():
            raise InputError(path, "NaN or infinite responses", expected)
        profiles.append(Profile(subject, layer, values))
    return profiles


def read_stimuli(path: PathLike, layer: str) -> Stimuli:
    """Stimuli of an activation file, as one of its layers names them.

    Each is a group of its own unless the file says which belong together.
    """
    data, _ = read_variables(path, layer)
    names = data["stimulus"].astype(str)
    return Stimuli(names, data["group"].astype(str) if "group" in data else names)


def read_reliability(
    path: PathLike,
) -> tuple[dict[Hashable, Any], dict[str, dict[str, np.ndarray]]]:
    """Attributes of a file, and the reliability of the units of each layer, by stage.

    The file is one that was read here: files of somebody's activations have no reliability.
    """
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        return dict(tree.attrs), {
            layer: {
                str(name).removeprefix("reliability_"): values.values
                for name, values in group.data_vars.items()
                if str(name).startswith("reliability_")
            }
            for layer, group in tree.children.items()
        }


def _rows(
    names: np.ndarray, stimuli: Sequence[str] | np.ndarray, path: PathLike, layer: str
) -> list[int]:
    """Row of each stimulus, by its name."""
    rows = {name: row for row, name in enumerate(names)}
    missing = [name for name in stimuli if name not in rows]
    if missing:
        raise InputError(
            path,
            f"no stimulus {str(missing[0])!r} in layer {layer!r}"
            + (f", and {len(missing) - 1} others missing" if len(missing) > 1 else ""),
            "responses to every stimulus that is compared",
        )
    return [rows[name] for name in stimuli]
