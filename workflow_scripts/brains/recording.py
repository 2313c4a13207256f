"""The form of a recording on disk, and the one check of it: for the pipeline, for the command line.

A recording is a netCDF-4 file of one mouse's responses to the scenes, written by
`extract_responses` or by a lab (see `own_responses`). What is not listed here, as ``spike_count``
(stimulus, trial, unit), may be in it and is not read. ``trial_rate`` (stimulus, trial, unit), of
which ``rate`` is the mean, is wanted for the noise correction alone.
"""

import re
from dataclasses import dataclass

import h5netcdf
import numpy as np

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.profile import POOL

REAL, INTEGER, TEXT = "floating-point numbers", "integers", "text"


LABEL = "integers or text"

DTYPE_KINDS = {REAL: "f", INTEGER: "iu", TEXT: "OSU", LABEL: "iuOSU"}

VARIABLES = {
    "rate": (("stimulus", "unit"), REAL),  # mean over trials, spikes/s
    "stimulus": (("stimulus",), INTEGER),  # frame of the scene: 0, 1, ...
    "unit": (("unit",), LABEL),  # unique
    "area": (("unit",), TEXT),  # one of AREAS
    "reliability": (("unit",), REAL),  # split-half; NaN where it is not defined
}
"""Dimensions and type of each variable. ``reliability`` may be missing where no unit is chosen by
it, which is where there are no single trials."""


ATTRIBUTES = ("session_id", "data_kind")

AREAS = ("VISp", "VISl", "VISrl", "VISal", "VISpm", "VISam")

DATA_KINDS = ("recorded", "simulated")


@dataclass(frozen=True, eq=False)
class Recording:
    """Responses of one mouse.

    Attributes
    ----------
    subject : str
        Its ``session_id``.
    data_kind : {"recorded", "simulated"}
    rate : numpy.ndarray of float64, shape (n_stimuli, n_units)
        Mean over trials, spikes/s.
    unit : numpy.ndarray of str, shape (n_units,)
    area : numpy.ndarray of str, shape (n_units,)
    reliability : numpy.ndarray of float, shape (n_units,), or None
    """

    subject: str
    data_kind: str
    rate: np.ndarray
    unit: np.ndarray
    area: np.ndarray
    reliability: np.ndarray | None


def check_recording(path, n_stimuli, min_reliability, subjects):
    """Read one recording and refuse what is not in the form.

    Parameters
    ----------
    path : str or path-like
    n_stimuli : int
        Number of scenes; the stimulus ids are 0 to `n_stimuli` - 1, in this order.
    min_reliability : float or None
        Smallest reliability that units will be chosen by; None if they will not be.
    subjects : dict of str to str or path-like
        Names that other recordings have, and where; this one's is added.

    Returns
    -------
    Recording

    Raises
    ------
    InputError
        With one sentence on the first thing that is wrong.
    """
    variables, attributes = _read(path, needed=_needed(min_reliability))
    rate = variables["rate"].astype(np.float64)
    _check_attributes(path, attributes, subjects)
    _check_stimuli(path, variables["stimulus"], n_stimuli)
    units, area = variables["unit"], variables["area"]
    _check_units(path, units, area)
    wrong = ~(np.isfinite(rate) & (rate >= 0))
    if wrong.any():
        stimulus, unit = np.argwhere(wrong)[0]
        raise InputError(
            f"{path}: rate is {rate[stimulus, unit]} for unit {units[unit]} at stimulus "
            f"{stimulus}, expected a finite number of spikes/s, 0 at least, for each"
        )
    reliability = variables.get("reliability")
    if reliability is not None and np.isinf(reliability).any():
        raise InputError(
            f"{path}: reliability is infinite for unit {units[np.isinf(reliability).argmax()]}, "
            f"expected a number of at most 1, or NaN where it is not defined"
        )
    subject = str(attributes["session_id"])
    subjects[subject] = path
    return Recording(subject, str(attributes["data_kind"]), rate, units, area, reliability)


def read_bins(path):
    """Rates (stimulus, bin, unit) and reliabilities (bin, unit) in bins, for preset nayebi.

    Raises
    ------
    InputError
        If the file has none, as a lab's own.
    """
    with h5netcdf.File(path) as data:
        for name in ("bin_rate", "bin_reliability"):
            if name not in data.variables:
                raise InputError(
                    f"{path}: has no variable {name!r}, expected it for mouse.preset nayebi"
                )
        return data["bin_rate"][...], data["bin_reliability"][...]


