"""A stimulus set on disk, as netCDF."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike


def image_dataset(
    images: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    names: Sequence[str] | None = None,
    groups: np.ndarray | None = None,
) -> xr.Dataset:
    """Dataset of a stimulus set.

    Parameters
    ----------
    images : numpy.ndarray of uint8, shape (stimulus, y, x, channel)
    labels : numpy.ndarray of int, shape (stimulus,), optional
        Class of each image.
    names : sequence of str, optional
        Names of the images; numbers from 0 by default.
    groups : numpy.ndarray, shape (stimulus,), optional
        Images that belong together, and are never divided between training and test stimuli.

    Returns
    -------
    xarray.Dataset
        ``image``, and ``label`` and ``group`` if they are given.
    """
    variables: dict[str, Any] = {"image": (("stimulus", "y", "x", "channel"), images)}
    if labels is not None:
        variables["label"] = ("stimulus", np.asarray(labels, np.int64))
    if groups is not None:
        variables["group"] = ("stimulus", np.asarray(groups, str))
    stimuli = np.arange(len(images)) if names is None else names
    return xr.Dataset(variables, coords={"stimulus": np.asarray(stimuli, str)})


def read_images(path: PathLike) -> xr.Dataset:
    """Stimulus set of a netCDF file, loaded, in the form of `image_dataset`.

    Raises
    ------
    InputError
        If the images are not uint8 with the dimensions (stimulus, y, x, channel).
    """
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        data = opened.load()
    image = data.get("image")
    expected = ("stimulus", "y", "x", "channel")
    if image is None or image.dims != expected or image.dtype != np.uint8:
        found = "no variable image" if image is None else f"{image.dtype} with {image.dims}"
        raise InputError(path, found, f"image as uint8 with {expected}")
    return data
