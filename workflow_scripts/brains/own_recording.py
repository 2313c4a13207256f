"""A lab's own recording, with what can be computed from its responses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from workflow_scripts.brains.recording import Labels
from workflow_scripts.brains.reliability import N_HALVES, split_half_reliability
from workflow_scripts.common.random_streams import generator


def complete(
    labels: Labels,
    responses: np.ndarray,
    trials: np.ndarray | None,
    seed: int,
    training: Sequence[str] | None = None,
) -> xr.Dataset:
    """A recording with everything that can be computed from its responses.

    Parameters
    ----------
    labels : Labels
    responses : numpy.ndarray of float64, shape (n_stimuli, n_units)
    trials : numpy.ndarray of float32, shape (n_stimuli, n_trials, n_units), or None
    seed : int
        Master seed of the halves of trials.
    training : sequence of str, optional
        Stimuli from whose trials alone the reliability is computed, also where one is given.
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
        if reliability is None or training is not None:
            random = generator(seed, "own_responses", labels.subject)
            if training is not None:
                trials = trials[np.isin(labels.stimulus, training)]
            reliability = split_half_reliability(trials, N_HALVES, random)
    coordinates = {
        "stimulus": labels.stimulus,
        "unit": labels.unit,
        "area": ("unit", labels.area),
    }
    if reliability is not None:
        coordinates["reliability"] = ("unit", reliability)
    return xr.Dataset(variables, coordinates)
