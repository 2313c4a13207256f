"""Stimulus sets: which images belong to training, validation and population."""

from dataclasses import dataclass

import numpy as np

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.random_streams import generator
from workflow_scripts.images.stimulus_file import read_images

SETS = ("training", "validation", "population")
"""Stimulus sets, in the order in which they divide images among them."""


@dataclass(frozen=True)
class ImageSet:
    """Images that a network is trained on: some rows of an array that need not be in memory.

    Attributes
    ----------
    images : numpy.ndarray or numpy.memmap of uint8, shape (n_all, side, side, 3)
    labels : numpy.ndarray of int64, shape (n_all,)
    index : numpy.ndarray of int64, shape (n,)
        Rows that belong to the set.
    """

    images: np.ndarray
    labels: np.ndarray
    index: np.ndarray


def set_rows(name, stimuli, seed, n_images):
    """Rows of packed images that form one set, out of a seeded permutation.

    The sets of a folder share it without overlap; ImageNet's ``training`` has ``train/`` to itself,
    and the other sets share ``val/``. A set does not depend on how large those after it are.

    Parameters
    ----------
    name : {"training", "validation", "population"}
    stimuli : dict
        ``source``, ``folder`` or ``imagenet``, and ``n``, the number of images of the set and of
        those before it in `SETS`.
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
    before = SETS[: SETS.index(name)]
    if stimuli["source"] == "imagenet":
        before = [other for other in before if other != "training"]
    start = sum(stimuli["n"][other] for other in before)
    stop = start + stimuli["n"][name]
    if stop > n_images:
        raise InputError(
            f"stimuli.n: asks for {stop} images for {', '.join([*before, name])}, stimuli.path has "
            f"{n_images} that can be decoded"
        )
    return generator(seed, "prepare_stimuli").permutation(n_images)[start:stop]


def read_training_labels(file, stimuli, seed):
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
    labels = np.load(file)
    return labels[set_rows("training", stimuli, seed, len(labels))]


def read_training(files, stimuli, seed):
    """Training images, mapped into memory where they are packed.

    Parameters
    ----------
    files : list of path-like
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
        return ImageSet(data["image"].values, data["label"].values, data["stimulus"].values)
    images, labels = files
    labels = np.load(labels)
    rows = set_rows("training", stimuli, seed, len(labels))
    # PyTorch wants memory that it could write to; what were written would not reach the file.
    return ImageSet(np.load(images, mmap_mode="c"), labels, rows)
