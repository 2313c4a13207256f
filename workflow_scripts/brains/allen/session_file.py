"""Session files of the Allen Institute, as HDF5: what AllenSDK does not check, count or spare."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from workflow_scripts.common.errors import InputError

METRICS = ("isi_violations", "amplitude_cutoff", "presence_ratio", "snr")

REQUIRED = (
    "identifier",
    "session_description",
    "intervals",
    "general/extracellular_ephys/electrodes/id",
    "general/extracellular_ephys/electrodes/location",
    "units/peak_channel_id",
    "units/spike_times",
    "units/spike_amplitudes",
    "units/waveform_mean",
    *(f"units/{metric}" for metric in METRICS),
)


SCENES = "intervals/natural_scenes_presentations/frame"


def check_file(path, session):
    """Check that a file is the Allen session it is taken for, before AllenSDK opens it.

    Returns
    -------
    str
        ``simulated`` if the file says that it is, else ``recorded``.

    Raises
    ------
    InputError
        If the file is missing, unreadable, without a part that is needed, or of another session.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file, expected the NWB file of session {session}")
    try:
        with h5py.File(path, "r") as file:
            absent = [item for item in REQUIRED if item not in file]
            if absent:
                raise InputError(f"{path}: has no {', '.join(absent)}, as Allen session files do")
            identifier = file["identifier"].asstr()[()]
            simulated = file["session_description"].asstr()[()].startswith("simulated")
    except OSError as error:
        raise InputError(f"{path}: is not a whole HDF5 file ({error})") from error
    if identifier != str(session):
        raise InputError(f"{path}: holds session {identifier}, expected {session}")
    return "simulated" if simulated else "recorded"


def check_content(path, session, n_scenes):
    """Check that a file is the session, shows every scene, and that its spikes are all there.

    Parameters
    ----------
    path : str or path-like
    session : int
    n_scenes : int
        The frames must be 0 to `n_scenes` - 1, and the blank -1. Whether each is shown often enough
        is for the extraction to say.

    Raises
    ------
    InputError
        With one sentence that names the file, what was found and what was expected.
    """
    check_file(path, session)
    with h5py.File(path, "r") as file:
        if SCENES not in file:
            raise InputError(f"{path}: has no {SCENES}, expected a session with natural scenes")
        frames = file[SCENES][:].astype(int)
        if set(frames) != set(range(-1, n_scenes)):
            raise InputError(
                f"{path}: shows {len(set(frames))} frames from {frames.min()} to {frames.max()}, "
                f"expected 0 to {n_scenes - 1} and the blank -1"
            )
        units, times = file["units"], file["units/spike_times"]
        ends = units["spike_times_index"][:]
        if len(ends) != len(units["id"]) or ends[-1] != len(times) or (np.diff(ends) < 0).any():
            raise InputError(
                f"{path}: found a spike index that does not fit its {len(times)} spikes"
            )
        times[-1:]  # the last bytes can be read


def count_units_in_file(path, areas):
    """Number of units of each area that the file holds, whatever their quality.

    AllenSDK shows only those that its quality control lets pass.

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
def slimmed(path, folder):
    """Yield a copy of a session file in which amplitudes and waveforms are one zero a unit.

    Nothing here needs them, but AllenSDK loads them whole: they are two thirds of a file, and of
    the memory that it takes. The copy is made in `folder` and removed.
    """
    temporary = Path(folder, f".slimmed-{Path(path).stem}")
    if temporary.exists():
        # Of a job that was killed.
        shutil.rmtree(temporary)
    temporary.mkdir()
    try:
        copy = shutil.copyfile(path, temporary / Path(path).name)
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


def replace_column(table, name, values):
    """Give the ragged column of a table other values, under the same attributes."""
    attributes = dict(table[name].attrs)
    del table[name]
    column = table.create_dataset(name, data=values)
    column.attrs.update(attributes)
    table[f"{name}_index"].attrs["target"] = column.ref
