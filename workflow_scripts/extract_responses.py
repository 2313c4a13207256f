"""Read one Allen session file with AllenSDK and write its responses to the natural scenes.

Runs in the AllenSDK environment, which has older libraries than the rest of the workflow and no
Snakemake, hence the command line. The session file is opened for reading only.
"""

import logging
from pathlib import Path

import h5py
import numpy as np
import xarray as xr
from allensdk.brain_observatory.ecephys.ecephys_session import EcephysSession

from workflow_scripts.errors import InputError
from workflow_scripts.files import write_netcdf
from workflow_scripts.jobs import logged, parse_arguments
from workflow_scripts.provenance import stamp
from workflow_scripts.reliability import split_half_reliability
from workflow_scripts.seeds import generator

METRICS = ("isi_violations", "amplitude_cutoff", "presence_ratio", "snr")
REQUIRED = (
    "identifier",
    "session_description",
    "intervals",
    "general/extracellular_ephys/electrodes/location",
    "units/spike_times",
    *(f"units/{metric}" for metric in METRICS),
)
MISSING = -1


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


def select_scenes(session, expected_scenes, path):
    """Presentations of the natural scenes, without the blank, in order of time.

    AllenSDK has by then renamed the presentations that touch an interval without valid stimulus,
    so these are absent.

    Parameters
    ----------
    session : EcephysSession
        The open session.
    expected_scenes : int
        Number of scenes; their frames are 0 to `expected_scenes` - 1.
    path : str
        What to call the file in an error.

    Returns
    -------
    pandas.DataFrame
        ``frame``, ``start_time`` and ``stop_time`` (s) by presentation id.
    """
    presentations = session.stimulus_presentations
    scenes = presentations[presentations["stimulus_name"] == "natural_scenes"]
    if scenes.empty:
        raise InputError(f"{path}: has no presentations of natural_scenes")
    scenes = scenes[["frame", "start_time", "stop_time"]].astype(float).sort_values("start_time")
    scenes["frame"] = scenes["frame"].astype(int)
    scenes = scenes[scenes["frame"] != -1]
    counts = scenes["frame"].value_counts()
    unknown = sorted(set(counts.index) - set(range(expected_scenes)))
    if unknown:
        raise InputError(
            f"{path}: shows frames {unknown}, expected 0 to {expected_scenes - 1} and the blank -1"
        )
    few = [scene for scene in range(expected_scenes) if counts.get(scene, 0) < 2]
    if few:
        raise InputError(f"{path}: scenes {few} have fewer than the two valid presentations needed")
    return scenes


def count_spikes(session, scenes, unit_ids, window_s):
    """Spike counts of the units in a window after the start of each presentation.

    A spike exactly at either end of the window counts, which is how AllenSDK counts in one bin.
    Counts of a probe's units in a presentation whose window touches an interval that is marked as
    invalid for that probe are missing.

    Returns
    -------
    numpy.ndarray of int16
        Presentation x unit, `MISSING` where there is no valid count.
    """
    counted = session.presentationwise_spike_counts(
        bin_edges=np.asarray(window_s, float),
        stimulus_presentation_ids=scenes.index.to_numpy(),
        unit_ids=unit_ids,
    )
    counts = counted.isel(time_relative_to_stimulus_onset=0).values.astype(np.int16)
    probes = session.units.loc[unit_ids, "probe_description"].to_numpy()
    for interval in session.invalid_times.itertuples():
        touched = (scenes["start_time"] + window_s[0] <= interval.stop_time) & (
            scenes["start_time"] + window_s[1] >= interval.start_time
        )
        silenced = np.isin(probes, interval.tags) | ("all_probes" in interval.tags)
        counts[np.ix_(touched, silenced)] = MISSING
    return counts


