"""Activations that somebody has already: a netCDF file, or a folder of ``.npy`` files.

A netCDF file has one group per layer with the variable ``post`` (stimulus, unit), and the names of
the stimuli as ``stimulus``, in each group or once for all. A folder has one ``LAYER.npy`` (stimulus
x unit) per layer, and ``stimuli.txt`` with one name on each line.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import xarray as xr

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.netcdf import check_stored, never_written
from workflow_scripts.networks.ready_files import ready_files
from workflow_scripts.networks.unit_sampling import Projection, Units

BATCH_VALUES = 2**24
"""Responses that are in memory at a time: 64 MiB as float32."""

LARGEST = 1e12
"""Size of a response that no network has, as of those in recordings."""


def read_layer(
    path: str, layer: str, choose: Callable[[str, tuple[int, ...]], Units | Projection]
) -> tuple[np.ndarray, Units, np.ndarray]:
    """What is kept of one layer: it is read once, some stimuli at a time.

    Parameters
    ----------
    path : str
        File or folder, see above.
    layer : str
    choose : callable
        See `workflow_scripts.networks.unit_sampling.unit_chooser`.

    Returns
    -------
    responses : numpy.ndarray of float32, shape (n_stimuli, n_kept)
    units : tuple of numpy.ndarray
        Number of each unit that is kept, in place of a channel, and position 0.
    stimuli : numpy.ndarray of str, shape (n_stimuli,)

    Raises
    ------
    InputError
        If the layer is missing or has another form, a name comes twice, or a response is no
        number that a network can have.
    """
    opened = _netcdf_layer if path.endswith(".nc") else _folder_layer
    with opened(path, layer) as (place, values, names):
        _check(place, layer, values, names)
        n_stimuli, n_units = values.shape
        chosen = choose(layer, (n_units, 1, 1))
        kept = []
        step = max(1, BATCH_VALUES // n_units)
        for start in range(0, n_stimuli, step):
            stored = np.asarray(values[start : start + step])
            block = stored.astype(np.float32, copy=False)
            is_fill = path.endswith(".nc") & never_written(stored)
            # NaN is not below either.
            is_number = (np.abs(block) < LARGEST) & ~is_fill
            if not is_number.all():
                row, unit = np.argwhere(~is_number)[0]
                of_fill = (
                    ", which netCDF puts where nothing was written," if is_fill[row, unit] else ""
                )
                raise InputError(
                    place,
                    f"{stored[row, unit]}{of_fill} in layer {layer!r} for stimulus "
                    f"{str(names[start + row])!r} and unit {unit}",
                    f"a number below {LARGEST:g} in size",
                )
            kept.append(
                chosen.apply(block) if isinstance(chosen, Projection) else block[:, chosen[0]]
            )
    units = chosen.units if isinstance(chosen, Projection) else chosen
    return np.concatenate(kept), units, names


Opened = tuple[PathLike, np.ndarray | xr.DataArray, np.ndarray]
"""File of a layer, its responses, which are not read yet, and the names of the stimuli."""


@contextmanager
def _folder_layer(folder: str, layer: str) -> Iterator[Opened]:
    listed, path = ready_files(folder, [layer])
    try:
        # Some editors begin a file with a byte-order mark, and end it with an empty line.
        names = Path(listed).read_text(encoding="utf-8-sig").rstrip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(listed, str(error), "one name of a stimulus on each line") from error
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(path, str(error), "an array of numbers (stimulus x unit)") from error
    yield path, values, np.array(names, str)


@contextmanager
def _netcdf_layer(path: str, layer: str) -> Iterator[Opened]:
    expected = f"post (stimulus, unit) in a group {layer!r}, and names stimulus there or above"
    with ExitStack() as stack:
        try:
            group, root = (
                stack.enter_context(xr.open_dataset(path, group=name, engine="h5netcdf"))
                for name in (layer, None)
            )
        # HDF5, h5netcdf and xarray raise these and others for a damaged file.
        except (OSError, ValueError, LookupError, RuntimeError, TypeError, AttributeError) as error:
            raise InputError(path, " ".join(str(error).split()), expected) from error
        check_stored(path, ["post"], layer)
        named = next((data for data in (group, root) if "stimulus" in data.variables), None)
        if "post" not in group or named is None:
            missing = "post" if named is not None else "stimulus"
            raise InputError(path, f"no variable {missing!r} of layer {layer!r}", expected)
        values = group["post"]
        if values.dims != ("stimulus", "unit"):
            found = f"post ({', '.join(map(str, values.dims))}) in layer {layer!r}"
            raise InputError(path, found, "post (stimulus, unit)")
        yield path, values, named["stimulus"].values.astype(str)


def _check(
    place: PathLike, layer: str, values: np.ndarray | xr.DataArray, names: np.ndarray
) -> None:
    """Refuse a layer of another form, from what is known before it is read."""
    if values.ndim != 2 or values.dtype.kind not in "fiu" or 0 in values.shape:
        raise InputError(
            place,
            f"{values.dtype} of shape {tuple(values.shape)} in layer {layer!r}",
            "numbers (stimulus x unit)",
        )
    if names.shape != values.shape[:1]:
        raise InputError(
            place,
            f"{values.shape[0]} rows in layer {layer!r} and {names.size} names of stimuli",
            "a row for each name",
        )
    found, counts = np.unique(names, return_counts=True)
    if (counts > 1).any():
        raise InputError(
            place,
            f"the stimulus {str(found[counts.argmax()])!r} {counts.max()} times",
            "each name once",
        )
