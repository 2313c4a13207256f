"""Bring the responses of one subject from a file of NumPy or MATLAB into the form of a recording.

It reads .npy and .npz files, and .mat files of MATLAB's version 7.3, which is HDF5, and before.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import scipy.io
import xarray as xr

from workflow_scripts.brains.converters.command import DATA_KINDS, one_sentence, write_recording
from workflow_scripts.brains.converters.labels import plain, to_labels
from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike

AXES = ("stimulus", "trial", "unit")
"""Axes of responses in the order of recordings. The trial may be missing."""


def read_variable(path: PathLike, name: str | None = None) -> np.ndarray:
    """One variable of a file, with its axes as NumPy or MATLAB shows them.

    Parameters
    ----------
    path : str or path-like
    name : str, optional
        None for the only variable.

    Raises
    ------
    InputError
        If there is no such variable, or if it is not an array of numbers or text.
    """
    variables = _variables(path)
    if name is None and len(variables) == 1:
        [name] = variables
    if name not in variables:
        found = "no name of a variable" if name is None else f"no variable {name!r}"
        raise InputError(path, found, f"one of {', '.join(variables)}")
    try:
        return variables[name]()
    except Exception as error:
        # NumPy, SciPy and h5py raise many kinds of errors for a broken file.
        reason = str(error).partition("\n")[0]
        expected = "an array of numbers or text, or a cell array of text"
        raise InputError(f"{path} {name}", f"no such array ({reason})", expected) from error


def _variables(path: PathLike) -> dict[str, Callable[[], np.ndarray]]:
    """How each variable of a file is read, by name; the variable of a .npy file is called so."""
    suffix = Path(path).suffix.lower()
    try:
        if suffix == ".npy":
            return {"npy": partial(np.load, path)}
        if suffix == ".npz":
            with np.load(path) as file:
                return {name: partial(_from_npz, path, name) for name in file.files}
        if suffix == ".mat" and h5py.is_hdf5(path):
            with h5py.File(path) as file:
                # MATLAB keeps the contents of cells in groups with such names.
                names = [name for name in file if not name.startswith("#")]
            return {name: partial(_from_hdf5, path, name) for name in names}
        if suffix == ".mat":
            names = [name for name, _, _ in scipy.io.whosmat(path)]
            return {name: partial(_from_mat, path, name) for name in names}
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise InputError(path, f"no readable file ({reason})", f"a {suffix} file") from error
    raise InputError(path, f"the suffix {suffix!r}", ".npy, .npz or .mat")


def _from_npz(path: PathLike, name: str) -> np.ndarray:
    with np.load(path) as file:
        values: np.ndarray = file[name]
        return values


def _from_mat(path: PathLike, name: str) -> np.ndarray:
    values = scipy.io.loadmat(path, variable_names=[name])[name]
    if not isinstance(values, np.ndarray) or values.dtype.names:
        raise ValueError("a sparse array or a struct")
    return values


def _from_hdf5(path: PathLike, name: str) -> np.ndarray:
    with h5py.File(path) as file:
        return _from_matlab(file, file[name])


def _from_matlab(file: h5py.File, node: h5py.Dataset | h5py.Group) -> np.ndarray:
    """An array of MATLAB, which HDF5 holds with its axes in reverse order."""
    kind = node.attrs.get("MATLAB_class", b"struct")
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    if isinstance(node, h5py.Group) or kind in ("struct", "string"):
        raise ValueError("a sparse array, a struct, a string array or none of MATLAB")
    if "MATLAB_empty" in node.attrs:
        return np.array([], dtype=str)
    values = node[()].T
    if kind == "cell":
        cells = [_from_matlab(file, file[reference]) for reference in values.ravel()]
        return to_labels(cells)
    if kind == "char":
        return np.array(["".join(map(chr, row)) for row in values], dtype=str)
    return np.asarray(values)


def arrange(responses: np.ndarray, dimensions: Sequence[str], place: object) -> np.ndarray:
    """Responses with their axes in the order of recordings.

    Parameters
    ----------
    responses : numpy.ndarray
    dimensions : sequence of str
        Its axes: stimulus and unit, and trial if there are single trials, in any order.
    place : object
        What to name if they do not fit.

    Returns
    -------
    numpy.ndarray of float, shape (n_stimuli, n_trials, n_units) or (n_stimuli, n_units)

    Raises
    ------
    InputError
        If they do not fit, or the responses are not numbers.
    """
    if sorted(dimensions) not in (sorted(AXES), ["stimulus", "unit"]):
        expected = "stimulus,unit or stimulus,trial,unit in any order"
        raise InputError("option --dimensions", ",".join(dimensions) or "nothing", expected)
    if responses.dtype.kind not in "iuf":
        raise InputError(place, f"responses of type {responses.dtype}", "numbers")
    if responses.ndim != len(dimensions):
        expected = f"the axes {', '.join(dimensions)}; say with --dimensions which ones it has"
        raise InputError(place, f"responses of shape {responses.shape}", expected)
    order = [dimensions.index(axis) for axis in AXES if axis in dimensions]
    return responses.transpose(order).astype(float)


def find_labels(path: PathLike, source: str, option: str) -> np.ndarray | None:
    """Labels from a variable of the file, or from a file of their own.

    Parameters
    ----------
    path : str or path-like
        File of the responses.
    source : str
        Name of a variable of it, or of a .npy file, or of a text file with one label per line.
    option : str
        What to name in messages.

    Returns
    -------
    numpy.ndarray of str, or None
        None if there is neither a variable nor a file of this name.
    """
    if source in _variables(path):
        return to_labels(read_variable(path, source))
    if not Path(source).is_file():
        return None
    if Path(source).suffix.lower() == ".npy":
        return to_labels(read_variable(source))
    try:
        lines = Path(source).read_text(encoding="utf-8-sig").rstrip().splitlines()
        return np.array(lines, dtype=str)
    except UnicodeDecodeError as error:
        raise InputError(f"option {option}", source, "a .npy or text file") from error


def convert(
    path: PathLike,
    *,
    stimuli: str,
    areas: str,
    subject: str,
    data_kind: Literal["recorded", "simulated"],
    measurement: str,
    units: str,
    responses: str | None = None,
    dimensions: Sequence[str] | None = None,
) -> xr.Dataset:
    """Make a recording from the arrays of a file.

    Parameters
    ----------
    path : str or path-like
    stimuli, areas : str
        Name of a variable of the file or of a file of labels; areas may also be the one area of all
        units.
    subject, data_kind, measurement, units : str
        See `workflow_scripts.brains.from_array.make_recording`.
    responses : str, optional
        Name of the variable with the responses; the only one by default.
    dimensions : sequence of str, optional
        Axes of the responses; by default those of recordings.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    InputError
        If something is missing, or does not fit.
    """
    array = read_variable(path, responses)
    if dimensions is None:
        dimensions = ("stimulus", "unit") if array.ndim == 2 else AXES
    if Path(path).suffix.lower() == ".mat" and array.ndim < len(dimensions):
        # MATLAB drops the last axes if their length is 1.
        array = array.reshape(array.shape + (1,) * (len(dimensions) - array.ndim))
    values = arrange(array, dimensions, path)
    names = find_labels(path, stimuli, "--stimuli")
    if names is None:
        expected = f"a file, or one of the variables {', '.join(_variables(path))} of {path}"
        raise InputError("option --stimuli", repr(stimuli), expected)
    labels = find_labels(path, areas, "--areas")
    if labels is None:
        labels = np.full(values.shape[-1], areas)
    area = plain(labels.tolist(), "area")
    return make_recording(
        values,
        names,
        [area[label] for label in labels.tolist()],
        subject=subject,
        data_kind=data_kind,
        measurement=measurement,
        units=units,
    )


def main() -> None:
    """Convert the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", metavar="FILE", help=".npy, .npz or .mat file")
    parser.add_argument("--responses", help="name of the variable with the responses, if several")
    parser.add_argument(
        "--dimensions",
        type=lambda text: text.split(","),
        help="order of its axes, such as unit,stimulus,trial; default: stimulus,trial,unit",
    )
    labels = "name of a variable, or of a .npy or text file with one label per line"
    parser.add_argument("--stimuli", required=True, help=f"names of the stimuli: {labels}")
    parser.add_argument(
        "--areas", required=True, help=f"areas of the units: {labels}; or the area of all units"
    )
    parser.add_argument("--subject", required=True, help="name of the subject")
    parser.add_argument("--data-kind", required=True, choices=DATA_KINDS)
    parser.add_argument("--measurement", required=True, help="such as spikes, calcium or fmri")
    parser.add_argument("--units", required=True, help="unit of the responses, such as spikes/s")
    parser.add_argument("--output", required=True, help="recording to write: FOLDER/NAME.nc")
    options = vars(parser.parse_args())
    path, output = options.pop("file"), options.pop("output")
    with one_sentence():
        write_recording(convert(path, **options), output)


if __name__ == "__main__":
    main()
