"""Bring the spikes of one NWB file into the form of a recording.

It counts the spikes of each unit in a window after the onset of each image. It needs the package
pynwb: ``uv sync --group nwb``.
"""

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from workflow_scripts.brains.converters.command import DATA_KINDS, one_sentence, write_recording
from workflow_scripts.brains.converters.labels import plain, to_labels
from workflow_scripts.brains.converters.presentations import to_recording
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike


def count_spikes(
    spike_times: np.ndarray, onsets: np.ndarray, window_s: tuple[float, float]
) -> np.ndarray:
    """Number of spikes after each onset.

    Parameters
    ----------
    spike_times : numpy.ndarray, shape (n_spikes,)
        In ascending order.
    onsets : numpy.ndarray, shape (n_presentations,)
    window_s : tuple of float
        Start and end of the window after the onset, in seconds. A spike at the end is not counted.

    Returns
    -------
    numpy.ndarray of int, shape (n_presentations,)
    """
    start, end = window_s
    before_end = np.searchsorted(spike_times, onsets + end)
    before_start = np.searchsorted(spike_times, onsets + start)
    return np.asarray(before_end - before_start)


def _values(table: Any, column: str, place: str) -> np.ndarray:
    """A column of a table of NWB, one value per row."""
    if column not in table.colnames:
        raise InputError(place, f"no column {column!r}", f"one of {', '.join(table.colnames)}")
    data = table[column]
    values = np.asarray(data.data[:])
    # An index makes a column of lists, whose name its table knows as well.
    if (
        type(data).__name__ != "VectorData"
        or values.ndim != 1
        or values.dtype.kind not in "biufOSU"
    ):
        raise InputError(f"{place} {column}", "no plain column", "text or a number in each row")
    return values


def find_presentations(
    tables: Mapping[str, Any], name: str, image_column: str, name_format: str, place: PathLike
) -> tuple[np.ndarray, np.ndarray]:
    """Onsets of the images, and names of the images as stimuli.

    Parameters
    ----------
    tables : mapping of str to pynwb.epoch.TimeIntervals
    name : str
        Of the table with one row per presentation.
    image_column : str
        Its column that says which image was shown; rows without a value are left out.
    name_format : str
        Format of the name of a stimulus, such as ``{}.png``; ``{:03d}`` is for numbers.
    place : str or path-like
        What to name in messages.

    Returns
    -------
    onsets : numpy.ndarray of float, shape (n_presentations,)
        In seconds.
    stimuli : numpy.ndarray of str, shape (n_presentations,)
    """
    if name not in tables:
        raise InputError(place, f"no intervals {name!r}", f"one of {', '.join(sorted(tables))}")
    values = _values(tables[name], image_column, f"{place} {name}")
    images = to_labels(values)
    onsets = np.asarray(tables[name]["start_time"].data[:], float)
    shown = (images != "") & np.isfinite(onsets)
    if not shown.any():
        raise InputError(f"{place} {name} {image_column}", "no value", "an image in some rows")
    if not shown.all():
        logging.info("%d of %d intervals are without an image", (~shown).sum(), len(shown))
    numeric = values.dtype.kind in "iuf"
    try:
        stimuli = [
            name_format.format(int(image) if numeric and image.isdigit() else image)
            for image in images[shown].tolist()
        ]
    except (ValueError, IndexError, KeyError) as error:
        expected = f"a format for {str(images[shown][0])!r}, such as {{}}.png"
        raise InputError("option --name-format", f"{name_format!r} ({error})", expected) from error
    return onsets[shown], np.array(stimuli, dtype=str)


def find_areas(units: Any, column: str, place: PathLike) -> np.ndarray:
    """Area of each unit, from a column of the units or of the electrodes on which they were found.

    Parameters
    ----------
    units : pynwb.misc.Units
    column : str
    place : str or path-like
        What to name in messages.

    Returns
    -------
    numpy.ndarray of str, shape (n_units,)
        Empty for a unit whose electrodes lie in no area, or in several.
    """
    if column in units.colnames:
        return to_labels(_values(units, column, f"{place} units"))
    if "electrodes" not in units.colnames:
        expected = f"the column {column!r} of units, or electrodes that have it"
        raise InputError(f"{place} units", f"the columns {', '.join(units.colnames)}", expected)
    region = units["electrodes"]
    ends = np.arange(1, len(units) + 1)
    if hasattr(region, "target"):
        region, ends = region.target, np.asarray(region.data[:])
    locations = to_labels(_values(region.table, column, f"{place} electrodes"))[region.data[:]]
    found = [set(of_unit) for of_unit in np.split(locations, ends[:-1])]
    return np.array([min(areas) if len(areas) == 1 else "" for areas in found], dtype=str)


