"""Check a lab's own recording, and add the reliability of its units if it has none."""

from typing import Any

import numpy as np
import xarray as xr

from workflow_scripts.brains.recording import Labels, read_labels, read_responses, read_trials
from workflow_scripts.brains.reliability import N_HALVES, split_half_reliability
from workflow_scripts.common.files import PathLike, write_netcdf
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.common.random_streams import generator


def complete(
    labels: Labels, responses: np.ndarray, trials: np.ndarray | None, seed: int
) -> xr.Dataset:
    """A recording with everything that can be computed from its responses.

    Parameters
    ----------
    labels : Labels
    responses : numpy.ndarray of float64, shape (n_stimuli, n_units)
    trials : numpy.ndarray of float32, shape (n_stimuli, n_trials, n_units), or None
    seed : int
        Master seed of the halves of trials.
    """
    reliability = labels.reliability
    variables: dict[str, Any] = {
        "response": (("stimulus", "unit"), responses, {"units": labels.units})
    }
    if trials is not None:
        variables["trial_response"] = (
            ("stimulus", "trial", "unit"),
            trials,
            {"units": labels.units},
        )
        if reliability is None:
            random = generator(seed, "own_responses", labels.subject)
            reliability = split_half_reliability(trials, N_HALVES, random)
    coordinates = {
        "stimulus": labels.stimulus,
        "unit": labels.unit,
        "area": ("unit", labels.area),
    }
    if reliability is not None:
        coordinates["reliability"] = ("unit", reliability)
    return xr.Dataset(variables, coordinates)


def main(path: PathLike, settings: dict[str, Any], output: PathLike) -> None:
    """Write a recording in the form in which other jobs read it."""
    labels = read_labels(path)
    responses = read_responses(path, labels)
    trials = read_trials(path, labels, responses) if labels.has_trials else None
    data = complete(labels, responses, trials, settings["seed"])
    data.attrs = {
        "subject": labels.subject,
        "measurement": labels.measurement,
        **stamp(settings, seed=settings["seed"], data_kind=labels.data_kind),
    }
    write_netcdf(data, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.recording, snakemake.params.settings, snakemake.output[0])
