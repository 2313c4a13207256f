"""Image files and archives of a folder, with their classes.

A subset is what is packed together: the folders ``train`` and ``val`` of ImageNet, or ``all``.
"""

import math
import os
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.images.squares import IMAGE_SUFFIXES

ARCHIVES = {
    "train": r"train_data_batch_\d+",
    "val": "val_data",
    "all": r"train_data_batch_\d+|val_data",
}
"""Names of the archives of downsampled ImageNet (Chrabaszcz et al. 2017), by subset."""

ARCHIVE_SIDE = 64
"""Side in pixels of their images: of the sizes that the site offers, the one that networks see."""


READ_HEADER = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
"""What reads the header of an array, by the version of its format."""

BROKEN = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)
"""Errors that a damaged archive ends in."""


def list_class_images(folder: PathLike) -> pd.DataFrame:
    """Image files of a folder with one sub-folder per class.

    Parameters
    ----------
    folder : str or path-like
        Folder whose sub-folders are classes.

    Returns
    -------
    pandas.DataFrame
        One row per file, sorted by class and path: ``path`` relative to `folder`, ``class``, and
        ``label``, the index of the class in the sorted names of all sub-folders.

    Raises
    ------
    InputError
        If a folder is missing or cannot be read, or no sub-folder has an image.
    """

    def refuse(error: OSError) -> NoReturn:
        raise InputError(error.filename, str(error.strerror), "a folder that can be read")

    found: list[tuple[str, str, int]] = []
    for label, name in enumerate(tree_classes(folder)):
        paths = []
        for place, _, files in os.walk(Path(folder, name), onerror=refuse):
            inside = os.path.relpath(place, folder)
            paths += [
                f"{inside}/{file}"
                for file in files
                if os.path.splitext(file)[1].lower() in IMAGE_SUFFIXES
            ]
        found += [(path, name, label) for path in sorted(paths)]
    if not found:
        raise InputError(
            "config stimuli.path",
            f"no image in the sub-folders of {folder}",
            f"one sub-folder per class, with files that end in {', '.join(sorted(IMAGE_SUFFIXES))}",
        )
    return pd.DataFrame(found, columns=["path", "class", "label"])


def tree_classes(folder: PathLike) -> list[str]:
    """Sorted names of the sub-folders of `folder`; an `InputError` if there is no such folder."""
    if not Path(folder).is_dir():
        raise InputError("config stimuli.path", f"no folder {folder}", "a folder of images")
    return sorted(entry.name for entry in Path(folder).iterdir() if entry.is_dir())


def subset_folder(path: PathLike, subset: str) -> Path:
    """Folder of a subset of the images: the folder of the same name, or all of `path`."""
    return Path(path) if subset == "all" else Path(path, subset)


def find_archives(path: PathLike, subset: str) -> list[Path]:
    """Archives of downsampled ImageNet in the subset's folder, or else directly in `path`.

    Returns
    -------
    list of pathlib.Path
        In the order of their numbers; empty if there are none, as in a tree of images.

    Raises
    ------
    InputError
        If there are pickled archives only.
    """
    pattern = rf"({ARCHIVES[subset]})(\.npz)?"
    for folder in (subset_folder(path, subset), Path(path)):
        found = [file for file in folder.glob("*_data*") if re.fullmatch(pattern, file.name)]
        archives = [file for file in found if file.suffix == ".npz"]
        if found and not archives:
            raise InputError(
                found[0],
                "a pickled archive, which could run any code",
                "the archives that the same site offers as npz",
            )
        if archives:
            return sorted(archives, key=lambda file: (len(file.name), file.name))
    return []


def read_archive(file: PathLike, name: str) -> np.ndarray:
    """One array of an archive, read without pickle.

    Parameters
    ----------
    file : path-like
    name : {"data", "labels"}
        ``data`` is uint8 (image, 3 x 64 x 64), channels first, and ``labels`` (image) counts
        classes from 1.

    Raises
    ------
    InputError
        If the array is missing or has another form.
    """
    expected = _check_announced(file, name)[1]
    try:
        with np.load(file, allow_pickle=False) as archive:
            array: np.ndarray = archive[name]
    except BROKEN as error:
        raise InputError(file, str(error), expected) from error
    return array


def _check_announced(file: PathLike, name: str) -> tuple[int, str]:
    """Number of images of an array of an archive, from its header, and what was expected of it.

    Raises
    ------
    InputError
        If the array is missing, has another form, or is announced with another size than it has.
    """
    form = {"data": "uint8 (image, 12288)", "labels": "integers (image)"}[name]
    expected = f"{name} as {form} of downsampled ImageNet"
    try:
        with zipfile.ZipFile(file) as archive, archive.open(f"{name}.npy") as array:
            shape, _, dtype = READ_HEADER[np.lib.format.read_magic(array)](array)
            stored = archive.getinfo(f"{name}.npy").file_size - array.tell()
    except BROKEN as error:
        raise InputError(file, str(error), expected) from error
    if name == "data":
        fits = dtype == np.uint8 and shape[1:] == (3 * ARCHIVE_SIDE**2,)
    else:
        fits = dtype.kind in "iu" and len(shape) == 1
    if not fits or math.prod(shape) * dtype.itemsize != stored:
        raise InputError(file, f"{dtype} of shape {shape} in {stored} bytes", expected)
    return shape[0], expected


def list_archived_images(archives: Sequence[Path]) -> pd.DataFrame:
    """Images of archives as `list_class_images` lists files; the name of a class is its number.

    Raises
    ------
    InputError
        If an archive has more or fewer labels than images: those of all later images would shift.
    """
    found = []
    for file in archives:
        labels = read_archive(file, "labels")
        n_images, _ = _check_announced(file, "data")
        if n_images != len(labels):
            raise InputError(file, f"{n_images} images and {len(labels)} labels", "equal numbers")
        found += [(f"{file.name}/{index}", f"{label:04d}") for index, label in enumerate(labels)]
    table = pd.DataFrame(found, columns=["path", "class"])
    table["label"] = np.unique(table["class"], return_inverse=True)[1]
    return table


def check_classes(path: PathLike) -> None:
    """Refuse subsets ``train`` and ``val`` whose classes differ: their labels would also differ.

    Raises
    ------
    InputError
        If they differ; it names the first class that only one subset has.
    """
    classes = {}
    for subset in ("train", "val"):
        archives = find_archives(path, subset)
        if archives:
            classes[subset] = set(list_archived_images(archives)["class"])
        else:
            classes[subset] = set(tree_classes(subset_folder(path, subset)))
    differing = sorted(classes["train"] ^ classes["val"])
    if differing:
        subset = "train" if differing[0] in classes["train"] else "val"
        raise InputError(
            "config stimuli.path",
            f"the class {differing[0]!r} only in {subset}/ of {path}",
            "the same classes in train/ and val/",
        )
