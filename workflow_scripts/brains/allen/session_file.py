"""Session files of the Allen Institute, read as HDF5.

AllenSDK neither checks whether a file is whole, nor counts the units that fail quality control, nor
leaves out the large arrays that nothing here needs.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Literal

import h5py
import numpy as np

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike

METRICS = ("isi_violations", "amplitude_cutoff", "presence_ratio", "snr")
"""Measures of a unit's quality."""

REQUIRED = (
    "identifier",
    "session_description",
    "intervals",
    "general/extracellular_ephys/electrodes/id",
    "general/extracellular_ephys/electrodes/location",
    "units/id",
    "units/peak_channel_id",
    "units/spike_times",
    "units/spike_times_index",
    "units/spike_amplitudes",
    "units/waveform_mean",
    *(f"units/{metric}" for metric in METRICS),
)
"""What AllenSDK or this module reads of every session file."""

INTERVALS = ("natural_scenes_presentations", "invalid_times")
"""Tables whose beginnings and ends decide which spikes count; a session may lack either."""

SCENES = f"intervals/{INTERVALS[0]}/frame"
"""Scene of each presentation; missing in sessions that showed none."""


@contextmanager
def _opened(path: PathLike, expected: str) -> Iterator[h5py.File]:
    """The open file; what HDF5 raises for a damaged one becomes a sentence."""
    try:
        with h5py.File(path, "r") as file:
            yield file
    except InputError:
        raise
    except (LookupError, OSError, ValueError, RuntimeError, TypeError, AttributeError) as error:
        raise InputError(path, f"no whole HDF5 file ({error})", expected) from error


def check_file(path: PathLike, session: int) -> Literal["simulated", "recorded"]:
    """Check that a file is the Allen session it is taken for, before AllenSDK opens it.

    Returns
    -------
    {"simulated", "recorded"}
        ``simulated`` if the file says that it is.

    Raises
    ------
    InputError
        If the file is missing, unreadable, of another session, or lacks something that is needed.
    """
    expected = f"the NWB file of session {session}"
    if not Path(path).is_file():
        raise InputError(path, "no such file", expected)
    with _opened(path, expected) as file:
        absent = [item for item in REQUIRED if item not in file]
        if absent:
            found = f"no {', '.join(absent)}"
            raise InputError(path, found, "a session file of the Allen Institute")
        identifier = file["identifier"].asstr()[()]
        simulated = file["session_description"].asstr()[()].startswith("simulated")
    if identifier != str(session):
        raise InputError(path, f"session {identifier}", f"session {session}")
    return "simulated" if simulated else "recorded"


def check_content(path: PathLike, session: int, n_scenes: int) -> None:
    """Check that a file is the session, shows every scene, and that its spikes are all there.

    Parameters
    ----------
    path : str or path-like
    session : int
    n_scenes : int
        The frames must be 0 to `n_scenes` - 1, and the blank -1. The extraction checks whether each
        is shown often enough.

    Raises
    ------
    InputError
    """
    check_file(path, session)
    check_times(path)
    with _opened(path, f"the NWB file of session {session}") as file:
        if SCENES not in file:
            raise InputError(path, f"no {SCENES}", "a session with natural scenes")
        frames = sorted(set(file[SCENES][:].tolist()))
        if frames != list(range(-1, n_scenes)):
            ends = f" from {frames[0]} to {frames[-1]}" if frames else ""
            raise InputError(
                path, f"{len(frames)} frames{ends}", f"0 to {n_scenes - 1} and the blank -1"
            )


def check_times(path: PathLike) -> None:
    """Check what AllenSDK takes for granted of the times that decide which spikes count.

    Each unit's spikes are where the index says, in order, and nothing ends before it begins.

    Raises
    ------
    InputError
    """
    with _opened(path, "the spikes of all units and the intervals of the session") as file:
        for name, kinds, expected in (
            ("units/spike_times", "f", "floating-point numbers, times in s"),
            ("units/spike_times_index", "iu", "integers"),
        ):
            column = file[name]
            if column.ndim != 1 or column.dtype.kind not in kinds:
                found = f"{name} as {column.dtype} of shape {column.shape}"
                raise InputError(path, found, f"one row of {expected}")
        times, ends = file["units/spike_times"], file["units/spike_times_index"][:]
        # Unsigned numbers would wrap where the index descends.
        starts = np.concatenate([[0], ends.astype(np.int64)])
        fits = len(ends) == len(file["units/id"]) and starts[-1] == len(times)
        if not fits or (np.diff(starts) < 0).any():
            raise InputError(
                path,
                f"an index of spikes that does not fit its {len(times)} spikes",
                "the end of each unit's spikes, in ascending order",
            )
        for unit, (start, end) in enumerate(pairwise(starts.tolist())):
            if not (np.diff(times[start:end]) >= 0).all():
                raise InputError(
                    path,
                    f"spike times that do not ascend, of unit {file['units/id'][unit]}",
                    "the times of each unit's spikes in ascending order",
                )
        for name in INTERVALS:
            if name in file["intervals"]:
                start, stop = (
                    file["intervals"][name][f"{end}_time"][:] for end in ("start", "stop")
                )
                # Where either is NaN as well.
                if not (start <= stop).all():
                    found = f"a row of {name} without a beginning before its end"
                    raise InputError(path, found, "start_time and stop_time of each row, in s")


def count_units_in_file(path: PathLike, areas: Sequence[str]) -> list[int]:
    """Number of units of each area that the file holds, whatever their quality.

    AllenSDK shows only those that pass its quality control.

    Returns
    -------
    list of int
        In the order of `areas`.
    """
    with h5py.File(path, "r") as file:
        electrodes = file["general/extracellular_ephys/electrodes"]
        location = dict(
            zip(electrodes["id"][:], electrodes["location"].asstr()[:], strict=True),
        )
        found = [location.get(channel) for channel in file["units/peak_channel_id"][:]]
    return [found.count(area) for area in areas]


@contextmanager
def slimmed(path: PathLike, folder: PathLike) -> Iterator[Path]:
    """Yield a copy of a session file in which amplitudes and waveforms are one zero per unit.

    Nothing here needs them, but AllenSDK loads them whole: they are two thirds of a file, and of
    the memory that reading it takes. The copy is made in `folder` and removed.
    """
    temporary = Path(folder, f".slimmed-{Path(path).stem}")
    if temporary.exists():
        # A job that was killed has left it.
        shutil.rmtree(temporary)
    temporary.mkdir()
    try:
        copy = Path(shutil.copyfile(path, temporary / Path(path).name))
        with h5py.File(copy, "r+") as file:
            units = file["units"]
            n_units = len(units["id"])
            for name in ("spike_amplitudes", "waveform_mean"):
                shape = (n_units, *units[name].shape[1:-1], *(1,) * (units[name].ndim > 1))
                replace_column(units, name, np.zeros(shape))
                units[f"{name}_index"][...] = np.arange(1, n_units + 1)
        yield copy
    finally:
        shutil.rmtree(temporary)


def replace_column(table: h5py.Group, name: str, values: np.ndarray) -> None:
    """Give a ragged column of a table other values, under the same attributes."""
    attributes = dict(table[name].attrs)
    del table[name]
    column = table.create_dataset(name, data=values)
    column.attrs.update(attributes)
    table[f"{name}_index"].attrs["target"] = column.ref
