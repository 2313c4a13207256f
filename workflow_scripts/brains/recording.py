"""The form of a recording on disk, and the one check of it, for jobs and for the command line.

A recording is a netCDF-4 file with one subject's responses to the images of its brain, written by
`extract_responses` or by a lab (see `from_array`). Variables that are not listed here, such as
``spike_count`` (stimulus, trial, unit), may be in it and are not read. ``trial_rate`` (stimulus,
trial, unit), whose mean over trials is ``rate``, is needed for the noise correction only.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import h5netcdf
import numpy as np

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.profile import POOL

REAL, INTEGER, TEXT = "floating-point numbers", "integers", "text"

LABEL = "integers or text"

DTYPE_KINDS = {REAL: "f", INTEGER: "iu", TEXT: "OSU", LABEL: "iuOSU"}
"""Kinds of NumPy types, as ``dtype.kind`` names them, that count as each type."""

VARIABLES = {
    "rate": (("stimulus", "unit"), REAL),  # mean over trials, spikes/s
    "stimulus": (("stimulus",), INTEGER),  # number of the image: 0, 1, ...
    "unit": (("unit",), LABEL),  # unique
    "area": (("unit",), TEXT),  # one of the brain's areas
    "reliability": (("unit",), REAL),  # split-half; NaN where it is not defined
}
"""Dimensions and type of each variable. ``reliability`` may be missing if units are not chosen by
it; it cannot be computed where there are no single trials."""

TRIAL_DIMENSIONS = ("stimulus", "trial", "unit")

ATTRIBUTES = ("session_id", "data_kind")

DATA_KINDS = ("recorded", "simulated")


@dataclass(frozen=True, eq=False)
class Recording:
    """Responses of one subject.

    Attributes
    ----------
    subject : str
        The file's ``session_id``.
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


def check_recording(
    path: PathLike,
    *,
    brain: str,
    areas: Sequence[str],
    n_stimuli: int,
    min_reliability: float | None,
    taken: dict[str, PathLike],
) -> Recording:
    """Read one recording and refuse a file that is not in the form.

    Parameters
    ----------
    path : str or path-like
    brain : str
        Name of the brain in the configuration, for the keys that messages name.
    areas : sequence of str
        Areas that the brain has in the configuration.
    n_stimuli : int
        Number of images; the stimulus ids are 0 to `n_stimuli` - 1, in this order.
    min_reliability : float or None
        Smallest reliability of the units that will be kept; None if it will not decide on them.
    taken : dict of str to str or path-like
        Names that other subjects have, and where; this one's is added.

    Returns
    -------
    Recording

    Raises
    ------
    InputError
        With one sentence on the first thing that is wrong.
    """
    needed = [name for name in VARIABLES if name != "reliability" or min_reliability is not None]
    variables, attributes = _read(path, needed, brain)
    rate = variables["rate"].astype(np.float64)
    _check_attributes(path, attributes, taken)
    _check_stimuli(path, variables["stimulus"], n_stimuli)
    units, area = variables["unit"], variables["area"]
    _check_units(path, units, area, areas)
    wrong = ~(np.isfinite(rate) & (rate >= 0))
    if wrong.any():
        stimulus, unit = np.argwhere(wrong)[0]
        raise InputError(
            path,
            f"a rate of {rate[stimulus, unit]} for unit {units[unit]} at stimulus {stimulus}",
            "a finite number of spikes/s of at least 0",
        )
    reliability = variables.get("reliability")
    if reliability is not None and np.isinf(reliability).any():
        raise InputError(
            path,
            f"an infinite reliability of unit {units[np.isinf(reliability).argmax()]}",
            "a number of at most 1, or NaN where it is not defined",
        )
    subject = str(attributes["session_id"])
    taken[subject] = path
    return Recording(subject, str(attributes["data_kind"]), rate, units, area, reliability)


def read_bins(path: PathLike, brain: str) -> tuple[np.ndarray, np.ndarray]:
    """Responses in bins, for preset nayebi.

    Parameters
    ----------
    path : str or path-like
    brain : str
        Name of the brain in the configuration.

    Returns
    -------
    rate : numpy.ndarray, shape (n_stimuli, n_bins, n_units)
        In spikes/s.
    reliability : numpy.ndarray, shape (n_bins, n_units)

    Raises
    ------
    InputError
        If the file has no bins, as a lab's own file.
    """
    with h5netcdf.File(path) as data:
        for name in ("bin_rate", "bin_reliability"):
            if name not in data.variables:
                raise InputError(
                    path,
                    f"no variable {name!r}",
                    f"one, because config brains.{brain}.preset is nayebi",
                )
        return data["bin_rate"][...], data["bin_reliability"][...]


