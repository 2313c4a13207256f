"""Images: crops of the packaged photographs, sets of packed images, and the netCDF form."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from workflow_scripts.configuration import SETS
from workflow_scripts.errors import InputError
from workflow_scripts.seeds import generator

SIZE = 64
"""Side of every image that a network sees, except an external model, in pixels."""

# Natural photographs and textures in the wheels of scikit-image and scikit-learn that are at least
# 180 pixels on each side; drawings, masks and printed text are left out.
SKIMAGE_PHOTOGRAPHS = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "cell.png",
    "chelsea.png",
    "clock_motion.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "retina.jpg",
    "rocket.jpg",
)
SKLEARN_PHOTOGRAPHS = ("china.jpg", "flower.jpg")


def load_photographs():
    """Packaged photographs as a list of PIL images in RGB, always in the same order."""
    import skimage.data
    import sklearn.datasets
    from PIL import Image

    skimage_folder = Path(skimage.data.__file__).parent
    sklearn_folder = Path(sklearn.datasets.__file__).parent / "images"
    paths = [skimage_folder / name for name in SKIMAGE_PHOTOGRAPHS]
    paths += [sklearn_folder / name for name in SKLEARN_PHOTOGRAPHS]
    return [Image.open(path).convert("RGB") for path in paths]


def random_crops(photographs, n, size, scale, generator):
    """Random crops of photographs, each resized to one size.

    Parameters
    ----------
    photographs : list of PIL.Image.Image
        Sources; each crop picks one of them with equal probability.
    n : int
        Number of crops.
    size : tuple of int
        Height and width of the result in pixels; crops have its aspect ratio.
    scale : tuple of float
        Smallest and largest height of a crop, as a share of the largest crop of that aspect
        ratio that fits into the photograph.
    generator : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    images : numpy.ndarray of uint8, shape (n, height, width, 3)
    labels : numpy.ndarray of int64, shape (n,)
        Index of the source photograph.
    """
    from PIL import Image

    height, width = size
    images = np.empty((n, height, width, 3), np.uint8)
    labels = generator.integers(len(photographs), size=n)
    for index, label in enumerate(labels):
        photograph = photographs[label]
        fit = min(photograph.height / height, photograph.width / width)
        zoom = fit * generator.uniform(*scale)
        box_height, box_width = zoom * height, zoom * width
        top = generator.uniform(0, photograph.height - box_height)
        left = generator.uniform(0, photograph.width - box_width)
        images[index] = photograph.resize(
            (width, height),
            Image.Resampling.BICUBIC if zoom < 1 else Image.Resampling.BOX,
            box=(left, top, left + box_width, top + box_height),
            reducing_gap=3.0 if zoom >= 2 else None,
        )
    return images, labels


def central_square(image, size=SIZE):
    """Central square of a PIL image, 224/256 of its shorter side, resized to `size` pixels.

    This is the usual evaluation transform (shorter side to 256, centre 224) in one resampling.
    """
    from PIL import Image

    from workflow_scripts.decoding import to_rgb

    side = min(image.size) * 224 / 256
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return np.asarray(
        to_rgb(image).resize(
            (size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)
        )
    )


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


def load_squares(paths):
    """Central squares of image files, uint8 (image, y, x, 3).

    Raises
    ------
    InputError
        If a file cannot be decoded.
    """
    from PIL import Image

    squares = np.empty((len(paths), SIZE, SIZE, 3), np.uint8)
    for index, path in enumerate(paths):
        try:
            with Image.open(path) as image:
                squares[index] = central_square(image)
        except OSError as error:
            raise InputError(f"{path}: expected an image, found {error}") from error
    return squares


def image_dataset(images, labels=None):
    """Dataset of a stimulus set: ``image`` (stimulus, y, x, channel) uint8 and maybe ``label``."""
    variables = {"image": (("stimulus", "y", "x", "channel"), images)}
    if labels is not None:
        variables["label"] = ("stimulus", np.asarray(labels, np.int64))
    return xr.Dataset(variables, coords={"stimulus": np.arange(len(images))})


def read_images(path):
    """Stimulus set of a netCDF file, loaded.

    Raises
    ------
    InputError
        If the images are not uint8 with the dimensions (stimulus, y, x, channel).
    """
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        data = opened.load()
    image = data.get("image")
    expected = ("stimulus", "y", "x", "channel")
    if image is None or image.dims != expected or image.dtype != np.uint8:
        found = "no variable image" if image is None else f"{image.dtype} with {image.dims}"
        raise InputError(f"{path}: found {found}, expected image as uint8 with {expected}")
    return data
