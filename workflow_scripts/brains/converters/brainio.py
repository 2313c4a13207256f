"""Bring an assembly of Brain-Score into the folder of a brain: recordings, images and stimuli.csv.

An assembly is a netCDF file, ``presentation`` x ``neuroid`` (x ``time_bin``). Its stimulus set is a
CSV file with the file name of each image, and a ZIP file with the images. All three are read here,
or fetched first for the sets in brainio_sets.yaml.
"""

import argparse
import csv
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from workflow_scripts.brains.converters.brainio_sets import fetch, read_sets
from workflow_scripts.brains.converters.command import DATA_KINDS, one_sentence, write_recording
from workflow_scripts.brains.converters.labels import plain, to_labels
from workflow_scripts.brains.converters.presentations import to_recording
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, write_table

ID_NAMES = ("stimulus_id", "image_id")
"""Names of the ids of stimuli, the second in files of older versions."""

SUBJECT_NAMES = ("animal", "subject")
"""Names of the coordinate that says whose a neuroid is. A file may have none."""


BLOCK = 2**24
"""Most responses in time bins that are read at a time; the means over bins need less memory."""


@dataclass(frozen=True)
class Part:
    """An assembly and its stimulus set.

    Attributes
    ----------
    assembly : Path
        netCDF file.
    stimuli : Path or None
        CSV file. Without one, stimuli are named by their ids.
    images : Path or None
        ZIP file.
    split : {"train", "test"} or None
        What its stimuli are for, if that is prescribed.
    """

    assembly: Path
    stimuli: Path | None = None
    images: Path | None = None
    split: Literal["train", "test"] | None = None


@dataclass(frozen=True, eq=False)
class Neuroids:
    """The neuroids of an assembly.

    Attributes
    ----------
    name, area, subject : numpy.ndarray of str, shape (n_neuroids,)
        As the assembly has them.
    reliability : numpy.ndarray of float, shape (n_neuroids,), or None
    """

    name: np.ndarray
    area: np.ndarray
    subject: np.ndarray
    reliability: np.ndarray | None


def read_stimulus_set(path: PathLike) -> dict[str, dict[str, str]]:
    """Rows of a stimulus set, by the id of the stimulus.

    Raises
    ------
    InputError
        If columns are missing, or an id or file name comes twice or leads out of its folder.
    """
    try:
        # As text, because ids such as 0012 are no numbers.
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"no readable CSV file ({error})", "a stimulus set") from error
    columns = list(rows[0]) if rows else []
    id_name = next((name for name in ID_NAMES if name in columns), None)
    if id_name is None or "filename" not in columns:
        found = f"the columns {', '.join(columns)}" if columns else "no rows"
        raise InputError(path, found, "stimulus_id and filename")
    stimuli = {row[id_name]: row for row in rows}
    names = {row["filename"] for row in rows}
    if len(stimuli) < len(rows) or len(names) < len(rows):
        found = f"{len(rows)} rows, {len(stimuli)} ids and {len(names)} file names"
        raise InputError(path, found, "one id and one file name for each row")
    for name in names:
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or parts[0] == "/":
            raise InputError(path, f"the file name {name!r}", "a path below the folder of images")
    return stimuli


