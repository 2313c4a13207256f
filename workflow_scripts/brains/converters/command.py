"""What the commands of all converters share: how they write a recording, and how they fail."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import xarray as xr

from workflow_scripts.brains.recording import read_labels, units_per_area
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, replacing

DATA_KINDS = ("recorded", "simulated")
"""Where responses may come from."""


def write_recording(recording: xr.Dataset, path: PathLike) -> None:
    """Write a recording, and log what is in it.

    Raises
    ------
    InputError
        If it is not in the form, such as for a name that comes twice.
    """
    with replacing(path) as temporary:
        recording.to_netcdf(temporary, engine="h5netcdf")
        try:
            labels = read_labels(temporary)
        except InputError as error:
            _, found, expected = error.args
            raise InputError(path, found, expected) from error
    trials = f"up to {recording.sizes['trial']} trials" if labels.has_trials else "no single trials"
    n_stimuli = len(labels.stimulus)
    logging.info("%s: %d stimuli, %s, %s", path, n_stimuli, trials, units_per_area(labels))


@contextmanager
def one_sentence() -> Iterator[None]:
    """Log to standard error, and end in one sentence on what a person can correct."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", force=True)
    try:
        yield
    except InputError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"the system refused to read or write: {error}")
