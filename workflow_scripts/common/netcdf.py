"""Quick reading of the netCDF files of this workflow, and a check of those of others."""

import math
import os
from collections.abc import Iterable
from typing import Any

import h5py
import numpy as np

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike

FILLS: dict[str, float] = {
    **{"f4": 9.969209968386869e36, "f8": 9.969209968386869e36},
    **{"i2": -(2**15) + 1, "i4": -(2**31) + 1, "i8": -(2**63) + 2},
    **{"u2": 2**16 - 1, "u4": 2**32 - 1, "u8": 2**64 - 2},
}
"""What netCDF puts where no number of a type was written; bytes have no such number."""


def never_written(values: np.ndarray) -> np.ndarray:
    """Where values, of the type in which they are stored, are what netCDF puts in place of any."""
    kind = f"{values.dtype.kind}{values.dtype.itemsize}"
    return np.equal(values, FILLS[kind]) if kind in FILLS else np.zeros(values.shape, bool)


def read_variables(
    path: PathLike, group: str = "/"
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Variables and attributes of a file, or of one of its groups.

    It takes less than a tenth of the time of xarray, which looks up the dimensions and the encoding
    of each variable. That counts where many small files are read.

    Parameters
    ----------
    path : str or path-like
        A file of `workflow_scripts.common.files.write_netcdf`, written without an encoding.
    group : str
        A group without groups of its own.

    Returns
    -------
    variables : dict of str to numpy.ndarray
        Texts are str. Dimensions without coordinates are among them, with nothing to be read.
    attributes : dict of str
    """
    with h5py.File(path) as file:
        variables = {
            name: (item.asstr() if h5py.check_string_dtype(item.dtype) else item)[()]
            for name, item in file[group].items()
        }
        return variables, dict(file[group].attrs)


def check_stored(path: PathLike, names: Iterable[str], group: str = "/") -> None:
    """Refuse variables whose values are not in the file, from what its headers say.

    A link or a virtual variable reads another file, or zeros where that is gone. What was announced
    and never written reads as a fill value, and a few bytes can announce any number of values.

    Parameters
    ----------
    path : str or path-like
        A netCDF-4 file.
    names : iterable of str
        Variables; those that the file does not have are ignored.
    group : str

    Raises
    ------
    InputError
        It names the first such variable.
    """
    with h5py.File(path) as file:
        for name in names:
            link = file[group].get(name, getlink=True)
            if link is None:
                continue
            if not isinstance(link, h5py.HardLink):
                raise InputError(path, f"{name} as a link", "its values in this file")
            variable = file[group][name]
            if not isinstance(variable, h5py.Dataset):
                raise InputError(path, f"{name} as a group", "a variable")
            if variable.is_virtual or variable.external:
                raise InputError(path, f"{name} with values in other files", "them in this file")
            if not _is_written(variable, os.path.getsize(path)):
                raise InputError(
                    path,
                    f"{name} of shape {variable.shape}, of which a part was never written",
                    "every value, and NaN where there is none",
                )


def _is_written(variable: h5py.Dataset, size: int) -> bool:
    """Whether every value of a variable has a place in a file of this size in bytes."""
    if variable.chunks is None:
        stored: int = variable.id.get_storage_size()
        return variable.nbytes <= min(stored, size)
    sizes = zip(variable.shape, variable.chunks, strict=True)
    n_chunks = math.prod(math.ceil(length / of_chunk) for length, of_chunk in sizes)
    return bool(variable.id.get_num_chunks() == n_chunks)
