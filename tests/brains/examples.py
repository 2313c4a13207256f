"""Recordings that the tests of brains share: one simulated subject with five units."""

from dataclasses import replace

import numpy as np

from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.brains.subjects import Filters
from workflow_scripts.common.files import write_netcdf

N_STIMULI, N_TRIALS, N_UNITS = 12, 6, 5
AREAS = ["VISp", "VISl", "VISam"]
UNIT_AREAS = ["VISp", "VISp", "VISl", "VISp", "VISam"]
FILTERS = Filters(AREAS, "ccn25", n_stimuli=N_STIMULI, min_reliability=None, min_units=2)


def filters(**changes):
    """The filters of these recordings, which keep all units unless told otherwise."""
    return replace(FILTERS, **changes)


def simulated_responses(n_stimuli=N_STIMULI):
    """Spikes/s (stimulus, trial, unit) of units that prefer different stimuli, two trials lost."""
    random = np.random.default_rng(0)
    means = 20 * random.gamma(1, size=(n_stimuli, 1, N_UNITS))
    responses = random.poisson(0.2 * means, size=(n_stimuli, N_TRIALS, N_UNITS)) / 0.2
    responses[3, 1], responses[7, 5, 2] = np.nan, np.nan
    return responses


def simulated_recording(name="own_1", areas=UNIT_AREAS, **options):
    return make_recording(simulated_responses(**options), areas, name, "simulated")


def write(data, path):
    write_netcdf(data, path)
    return path
