"""A lab's own responses: from an array to a recording, and the check of recordings by hand.

    uv run python -m workflow_scripts.brains.own_responses FILE...

prints a line for each recording, what is in it or what is wrong with it, and fails if one is wrong.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import xarray as xr
import yaml
from snakemake.utils import update_config

from workflow_scripts.brains.recording import AREAS, check_recording, read_trials
from workflow_scripts.brains.reliability import split_half_reliability
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.provenance import stamp
from workflow_scripts.common.random_streams import generator


def make_recording(responses, areas, session_id, data_kind, n_halves=100, seed=0):
    """Bring the responses of one mouse into the form of `recordings`.

    Parameters
    ----------
    responses : array_like, shape (n_stimuli, n_trials, n_units)
        Firing rate in each trial, spikes/s: spike counts are to be divided by the seconds in which
        they were counted. NaN where a trial is missing. The stimuli are the scenes in their order.
    areas : sequence of str
        Area of each unit.
    session_id : str
        Name of the mouse, which no other has.
    data_kind : {"recorded", "simulated"}
    n_halves : int
        Number of random halves of the trials.
    seed : int
        Seed of the halves.

    Returns
    -------
    xarray.Dataset
        ``rate`` (stimulus, unit) and ``trial_rate`` (stimulus, trial, unit), with area and
        reliability of each unit, numbered from 0. A single trial leaves the reliability unknown,
        and out.

    Raises
    ------
    InputError
        If shapes do not fit, a response is negative or infinite, or a unit has too few trials of a
        stimulus: one where there is one, else the two that halves need.
    """
    responses = np.asarray(responses, float)
    if responses.ndim != 3 or responses.shape[2] != len(areas):
        raise InputError(
            f"responses: found shape {responses.shape} and {len(areas)} areas, expected (stimulus, "
            f"trial, unit) and an area for each unit"
        )
    wrong = np.isinf(responses) | (responses < 0)
    if wrong.any():
        raise InputError(
            f"responses: found {responses[wrong][0]} at (stimulus, trial, unit) "
            f"{tuple(map(int, np.argwhere(wrong)[0]))}, expected spikes/s of 0 at least, or NaN "
            f"for a missing trial"
        )
    needed = min(responses.shape[1], 2)
    n_trials = np.isfinite(responses).sum(axis=1)
    if (n_trials < needed).any():
        stimulus, unit = np.argwhere(n_trials < needed)[0]
        raise InputError(
            f"responses: found {n_trials[stimulus, unit]} trials of stimulus {stimulus} for unit "
            f"{unit}, expected {needed} at least"
        )
    coordinates = {
        "stimulus": np.arange(responses.shape[0]),
        "unit": np.arange(responses.shape[2]),
        "area": ("unit", np.asarray(areas, str)),
    }
    if needed > 1:
        random = generator(seed, "own_responses", session_id)
        reliability = split_half_reliability(responses, n_halves, random)
        coordinates["reliability"] = ("unit", reliability)
    rate = np.nanmean(responses, axis=1)
    return xr.Dataset(
        {
            "rate": (("stimulus", "unit"), rate, {"units": "spikes/s"}),
            "trial_rate": (
                ("stimulus", "trial", "unit"),
                responses.astype(np.float32),
                {"units": "spikes/s"},
            ),
        },
        coordinates,
        {
            "session_id": session_id,
            **stamp({"n_halves": n_halves}, seed=seed, data_kind=data_kind),
        },
    )


def describe(recording):
    """What is in a recording, in one line."""
    counts = {area: int((recording.area == area).sum()) for area in AREAS}
    units = ", ".join(f"{number} {area}" for area, number in counts.items() if number)
    n_stimuli, n_units = recording.rate.shape
    return (
        f"ok: {recording.subject}, {recording.data_kind}, {n_stimuli} stimuli, {n_units} units"
        f" ({units})"
    )


def main():
    parser = argparse.ArgumentParser(description="Check recordings as the workflow will.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="netCDF file of one mouse")
    parser.add_argument(
        "--configfile", nargs="+", default=[], help="overrides of config.yaml, as for snakemake"
    )
    arguments = parser.parse_args()
    config = {}
    for path in (Path(__file__).parent.parent / "config.yaml", *arguments.configfile):
        update_config(config, yaml.safe_load(Path(path).read_text()))
    mouse = config["mouse"]
    subjects = {str(session): "mouse.sessions" for session in mouse["sessions"]}
    wrong = False
    for path in arguments.files:
        try:
            recording = check_recording(path, mouse["n_scenes"], mouse["min_reliability"], subjects)
            if mouse["noise_correction"] is not None:
                read_trials(path, recording)
            print(f"{path}: {describe(recording)}")
        except InputError as error:
            print(error)
            wrong = True
    sys.exit(wrong)


if __name__ == "__main__":
    main()