def arrange_trials(counts, frames, n_scenes):
    """Sort the counts of presentations by scene.

    Parameters
    ----------
    counts : numpy.ndarray of int16
        Presentation x unit.
    frames : numpy.ndarray of int
        Scene of each presentation.
    n_scenes : int
        Number of scenes.

    Returns
    -------
    numpy.ndarray of int16
        Stimulus x trial x unit, in order of presentation; scenes with fewer trials than the
        others end in `MISSING`.
    """
    order = np.argsort(frames, kind="stable")
    n_trials = np.bincount(frames, minlength=n_scenes)
    trial = np.arange(len(frames)) - np.repeat(np.cumsum(n_trials) - n_trials, n_trials)
    arranged = np.full((n_scenes, n_trials.max(), counts.shape[1]), MISSING, np.int16)
    arranged[frames[order], trial] = counts[order]
    return arranged


def extract(path, settings):
    """Responses of one session to the natural scenes.

    Parameters
    ----------
    path : str
        Session file.
    settings : dict
        ``session``, ``areas``, ``window_s`` (s after the start of a presentation), ``quality``
        (limits, themselves accepted: ``isi_violations_maximum``, ``amplitude_cutoff_maximum``,
        ``presence_ratio_minimum``), ``n_halves``, ``expected_scenes``, ``seed``.

    Returns
    -------
    xarray.Dataset
        ``spike_count`` (stimulus, trial, unit), ``rate`` (stimulus, unit; spikes/s) and
        ``n_trials`` (stimulus), with area, quality and reliability of each unit.

    Raises
    ------
    InputError
        If the file is not what it is taken for, or no unit is left.
    """
    data_kind = check_file(path, settings["session"])
    session = EcephysSession.from_nwb_path(str(path), api_kwargs=dict(settings["quality"]))
    scenes = select_scenes(session, settings["expected_scenes"], path)
    units = session.units
    units = units[units["structure_acronym"].isin(settings["areas"])].sort_index()
    if units.empty:
        raise InputError(
            f"{path}: no unit of sufficient quality in any of {', '.join(settings['areas'])}"
        )
    counts = count_spikes(session, scenes, units.index.to_numpy(), settings["window_s"])
    counts = arrange_trials(counts, scenes["frame"].to_numpy(), settings["expected_scenes"])
    kept = ((counts != MISSING).sum(axis=1) >= 2).all(axis=0)
    logging.info(
        "%d units, of which %d lack two valid trials of some scene and are left out; %d to %d "
        "valid presentations a scene",
        len(units),
        (~kept).sum(),
        scenes["frame"].value_counts().min(),
        scenes["frame"].value_counts().max(),
    )
    if not kept.any():
        raise InputError(f"{path}: no unit has two valid trials of every scene")
    units, counts = units[kept], counts[:, :, kept]

    trials = np.where(counts == MISSING, np.nan, counts)
    start, stop = settings["window_s"]
    random = generator(settings["seed"], "extract_responses", settings["session"])
    reliability = split_half_reliability(trials, settings["n_halves"], random)
    return xr.Dataset(
        {
            "spike_count": (("stimulus", "trial", "unit"), counts),
            "rate": (
                ("stimulus", "unit"),
                np.nanmean(trials, axis=1) / (stop - start),
                {"units": "spikes/s"},
            ),
            "n_trials": ("stimulus", np.bincount(scenes["frame"]).astype(np.int32)),
        },
        coords={
            "stimulus": np.arange(settings["expected_scenes"]),
            "unit": units.index.to_numpy(np.int64),
            "area": ("unit", units["structure_acronym"].to_numpy(str)),
            **{metric: ("unit", units[metric].to_numpy(float)) for metric in METRICS},
            "reliability": ("unit", reliability),
        },
        attrs={
            "session_id": settings["session"],
            "window_start_s": float(start),
            "window_stop_s": float(stop),
            **settings["quality"],
            **stamp(settings, seed=settings["seed"], data_kind=data_kind),
        },
    )


def main():
    arguments = parse_arguments(__doc__, nwb="session file to read", output="netCDF file to write")
    with logged(arguments.log):
        encoding = {"spike_count": {"_FillValue": MISSING, "zlib": True}}
        write_netcdf(extract(arguments.nwb, arguments.settings), arguments.output, encoding)


if __name__ == "__main__":
    main()
