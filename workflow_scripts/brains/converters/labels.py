"""Labels as other software writes them, in the form that recordings have."""

import logging
import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from workflow_scripts.brains.recording import as_text
from workflow_scripts.common.errors import InputError


def to_labels(values: npt.ArrayLike) -> np.ndarray:
    """Labels as text, whichever way a file holds them.

    Parameters
    ----------
    values : array_like
        Text, bytes or numbers, or arrays that hold one of these each, as the cells of MATLAB.

    Returns
    -------
    numpy.ndarray of str, shape (n,)
        Whole numbers without a decimal point; empty where there is no label, that is, for NaN,
        None and an empty array.
    """
    single = np.array([_single(value) for value in np.asarray(values).ravel()], object)
    return np.char.rstrip(as_text(single))


def _single(value: object) -> object:
    if isinstance(value, np.ndarray):
        if value.size > 1:
            raise InputError("label", f"{value.size} values in one place", "text or one number")
        return _single(value.item()) if value.size else ""
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return int(value)
    return value


def plain(labels: Iterable[str], what: str) -> dict[str, str]:
    """A name for each label, of the letters that names of subjects and areas may have.

    Parameters
    ----------
    labels : iterable of str
    what : str
        What they name, for messages.

    Returns
    -------
    dict of str to str
        By label. Runs of other letters become ``_``; what has changed is logged.

    Raises
    ------
    InputError
        If nothing is left of a label, or if two labels become the same name.
    """
    names: dict[str, str] = {}
    for label in sorted(map(str, set(labels))):
        name = re.sub(r"[^A-Za-z0-9_.-]+", "_", label).strip("_.-")
        if not name:
            raise InputError(what, repr(label), "a name with a letter or digit")
        if name in names.values():
            other = next(key for key in names if names[key] == name)
            found = f"{other!r} and {label!r}, which both become {name!r}"
            raise InputError(what, found, "names that differ in letters and digits")
        if name != label:
            logging.info("%s %r is called %r", what, label, name)
        names[label] = name
    return names