def read_trials(path: PathLike, recording: Recording, brain: str) -> np.ndarray:
    """Rates in single trials, for the noise correction.

    Parameters
    ----------
    path : str or path-like
    recording : Recording
        What `check_recording` has read from the same file.
    brain : str
        Name of the brain in the configuration.

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
    key = f"config brains.{brain}.noise_correction"
    with h5netcdf.File(path) as data:
        if "trial_rate" not in data.variables:
            raise InputError(path, "no variable 'trial_rate'", f"one, for {key}")
        _check_variable(path, data["trial_rate"], "trial_rate", TRIAL_DIMENSIONS, REAL)
        trials = data["trial_rate"][...].astype(np.float32)
    check_trials(path, "trial_rate", trials, recording.unit, 2, f" for {key}")
    mean = np.nanmean(trials, axis=1, dtype=float)
    differs = ~np.isclose(mean, recording.rate, rtol=1e-4, atol=1e-6)
    if differs.any():
        stimulus, unit = np.argwhere(differs)[0]
        raise InputError(
            path,
            f"trial_rate with the mean {mean[stimulus, unit]:g} at stimulus {stimulus} for unit "
            f"{recording.unit[unit]}",
            f"its rate, {recording.rate[stimulus, unit]:g}",
        )
    return trials


def check_trials(
    place: object,
    name: str,
    trials: np.ndarray,
    units: Sequence[object] | np.ndarray,
    n_needed: int,
    purpose: str = "",
) -> None:
    """Refuse single trials that are negative or infinite, or too few.

    Parameters
    ----------
    place : object
        File or variable to name.
    name : str
        What the trials are called there.
    trials : numpy.ndarray, shape (n_stimuli, n_trials, n_units)
        In spikes/s, NaN where a trial is missing.
    units : sequence
        Labels of the units.
    n_needed : int
        Fewest trials of every stimulus that every unit must have.
    purpose : str
        What they are needed for, with a leading space.

    Raises
    ------
    InputError
    """
    wrong = np.isinf(trials) | (trials < 0)
    if wrong.any():
        raise InputError(
            place,
            f"{name} {trials[wrong][0]} at (stimulus, trial, unit) "
            f"{tuple(map(int, np.argwhere(wrong)[0]))}",
            "spikes/s of at least 0, or NaN for a missing trial",
        )
    n_trials = np.isfinite(trials).sum(axis=1)
    if (n_trials < n_needed).any():
        stimulus, unit = np.argwhere(n_trials < n_needed)[0]
        raise InputError(
            place,
            f"{n_trials[stimulus, unit]} trials of stimulus {stimulus} for unit {units[unit]}",
            f"at least {n_needed}{purpose}",
        )


def _read(
    path: PathLike, needed: Iterable[str], brain: str
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The form's variables that the file has, by name, and its attributes."""
    try:
        # By h5netcdf, as xarray takes longer to open all variables than many a fit takes.
        with h5netcdf.File(path) as data:
            for name in needed:
                if name not in data.variables:
                    use = f" (for config brains.{brain}.filters.min_reliability)"
                    raise InputError(
                        path,
                        f"no variable {name!r}",
                        ", ".join(needed) + (use if name == "reliability" else ""),
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
        raise InputError(path, f"no readable netCDF-4 file ({error})", "a recording") from error


def _check_variable(
    path: PathLike,
    variable: h5netcdf.Variable,
    name: str,
    dimensions: tuple[str, ...],
    kind: str,
) -> None:
    if variable.dimensions != dimensions:
        raise InputError(
            path,
            f"{name} with the dimensions ({', '.join(variable.dimensions)})",
            f"({', '.join(dimensions)})",
        )
    if variable.dtype.kind not in DTYPE_KINDS[kind]:
        raise InputError(path, f"{name} of type {variable.dtype}", kind)


def _check_attributes(
    path: PathLike, attributes: dict[str, Any], taken: dict[str, PathLike]
) -> None:
    for name in ATTRIBUTES:
        if name not in attributes:
            raise InputError(path, f"no attribute {name!r}", ", ".join(ATTRIBUTES))
    kind, subject = str(attributes["data_kind"]), str(attributes["session_id"])
    if kind not in DATA_KINDS:
        raise InputError(path, f"data_kind {kind!r}", " or ".join(DATA_KINDS))
    # Names of networks contain a slash, so no subject of a brain can have the name of a network.
    if subject == POOL or not re.fullmatch(r"[A-Za-z0-9_.-]+", subject):
        raise InputError(
            path,
            f"session_id {subject!r}",
            f"a name of letters, digits, '_', '.' and '-' that is not {POOL!r}",
        )
    if subject in taken:
        raise InputError(
            path,
            f"session_id {subject!r}, as in {taken[subject]}",
            "a name that no other subject has",
        )


def _check_stimuli(path: PathLike, stimulus: np.ndarray, n_stimuli: int) -> None:
    if len(stimulus) != n_stimuli:
        raise InputError(
            path, f"{len(stimulus)} stimulus ids", f"{n_stimuli}, one for each image of the brain"
        )
    wrong = stimulus != np.arange(n_stimuli)
    if wrong.any():
        raise InputError(
            path,
            f"stimulus id {stimulus[wrong.argmax()]} at position {wrong.argmax()}",
            f"the ids 0 to {n_stimuli - 1} in order",
        )


def _check_units(path: PathLike, units: np.ndarray, area: np.ndarray, areas: Sequence[str]) -> None:
    names, counts = np.unique(units, return_counts=True)
    if (counts > 1).any():
        raise InputError(
            path, f"unit id {names[counts.argmax()]} {counts.max()} times", "each id once"
        )
    unknown = ~np.isin(area, areas)
    if unknown.any():
        raise InputError(
            path,
            f"area {str(area[unknown.argmax()])!r} of unit {units[unknown.argmax()]}",
            f"one of {', '.join(areas)}",
        )


def _text(values: np.ndarray) -> np.ndarray:
    """Labels as str, whichever way the file holds them."""
    return np.array(
        [value.decode() if isinstance(value, bytes) else str(value) for value in values], dtype=str
    )