def open_assembly(path: PathLike, window: tuple[float, float] | None = None) -> xr.DataArray:
    """Open an assembly, whose responses are read when they are needed.

    Parameters
    ----------
    path : str or path-like
        netCDF file.
    window : tuple of float, optional
        Start and end of the time bins to keep, in the file's unit of time; needed if it has several
        bins.

    Returns
    -------
    xarray.DataArray
        With the dimensions ``presentation``, ``neuroid`` and maybe ``time_bin``.

    Raises
    ------
    InputError
        If it is no assembly, or has no bin in the window.
    """
    try:
        data = xr.open_dataset(path, engine="h5netcdf", decode_times=False)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(path, f"no readable netCDF-4 file ({error})", "an assembly") from error
    needed = {"presentation", "neuroid"}
    # Its name is "data", or in older files that which xarray gives to what has no name.
    names = [str(name) for name in data.data_vars if needed <= set(data[name].dims)]
    if len(names) != 1 or not set(data[names[0]].dims) <= needed | {"time_bin"}:
        found = ", ".join(
            f"{name} ({', '.join(map(str, data[name].dims))})" for name in data.data_vars
        )
        expected = "one variable with the dimensions presentation, neuroid and maybe time_bin"
        raise InputError(path, f"the variables {found}", expected)
    array = data[names[0]]
    n_bins = array.sizes.get("time_bin", 1)
    if window is None:
        if n_bins > 1:
            raise InputError(path, f"{n_bins} time bins{_span(array)}", "the option --window")
        return array
    if "time_bin_start" not in array.coords or "time_bin_end" not in array.coords:
        expected = "time_bin_start and time_bin_end, for the option --window"
        raise InputError(path, "no times of bins", expected)
    inside = np.flatnonzero(
        (array["time_bin_start"] >= window[0]) & (array["time_bin_end"] <= window[1])
    )
    if not len(inside):
        found = f"no time bin from {window[0]:g} to {window[1]:g}"
        raise InputError("option --window", found, f"some of those in {path}{_span(array)}")
    # HDF5 reads a run of bins much faster than a list of them.
    is_run = len(inside) == inside[-1] - inside[0] + 1
    return array.isel(time_bin=slice(inside[0], inside[-1] + 1) if is_run else inside)


def _span(array: xr.DataArray) -> str:
    """From when to when time bins are, empty if the file does not say it."""
    if "time_bin_start" not in array.coords or "time_bin_end" not in array.coords:
        return ""
    start, end = float(array["time_bin_start"].min()), float(array["time_bin_end"].max())
    return f" from {start:g} to {end:g}"


def _labels(array: xr.DataArray, names: Sequence[str], dimension: str) -> np.ndarray | None:
    """The first coordinate of these names along a dimension, as text; None if there is none."""
    for name in names:
        if name in array.coords and array.coords[name].dims == (dimension,):
            return to_labels(array.coords[name].to_numpy())
    return None


def _needed(
    array: xr.DataArray, names: Sequence[str], dimension: str, path: PathLike
) -> np.ndarray:
    labels = _labels(array, names, dimension)
    if labels is None:
        has = [str(name) for name in array.coords if array.coords[name].dims == (dimension,)]
        found = f"the coordinates {', '.join(has) or 'none'} of each {dimension}"
        raise InputError(path, found, " or ".join(names))
    return labels