def read_trials(path, recording):
    """Rates in single trials, for the noise correction.

    Parameters
    ----------
    path : str or path-like
    recording : Recording
        The same file's.

    Returns
    -------
    numpy.ndarray of float32, shape (n_stimuli, n_trials, n_units)
        In spikes/s, NaN where a trial is missing.

    Raises
    ------
    InputError
        If there are none, a unit has fewer than two trials of a stimulus, or their mean is not the
        rate.
    """
    dimensions = ("stimulus", "trial", "unit")
    with h5netcdf.File(path) as data:
        if "trial_rate" not in data.variables:
            raise InputError(
                f"{path}: has no variable 'trial_rate', expected it for mouse.noise_correction"
            )
        _check_variable(path, data["trial_rate"], "trial_rate", dimensions, REAL)
        trials = data["trial_rate"][...].astype(np.float32)
    wrong = np.isinf(trials) | (trials < 0)
    if wrong.any():
        raise InputError(
            f"{path}: trial_rate is {trials[wrong][0]} at (stimulus, trial, unit) "
            f"{tuple(map(int, np.argwhere(wrong)[0]))}, expected spikes/s of 0 at least, or NaN "
            f"for a missing trial"
        )
    n_trials = np.isfinite(trials).sum(axis=1)
    if (n_trials < 2).any():
        stimulus, unit = np.argwhere(n_trials < 2)[0]
        raise InputError(
            f"{path}: trial_rate has {n_trials[stimulus, unit]} trials of stimulus {stimulus} for "
            f"unit {recording.unit[unit]}, expected two at least for mouse.noise_correction"
        )
    mean = np.nanmean(trials, axis=1, dtype=float)
    differs = ~np.isclose(mean, recording.rate, rtol=1e-4, atol=1e-6)
    if differs.any():
        stimulus, unit = np.argwhere(differs)[0]
        raise InputError(
            f"{path}: the mean of trial_rate is {mean[stimulus, unit]:g} at stimulus {stimulus} "
            f"for unit {recording.unit[unit]}, expected its rate, "
            f"{recording.rate[stimulus, unit]:g}"
        )
    return trials


def _needed(min_reliability):
    return [name for name in VARIABLES if name != "reliability" or min_reliability is not None]


def _read(path, needed):
    """Variables by name, those of the form only, and attributes."""
    try:
        # Not through xarray, which takes as long to open all variables as many fits do.
        with h5netcdf.File(path) as data:
            for name in needed:
                if name not in data.variables:
                    raise InputError(
                        f"{path}: has no variable {name!r}, expected {', '.join(needed)}"
                        + (" (for mouse.min_reliability)" if name == "reliability" else "")
                    )
            for name, (dimensions, kind) in VARIABLES.items():
                if name in data.variables:
                    _check_variable(path, data[name], name, dimensions, kind)
            variables = {name: data[name][...] for name in VARIABLES if name in data.variables}
            text = {name: _text(variables[name]) for name in ("unit", "area")}
            return {**variables, **text}, dict(data.attrs)
    except InputError:
        raise
    except (KeyError, OSError, ValueError) as error:
        raise InputError(f"{path}: found no readable netCDF-4 file: {error}") from error


def _check_variable(path, variable, name, dimensions, kind):
    if variable.dimensions != dimensions:
        raise InputError(
            f"{path}: {name} has dimensions ({', '.join(variable.dimensions)}), expected "
            f"({', '.join(dimensions)})"
        )
    if variable.dtype.kind not in DTYPE_KINDS[kind]:
        raise InputError(f"{path}: {name} is of type {variable.dtype}, expected {kind}")


def _check_attributes(path, attributes, subjects):
    for name in ATTRIBUTES:
        if name not in attributes:
            raise InputError(f"{path}: has no attribute {name!r}, expected {', '.join(ATTRIBUTES)}")
    kind, subject = str(attributes["data_kind"]), str(attributes["session_id"])
    if kind not in DATA_KINDS:
        raise InputError(f"{path}: data_kind is {kind!r}, expected {' or '.join(DATA_KINDS)}")
    # A slash marks networks, so that no mouse can have the name of one.
    if subject == POOL or not re.fullmatch(r"[A-Za-z0-9_.-]+", subject):
        raise InputError(
            f"{path}: session_id is {subject!r}, expected a name of letters, digits, '_', '.' and "
            f"'-' that is not {POOL!r}"
        )
    if subject in subjects:
        raise InputError(
            f"{path}: session_id is {subject!r}, as in {subjects[subject]}, expected a name that "
            f"no other mouse has"
        )


def _check_stimuli(path, stimulus, n_stimuli):
    if len(stimulus) != n_stimuli:
        raise InputError(
            f"{path}: stimulus holds {len(stimulus)} ids, expected {n_stimuli}, one for each scene"
        )
    wrong = stimulus != np.arange(n_stimuli)
    if wrong.any():
        raise InputError(
            f"{path}: stimulus holds {stimulus[wrong.argmax()]} at position {wrong.argmax()}, "
            f"expected the scenes 0 to {n_stimuli - 1} in order"
        )


def _check_units(path, units, area):
    names, counts = np.unique(units, return_counts=True)
    if (counts > 1).any():
        raise InputError(
            f"{path}: unit holds {names[counts.argmax()]} {counts.max()} times, expected each id "
            f"once"
        )
    unknown = ~np.isin(area, AREAS)
    if unknown.any():
        raise InputError(
            f"{path}: area is {str(area[unknown.argmax()]) or 'empty'} for unit "
            f"{units[unknown.argmax()]}, expected one of {', '.join(AREAS)}"
        )


def _text(values):
    """Labels as str, whichever way the file holds them."""
    return np.array(
        [value.decode() if isinstance(value, bytes) else str(value) for value in values], dtype=str
    )
