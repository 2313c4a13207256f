"""Recordings that the tests of brains share: one simulated subject with five units."""

from dataclasses import replace

import numpy as np
from PIL import Image

from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.brains.subjects import Filters
from workflow_scripts.common.files import write_netcdf
from workflow_scripts.common.stimuli import Stimuli

N_STIMULI, N_TRIALS, N_UNITS = 12, 6, 5
AREAS = ["VISp", "VISl", "VISam"]
UNIT_AREAS = ["VISp", "VISp", "VISl", "VISp", "VISam"]
FILTERS = Filters(AREAS, "ccn25", min_reliability=None, min_units=2)
DESCRIBED = {"data_kind": "simulated", "measurement": "spikes", "units": "spikes/s"}


def filters(**changes):
    """The filters of these recordings, which keep all units unless told otherwise."""
    return replace(FILTERS, **changes)


def names(n_stimuli=N_STIMULI):
    """Names of stimuli, in natural order."""
    return [f"faces/{number}.png" for number in range(n_stimuli)]


def stimuli(chosen=None, groups=None, is_test=None):
    """Stimuli that take part; each is a group of its own unless told otherwise."""
    chosen = np.array(names() if chosen is None else chosen, str)
    return Stimuli(chosen, chosen if groups is None else np.array(groups, str), is_test)


def simulated_responses(n_stimuli=N_STIMULI):
    """Spikes/s (stimulus, trial, unit) of units that prefer different stimuli, two trials lost."""
    random = np.random.default_rng(0)
    means = 20 * random.gamma(1, size=(n_stimuli, 1, N_UNITS))
    responses = random.poisson(0.2 * means, size=(n_stimuli, N_TRIALS, N_UNITS)) / 0.2
    responses[3, 1], responses[7, 5, 2] = np.nan, np.nan
    return responses


def recording(responses, areas=UNIT_AREAS, subject="own_1", stimuli=None, **described):
    """A recording of these responses, simulated spikes unless told otherwise."""
    stimuli = names(len(responses)) if stimuli is None else stimuli
    return make_recording(responses, stimuli, areas, subject=subject, **{**DESCRIBED, **described})


def simulated_recording(subject="own_1", areas=UNIT_AREAS, n_stimuli=N_STIMULI, **described):
    return recording(simulated_responses(n_stimuli), areas, subject, **described)


def write(data, path):
    write_netcdf(data, path)
    return path


def write_image(path, grey):
    """A small image of one grey value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4), grey).save(path)