def _responses(array: xr.DataArray, chosen: np.ndarray) -> np.ndarray:
    """Means over time bins of the chosen neuroids, (n_presentations, n_units)."""
    # Runs of neuroids, as HDF5 is slow with single ones; those of a subject lie together.
    first, last = chosen[[0, -1]]
    width = max(1, BLOCK // (array.size // array.sizes["neuroid"]))
    blocks = []
    for start in range(first, last + 1, width):
        run = array.isel(neuroid=slice(start, min(start + width, last + 1)))
        block = run.transpose("presentation", "neuroid", ...)
        if "time_bin" in block.dims:
            block = block.mean("time_bin", skipna=False)
        blocks.append(block.to_numpy())
    return np.concatenate(blocks, axis=1)[:, chosen - first]


def convert(
    parts: Sequence[Part],
    folder: PathLike,
    *,
    data_kind: Literal["recorded", "simulated"],
    measurement: str,
    units: str,
    subject: str | None = None,
    window: tuple[float, float] | None = None,
    group: str | None = None,
    reliability: str | None = None,
) -> None:
    """Write the recordings, the images and the list of stimuli of a brain.

    Parameters
    ----------
    parts : sequence of Part
        Assemblies of the same neuroids, such as one for training and one for test stimuli.
    folder : str or path-like
        Folder of the brain. It gets one recording per subject; ``images`` if the parts have images;
        ``stimuli.csv`` if there is a `group` or a split.
    data_kind, measurement, units : str
        See `workflow_scripts.brains.from_array.make_recording`.
    subject : str, optional
        Name of the only subject, needed where the assembly does not say whose the neuroids are.
    window : tuple of float, optional
        See `open_assembly`.
    group : str, optional
        Column of the stimulus set: stimuli with the same value are never divided between training
        and test.
    reliability : str, optional
        Coordinate of the neuroids that is their split-half reliability; by default it is computed
        from trials, if there are any.

    Raises
    ------
    InputError
        If something is missing, or does not fit.
    """
    folder = Path(folder)
    if (folder / "images").exists() and any(part.images for part in parts):
        raise InputError(folder, "a folder images", "none, as this command writes it")
    arrays = [open_assembly(part.assembly, window) for part in parts]
    listed = [_shown(part, array, group) for part, array in zip(parts, arrays, strict=True)]
    table = pd.concat(listed)
    names = table.drop_duplicates(["part", "stimulus"])["stimulus"]
    if names.duplicated().any():
        found = f"the stimulus {names[names.duplicated()].iloc[0]!r} in two assemblies"
        raise InputError(parts[-1].assembly, found, "other stimuli in each")
    neuroids = _read_neuroids(parts, arrays, subject, reliability)
    images = _unpack(parts, listed, folder)
    subjects, areas = plain(neuroids.subject, "subject"), plain(neuroids.area, "area")
    for label, name in subjects.items():
        chosen = np.flatnonzero(neuroids.subject == label)
        recording = to_recording(
            np.concatenate([_responses(array, chosen) for array in arrays]),
            table["stimulus"].to_numpy(str),
            np.array([areas[area] for area in neuroids.area[chosen]]),
            unit_names=neuroids.name[chosen],
            subject=name,
            data_kind=data_kind,
            measurement=measurement,
            units=units,
            reliability=None if neuroids.reliability is None else neuroids.reliability[chosen],
        )
        write_recording(recording, folder / f"{name}.nc")
    columns = [name for name in ("stimulus", "group", "split") if name in table.dropna(axis=1)]
    if len(columns) > 1:
        write_table(table[columns].drop_duplicates(), folder / "stimuli.csv")
    if images is not None:
        images.rename(folder / "images")


def _shown(part: Part, array: xr.DataArray, group: str | None) -> pd.DataFrame:
    """Stimulus, and where it is known group and split, of each presentation of a part."""
    ids = _needed(array, ID_NAMES, "presentation", part.assembly)
    table = pd.DataFrame({"stimulus": ids, "part": str(part.assembly), "split": part.split})
    if part.stimuli is None:
        if group is not None:
            raise InputError("option --group", repr(group), "the option --stimuli with it")
        return table
    stimuli = read_stimulus_set(part.stimuli)
    unknown = sorted(set(ids.tolist()) - set(stimuli))
    if unknown:
        found = f"{len(unknown)} stimuli that {part.stimuli} does not have, such as {unknown[0]!r}"
        raise InputError(part.assembly, found, "stimuli of this set")
    table["stimulus"] = [stimuli[name]["filename"] for name in ids]
    if group is not None:
        columns = list(next(iter(stimuli.values())))
        if group not in columns:
            raise InputError(part.stimuli, f"no column {group!r}", f"one of {', '.join(columns)}")
        table["group"] = [stimuli[name][group] for name in ids]
    return table


def _read_neuroids(
    parts: Sequence[Part],
    arrays: Sequence[xr.DataArray],
    subject: str | None,
    reliability: str | None,
) -> Neuroids:
    """What the parts, which must agree, say of their neuroids."""
    array, path = arrays[0], parts[0].assembly
    names = _needed(array, ("neuroid_id",), "neuroid", path)
    for part, other in zip(parts[1:], arrays[1:], strict=True):
        if not np.array_equal(_needed(other, ("neuroid_id",), "neuroid", part.assembly), names):
            raise InputError(part.assembly, "other neuroids", f"those of {path} in the same order")
    subjects = _labels(array, SUBJECT_NAMES, "neuroid")
    if subjects is None:
        if subject is None:
            expected = f"the coordinate {' or '.join(SUBJECT_NAMES)}, or the option --subject"
            raise InputError(path, "no subject of the neuroids", expected)
        subjects = np.full(len(names), subject)
    values = None
    if reliability is not None:
        _needed(array, (reliability,), "neuroid", path)
        values = array.coords[reliability].to_numpy()
        if values.dtype.kind != "f":
            found = f"{reliability} of type {values.dtype}"
            raise InputError(path, found, "the reliability of each neuroid")
    return Neuroids(names, _needed(array, ("region",), "neuroid", path), subjects, values)


def _unpack(parts: Sequence[Part], listed: Sequence[pd.DataFrame], folder: Path) -> Path | None:
    """Write the images of all stimuli into a hidden folder; None if there are none."""
    gathered = folder / ".images.part"
    shutil.rmtree(gathered, ignore_errors=True)
    for part, table in zip(parts, listed, strict=True):
        if part.images is None:
            continue
        try:
            with zipfile.ZipFile(part.images) as archive:
                for name in table["stimulus"].unique():
                    path = gathered / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(name) as image, open(path, "wb") as copy:
                        shutil.copyfileobj(image, copy)
        except KeyError as error:
            expected = f"the images of {part.stimuli}"
            raise InputError(part.images, f"no file {name!r}", expected) from error
        except zipfile.BadZipFile as error:
            raise InputError(part.images, f"no readable ZIP file ({error})", "images") from error
    return gathered if gathered.exists() else None


def main() -> None:
    """Convert the set or the files that the command line names."""
    sets = read_sets()
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--set", choices=sets, help="public set, which is fetched")
    source.add_argument("--assembly", type=Path, help="netCDF file of an assembly")
    parser.add_argument("--stimuli", type=Path, help="CSV file of its stimulus set")
    parser.add_argument("--images", type=Path, help="ZIP file of its stimulus set")
    needed = ("data_kind", "measurement", "units")
    parser.add_argument("--data-kind", choices=DATA_KINDS, help="needed with --assembly")
    parser.add_argument("--measurement", help="such as spikes, mua or fmri; needed with --assembly")
    parser.add_argument("--units", help="such as spikes/s, z or %%; needed with --assembly")
    parser.add_argument("--subject", help="name of the subject, if the assembly names none")
    parser.add_argument(
        "--window",
        nargs=2,
        type=float,
        metavar=("START", "END"),
        help="time bins whose mean is the response, in the unit of the assembly",
    )
    parser.add_argument(
        "--group", help="column of the CSV file whose values are never divided in training and test"
    )
    parser.add_argument(
        "--reliability", help="coordinate of the assembly: split-half reliability of each neuroid"
    )
    parser.add_argument("--output", required=True, type=Path, help="folder of the brain to write")
    given = {key: value for key, value in vars(parser.parse_args()).items() if value is not None}
    name, folder = given.pop("set", None), given.pop("output")
    files = {key: given.pop(key) for key in ("assembly", "stimuli", "images") if key in given}
    with one_sentence():
        if name is None:
            missing = [f"--{key.replace('_', '-')}" for key in needed if key not in given]
            if missing:
                expected = "all of them with --assembly"
                raise InputError("command line", f"no {' and no '.join(missing)}", expected)
            parts = [Part(**files)]
        elif files:
            raise InputError(f"option --{min(files)}", "a file", "none with --set")
        else:
            entry = sets[name].model_dump(exclude={"parts"})
            given = {"data_kind": "recorded", **entry, **given}
            parts = [
                Part(**fetch(part, folder / "downloads"), split=part.split)
                for part in sets[name].parts
            ]
        convert(parts, folder, **given)


if __name__ == "__main__":
    main()