def convert(
    path: PathLike,
    *,
    intervals: str,
    image_column: str,
    window: tuple[float, float],
    data_kind: Literal["recorded", "simulated"],
    area_column: str = "location",
    quality: str | None = None,
    name_format: str = "{}",
    subject: str | None = None,
) -> xr.Dataset:
    """Make a recording from an NWB file.

    Parameters
    ----------
    path : str or path-like
    intervals, image_column, name_format : str
        See `find_presentations`.
    window : tuple of float
        See `count_spikes`.
    data_kind : {"recorded", "simulated"}
    area_column : str
        See `find_areas`. Units without an area are left out, and counted in the log.
    quality : str, optional
        ``COLUMN=VALUE`` of the units that are kept.
    subject : str, optional
        Name of the subject; that of the file by default.

    Returns
    -------
    xarray.Dataset
        With responses in spikes/s.

    Raises
    ------
    InputError
        If something is missing, or no unit is left.
    """
    try:
        from pynwb import NWBHDF5IO
    except ImportError as error:
        expected = "it installed: uv sync --group nwb"
        raise InputError("package pynwb", "no such package", expected) from error
    if window[0] >= window[1]:
        found = f"{window[0]:g} to {window[1]:g}"
        raise InputError("option --window", found, "a start before the end, in s after the onset")
    if not Path(path).is_file():
        raise InputError(path, "no file", "an NWB file")
    try:
        opened = NWBHDF5IO(str(path), mode="r", load_namespaces=True)
        file = opened.read()
    except Exception as error:
        # hdmf raises many kinds of errors for a file that is not in its form.
        reason = str(error).splitlines()[0]
        raise InputError(
            path, f"no readable NWB file ({reason})", "one with HDF5 inside"
        ) from error
    with opened:
        if file.units is None:
            raise InputError(path, "no units", "sorted units with spike_times")
        if subject is None:
            subject = file.subject.subject_id if file.subject is not None else None
        if subject is None:
            raise InputError(path, "no subject", "one, or the option --subject")
        tables = {
            table.name: table
            for table in (file.trials, file.epochs, *file.intervals.values())
            if table is not None
        }
        onsets, stimuli = find_presentations(tables, intervals, image_column, name_format, path)
        areas = find_areas(file.units, area_column, path)
        kept = areas != ""
        if quality is not None:
            column, _, value = quality.partition("=")
            kept &= to_labels(_values(file.units, column, f"{path} units")) == value
        if not kept.any():
            only = "" if quality is None else f" and with {quality}"
            raise InputError(path, f"none of {len(kept)} units in one area{only}", "some")
        if not kept.all():
            logging.info("left out %d of %d units", (~kept).sum(), len(kept))
        chosen = np.flatnonzero(kept)
        rates = np.empty((len(onsets), len(chosen)), np.float32)
        for number, unit in enumerate(chosen):
            spike_times = np.sort(file.units.get_unit_spike_times(int(unit)))
            rates[:, number] = count_spikes(spike_times, onsets, window) / (window[1] - window[0])
        unit_names = to_labels(file.units.id[:])[chosen]
    area = plain(areas[chosen].tolist(), "area")
    [name] = plain([subject], "subject").values()
    return to_recording(
        rates,
        stimuli,
        np.array([area[label] for label in areas[chosen].tolist()]),
        unit_names=unit_names,
        subject=name,
        data_kind=data_kind,
        measurement="spikes",
        units="spikes/s",
    )


def main() -> None:
    """Convert the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", metavar="FILE", help="NWB file of one subject (HDF5)")
    parser.add_argument(
        "--intervals", required=True, help="table with one row per presentation of an image"
    )
    parser.add_argument(
        "--image-column", required=True, help="its column that says which image was shown"
    )
    parser.add_argument(
        "--name-format",
        default="{}",
        help="format of a stimulus's name, such as {}.png, or scene_{:03d}.png for numbers",
    )
    parser.add_argument(
        "--window",
        required=True,
        nargs=2,
        type=float,
        metavar=("START", "END"),
        help="where spikes are counted, in s after the onset",
    )
    parser.add_argument(
        "--area-column",
        default="location",
        help="column of the units or of their electrodes (default: location)",
    )
    parser.add_argument("--quality", metavar="COLUMN=VALUE", help="keep only units that have it")
    parser.add_argument("--subject", help="name of the subject (default: subject_id of the file)")
    parser.add_argument("--data-kind", required=True, choices=DATA_KINDS)
    parser.add_argument("--output", required=True, help="recording to write: FOLDER/NAME.nc")
    options = vars(parser.parse_args())
    path, output = options.pop("file"), options.pop("output")
    with one_sentence():
        write_recording(convert(path, **options), output)


if __name__ == "__main__":
    main()
