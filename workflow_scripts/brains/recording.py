"""The form of a recording: one subject's responses to named stimuli, in one netCDF-4 file.

Every source of a brain is brought into it, and a lab writes it itself (`from_array` does so from
arrays). Variables that are not listed here, such as ``spike_count``, may be in a file and are not
read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import h5netcdf
import numpy as np

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.netcdf import check_stored, never_written
from workflow_scripts.common.profile import POOL

NUMBERS, REAL, TEXT, LABEL = "numbers", "floating-point numbers", "text", "integers or text"

DTYPE_KINDS = {NUMBERS: "iuf", REAL: "f", TEXT: "OSU", LABEL: "iuOSU"}
"""Kinds of NumPy types, as ``dtype.kind`` names them, that count as each type."""

REQUIRED = {
    "response": (("stimulus", "unit"), NUMBERS),  # mean over trials; NaN where there is none
    "stimulus": (("stimulus",), TEXT),  # unique; the image's path below the folder of images
    "unit": (("unit",), LABEL),  # unique
    "area": (("unit",), TEXT),
}
"""Dimensions and type of each variable that a recording must have."""

OPTIONAL = {
    "trial_response": (("stimulus", "trial", "unit"), NUMBERS),  # NaN where one is missing
    "reliability": (("unit",), REAL),  # split-half; NaN where it is not defined
}
"""Dimensions and type of each variable that a recording may have."""

SMALLEST, LARGEST = 1e-12, 1e12
"""Sizes between which responses are, so that every method can compute with them."""

ROUNDING = 1e-9
"""How far above 1 rounding may bring the reliability of a unit whose trials are all equal."""

CONVENTIONS = (
    *("scale_factor", "add_offset", "_FillValue", "missing_value", "_Unsigned"),
    *("valid_min", "valid_max", "valid_range"),
)
"""Attributes of a variable whose numbers are not what they seem."""

SHORT_TEXT = r"(?!\s*$)[^$\x00-\x1f\x7f\ud800-\udfff]{1,60}"
"""Text that figures can show: on one line, not blank, and without $, which begins a formula."""

ATTRIBUTES = {
    "subject": (r"[A-Za-z0-9_.-]{1,60}", "a name of letters, digits, '_', '.' and '-'"),
    "data_kind": ("recorded|simulated", "recorded or simulated"),
    "measurement": (SHORT_TEXT, "what was measured, such as spikes or fmri"),
}
"""Attributes of a recording: a regular expression of each, and what that says."""

UNITS = (SHORT_TEXT, "the unit of the responses, such as spikes/s, z or %")
"""Attribute ``units`` of ``response``, in the same form."""

AREA = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}"
"""Form of the label of an area, which becomes part of file names."""


@dataclass(frozen=True, eq=False)
class Labels:
    """What a recording says of itself, without its responses.

    Attributes
    ----------
    subject : str
    data_kind : {"recorded", "simulated"}
    measurement : str
        Such as ``spikes`` or ``fmri``.
    units : str
        Unit of the responses.
    stimulus : numpy.ndarray of str, shape (n_stimuli,)
    unit : numpy.ndarray of str, shape (n_units,)
    area : numpy.ndarray of str, shape (n_units,)
    reliability : numpy.ndarray of float, shape (n_units,), or None
    has_trials : bool
        Whether the file has single trials.
    """

    subject: str
    data_kind: str
    measurement: str
    units: str
    stimulus: np.ndarray
    unit: np.ndarray
    area: np.ndarray
    reliability: np.ndarray | None
    has_trials: bool


def read_labels(path: PathLike) -> Labels:
    """Read a recording without its responses, and refuse a file that is not in the form.

    Raises
    ------
    InputError
        With one sentence on the first thing that is wrong.
    """
    with _opened(path) as data:
        check_stored(path, [name for name in (*REQUIRED, *OPTIONAL) if name in data.variables])
        for name, form in REQUIRED.items():
            if name not in data.variables:
                old = " but 'rate', its name in version 0.1" if "rate" in data.variables else ""
                raise InputError(path, f"no variable {name!r}{old}", ", ".join(REQUIRED))
            _check_variable(path, data[name], name, *form)
        for name, form in OPTIONAL.items():
            if name in data.variables:
                _check_variable(path, data[name], name, *form)
        subject, data_kind, measurement = (
            _attribute(path, data.attrs, name, form, "the file")
            for name, form in ATTRIBUTES.items()
        )
        units = _attribute(path, data["response"].attrs, "units", UNITS, "response")
        stimulus, unit, area = (as_text(data[name][...]) for name in ("stimulus", "unit", "area"))
        reliability = data["reliability"][...] if "reliability" in data.variables else None
        has_trials = "trial_response" in data.variables
    if subject == POOL:
        raise InputError(path, f"the subject {subject!r}", "another name, as tables use this one")
    if not len(stimulus):
        raise InputError(path, "no stimulus", "at least one")
    _check_unique(path, "stimulus", stimulus)
    _check_unique(path, "unit", unit)
    for label in np.unique(area).tolist():
        if not re.fullmatch(AREA, label):
            raise InputError(
                path,
                f"area {label!r} of unit {unit[(area == label).argmax()]}",
                "a letter or digit, then letters, digits, '_', '.' and '-', at most 60 characters",
            )
    if reliability is not None:
        wrong = (reliability > 1 + ROUNDING) | np.isinf(reliability)
        if wrong.any():
            raise InputError(
                path,
                f"a reliability of {reliability[wrong][0]} of unit {unit[wrong][0]}",
                "a number of at most 1, or NaN where it is not defined",
            )
    return Labels(
        subject, data_kind, measurement, units, stimulus, unit, area, reliability, has_trials
    )


def units_per_area(labels: Labels) -> str:
    """Number of units, and of those in each area."""
    areas, counts = np.unique(labels.area, return_counts=True)
    each = ", ".join(f"{count} {area}" for area, count in zip(areas, counts, strict=True))
    return f"{len(labels.unit)} units ({each})"


def read_responses(
    path: PathLike, labels: Labels, stimuli: Sequence[str] | None = None
) -> np.ndarray:
    """Mean responses over trials.

    Parameters
    ----------
    path : str or path-like
    labels : Labels
        What `read_labels` has read from the same file.
    stimuli : sequence of str, optional
        Stimuli of the recording, where not all are wanted, in their order.

    Returns
    -------
    numpy.ndarray of float64, shape (n_stimuli, n_units)
        NaN where a unit has no trial of a stimulus.

    Raises
    ------
    InputError
        If one is no number that a response can be.
    """
    with _opened(path) as data:
        if stimuli is not None:
            places = {name: row for row, name in enumerate(labels.stimulus.tolist())}
            rows = np.array([places[name] for name in stimuli])
            in_file = np.sort(rows)
            values = data["response"][in_file]
            return values[np.searchsorted(in_file, rows)].astype(np.float64)
        values = data["response"][...]
    _check_numbers(path, "response", values, labels)
    return values.astype(np.float64)


def read_trials(path: PathLike, labels: Labels, responses: np.ndarray) -> np.ndarray:
    """Responses in single trials.

    Parameters
    ----------
    path : str or path-like
    labels : Labels
        What `read_labels` has read from the same file.
    responses : numpy.ndarray, shape (n_stimuli, n_units)
        Its means over trials.

    Returns
    -------
    numpy.ndarray of float32, shape (n_stimuli, n_trials, n_units)
        NaN where a trial is missing.

    Raises
    ------
    InputError
        If one is no number that a response can be, or their mean is not the response.
    """
    with _opened(path) as data:
        values = data["trial_response"][...]
        stored = data["response"].dtype
    _check_numbers(path, "trial_response", values, labels)
    trials = values.astype(np.float32, copy=False)
    mean = mean_of_trials(trials)
    # What rounding can do, relative to the unit's largest response.
    tolerance = max(1e-4, 4 * np.finfo(stored).eps) if stored.kind == "f" else 1e-4
    differs = ~(np.isnan(mean) & np.isnan(responses))
    differs &= ~(np.abs(mean - responses) <= tolerance * np.fmax.reduce(np.abs(responses), axis=0))
    if differs.any():
        stimulus, unit = np.argwhere(differs)[0]
        raise InputError(
            path,
            f"trial_response with the mean {mean[stimulus, unit]:g} for unit {labels.unit[unit]} "
            f"and stimulus {labels.stimulus[stimulus]}",
            f"its response, {responses[stimulus, unit]:g}",
        )
    return trials


def mean_of_trials(trials: np.ndarray) -> np.ndarray:
    """Means over the trials that there are, NaN where there is none.

    Parameters
    ----------
    trials : numpy.ndarray, shape (n_stimuli, n_trials, n_units)
        NaN where a trial is missing.

    Returns
    -------
    numpy.ndarray of float64, shape (n_stimuli, n_units)
    """
    number = np.isfinite(trials).sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean: np.ndarray = np.nansum(trials, axis=1, dtype=float) / number
    return mean


def _check_numbers(path: PathLike, name: str, values: np.ndarray, labels: Labels) -> None:
    """Refuse what no response is, in values as they are stored (n_stimuli, ..., n_units)."""
    is_real = values.dtype.kind == "f"
    is_fill = never_written(values)
    wrong = is_fill | (np.abs(values) > np.float64(LARGEST)) if is_real else is_fill
    if wrong.any():
        where = tuple(np.argwhere(wrong)[0])
        of_fill = ", which netCDF puts where nothing was written," if is_fill[where] else ""
        raise InputError(
            path,
            f"a {name} of {values[where]}{of_fill} of unit {labels.unit[where[-1]]} to stimulus "
            f"{labels.stimulus[where[0]]}",
            f"a number of at most {LARGEST:g} in size, or NaN where there is none",
        )
    if is_real and values.size:
        largest = np.fmax.reduce(np.abs(values).reshape(-1, values.shape[-1]), axis=0)
        small = (largest > 0) & (largest < np.float64(SMALLEST))
        if small.any():
            raise InputError(
                path,
                f"a {name} of at most {largest[small][0]:g} of unit {labels.unit[small][0]}",
                f"numbers that are not all below {SMALLEST:g} in size; a smaller unit of "
                "measurement makes them larger",
            )


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
    with _opened(path) as data:
        for name in ("bin_rate", "bin_reliability"):
            if name not in data.variables:
                raise InputError(
                    path,
                    f"no variable {name!r}",
                    f"one, because config brains.{brain}.preset is nayebi",
                )
        return data["bin_rate"][...], data["bin_reliability"][...]


@contextmanager
def _opened(path: PathLike) -> Iterator[h5netcdf.File]:
    """The open file; by h5netcdf, as xarray takes longer to open it than many a fit takes."""
    try:
        with h5netcdf.File(path) as data:
            yield data
    except InputError:
        raise
    # HDF5 and h5netcdf raise these and many others for a damaged file.
    except (LookupError, OSError, ValueError, RuntimeError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(path, f"no readable netCDF-4 file ({reason})", "a recording") from error


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
    for attribute in CONVENTIONS:
        value = variable.attrs.get(attribute)
        if value is not None and not _is_nan(value):
            raise InputError(
                path,
                f"{name} with the attribute {attribute!r}",
                "plain numbers, and NaN where one is missing",
            )


def _is_nan(value: object) -> bool:
    """Whether an attribute says that NaN stands where a number is missing."""
    values = np.asarray(value)
    return values.dtype.kind == "f" and bool(np.isnan(values).all())


def _attribute(
    path: PathLike,
    attributes: Mapping[str, object],
    name: str,
    form: tuple[str, str],
    place: str,
) -> str:
    pattern, words = form
    if name not in attributes:
        raise InputError(path, f"no attribute {name!r} of {place}", words)
    value = attributes[name]
    text = value.decode() if isinstance(value, bytes) else str(value)
    if not re.fullmatch(pattern, text):
        raise InputError(path, f"the {name} {text!r}", words)
    return text


def _check_unique(path: PathLike, name: str, labels: np.ndarray) -> None:
    found, counts = np.unique(labels, return_counts=True)
    if (counts > 1).any():
        raise InputError(
            path, f"{name} {found[counts.argmax()]} {counts.max()} times", f"each {name} once"
        )


def as_text(values: np.ndarray) -> np.ndarray:
    """Labels as str, whichever way the file holds them."""
    return np.array(
        [value.decode() if isinstance(value, bytes) else str(value) for value in values], dtype=str
    )
