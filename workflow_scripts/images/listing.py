"""Image files and archives of a folder, with their classes."""

import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from workflow_scripts.common.errors import InputError

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp"}

# Downsampled ImageNet (Chrabaszcz et al. 2017, arXiv:1707.08819): files of each part, and side.
ARCHIVES = {"train": r"train_data_batch_\d+", "val": "val_data"}


ARCHIVES["all"] = "|".join(ARCHIVES.values())


ARCHIVE_SIDE = 64


def list_class_images(folder):
    """Image files of a folder with one sub-folder a class.

    Parameters
    ----------
    folder : str or path-like
        Folder whose sub-folders are classes.

    Returns
    -------
    pandas.DataFrame
        A row a file, sorted by class and path: ``path`` relative to `folder`, ``class``, and
        ``label``, the index of the class in the sorted names of all sub-folders.

    Raises
    ------
    InputError
        If a folder is missing or cannot be read, or there is no image in a sub-folder.
    """

    def refuse(error):
        raise InputError(
            f"stimuli.path: found {error.strerror} for {error.filename}, expected a folder that "
            "can be read"
        )

    found = []
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
            f"stimuli.path: found no image in the sub-folders of {folder}, expected one sub-folder "
            f"a class with files ending in {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    return pd.DataFrame(found, columns=["path", "class", "label"])


def tree_classes(folder):
    """Sorted names of the sub-folders of `folder`; an `InputError` if there is no such folder."""
    if not Path(folder).is_dir():
        raise InputError(f"stimuli.path: found no folder {folder}, expected a folder of images")
    return sorted(entry.name for entry in Path(folder).iterdir() if entry.is_dir())


def part_folder(path, part):
    """Folder of a part of the images: that of the same name, or all of `path`."""
    return Path(path) if part == "all" else Path(path, part)


def find_archives(path, part):
    """Archives of downsampled ImageNet in the part's folder, or else directly in `path`.

    Returns
    -------
    list of pathlib.Path
        In the order of their numbers; empty for a tree of images.

    Raises
    ------
    InputError
        If there are only pickled archives.
    """
    for folder in (part_folder(path, part), Path(path)):
        pattern = rf"({ARCHIVES[part]})(\.npz)?"
        found = [file for file in folder.glob("*_data*") if re.fullmatch(pattern, file.name)]
        archives = [file for file in found if file.suffix == ".npz"]
        if found and not archives:
            raise InputError(
                f"{found[0]}: found a pickled archive, which could run any code, expected those "
                "that the same site offers as npz"
            )
        if archives:
            return sorted(archives, key=lambda file: (len(file.name), file.name))
    return []


def read_archive(file, name):
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
        If the array is missing or another.
    """
    expected = {"data": "uint8 (image, 12288)", "labels": "integers (image)"}[name]
    try:
        with np.load(file, allow_pickle=False) as archive:
            array = archive[name]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{file}: expected {name} as {expected} of downsampled ImageNet, found {error}"
        ) from error
    if name == "data":
        fits = array.dtype == np.uint8 and array.shape[1:] == (3 * ARCHIVE_SIDE**2,)
    else:
        fits = array.dtype.kind in "iu" and array.ndim == 1
    if not fits:
        raise InputError(
            f"{file}: expected {name} as {expected} of downsampled ImageNet, found {array.dtype} "
            f"of shape {array.shape}"
        )
    return array


def list_archived_images(archives):
    """Images of archives as `list_class_images` lists files; a class is named by its number."""
    found = [
        (f"{file.name}/{index}", f"{label:04d}")
        for file in archives
        for index, label in enumerate(read_archive(file, "labels"))
    ]
    table = pd.DataFrame(found, columns=["path", "class"])
    table["label"] = np.unique(table["class"], return_inverse=True)[1]
    return table


def check_classes(path):
    """Refuse parts ``train`` and ``val`` whose classes differ: their labels would, too.

    Raises
    ------
    InputError
        That names the first class of only one part.
    """
    classes = {}
    for part in ("train", "val"):
        archives = find_archives(path, part)
        if archives:
            classes[part] = set(list_archived_images(archives)["class"])
        else:
            classes[part] = set(tree_classes(part_folder(path, part)))
    differing = sorted(classes["train"] ^ classes["val"])
    if differing:
        part = "train" if differing[0] in classes["train"] else "val"
        raise InputError(
            f"stimuli.path: found the class {differing[0]!r} only in {part}/ of {path}, expected "
            "the same classes in train/ and val/"
        )
