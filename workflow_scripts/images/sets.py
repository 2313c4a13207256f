"""Stimulus sets: which images belong to training, validation and population."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.random_streams import generator
from workflow_scripts.images.set_names import SETS
from workflow_scripts.images.stimulus_file import read_images


@dataclass(frozen=True)
class ImageSet:
    """Images that a network is trained on: some rows of an array, which may be mapped from a file.

    Attributes
    ----------
    images : numpy.ndarray or numpy.memmap of uint8, shape (n_all, side, side, 3)
    labels : numpy.ndarray of int64, shape (n_all,)
        Class of each row.
    index : numpy.ndarray of int64, shape (n,)
        Rows that belong to the set.
    """

    images: np.ndarray
    labels: np.ndarray
    index: np.ndarray


def set_rows(name: str, stimuli: Mapping[str, Any], seed: int, n_images: int) -> np.ndarray:
    """Rows of packed images that form one set, out of a seeded permutation.

    The sets of a folder share it without overlap; ImageNet's ``training`` has ``train/`` to itself,
    and the other sets share ``val/``. A set does not depend on how large those after it are.

    Parameters
    ----------
    name : {"training", "validation", "population"}
    stimuli : dict
        ``source``, which is ``folder`` or ``imagenet``, and ``n``: by name, the number of images of
        the set and of those before it in `SETS`.
    seed : int
        Master seed of the run.
    n_images : int
        How many images there are.

    Returns
    -------
    numpy.ndarray of int64, shape (n[name],)

    Raises
    ------
    InputError
        If the sets need more images.
    """
    before = list(SETS[: SETS.index(name)])
    if stimuli["source"] == "imagenet":
        before = [other for other in before if other != "training"]
    start = sum(stimuli["n"][other] for other in before)
    stop = start + stimuli["n"][name]
    if stop > n_images:
        raise InputError(
            "config stimuli.n",
            f"{stop} images for {', '.join([*before, name])}",
            f"at most {n_images}, as many as stimuli.path has that can be decoded",
        )
    return generator(seed, "prepare_stimuli").permutation(n_images)[start:stop]


def read_training_labels(file: PathLike, stimuli: Mapping[str, Any], seed: int) -> np.ndarray:
    """Labels of the training images, without the images.

    Parameters
    ----------
    file : path-like
        The stimulus set of photographs; for other sources the labels of packed images.
    stimuli : dict
        ``source`` and ``n`` of the configuration.
    seed : int
        Master seed of the run.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
    """
    if stimuli["source"] == "photographs":
        return read_images(file)["label"].values
    labels: np.ndarray = np.load(file)
    return labels[set_rows("training", stimuli, seed, len(labels))]


def read_training(files: Sequence[PathLike], stimuli: Mapping[str, Any], seed: int) -> ImageSet:
    """Training images, mapped into memory where they are packed.

    Parameters
    ----------
    files : sequence of path-like
        The stimulus set of photographs; for other sources the packed images and their labels.
    stimuli : dict
        ``source`` and ``n`` of the configuration.
    seed : int
        Master seed of the run.

    Returns
    -------
    ImageSet

    Raises
    ------
    InputError
        If there are fewer images than `stimuli` asks for.
    """
    if stimuli["source"] == "photographs":
        data = read_images(files[0])
        labels = data["label"].values
        return ImageSet(data["image"].values, labels, np.arange(len(labels)))
    image_file, label_file = files
    labels = np.load(label_file)
    rows = set_rows("training", stimuli, seed, len(labels))
    # PyTorch wants memory that it could write to; in this mode writing would not change the file.
    return ImageSet(np.load(image_file, mmap_mode="c"), labels, rows)
