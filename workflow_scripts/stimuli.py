"""Images: crops of the packaged photographs, folders of images, and their netCDF form."""

from pathlib import Path

import numpy as np
import xarray as xr

from workflow_scripts.errors import InputError

SIZE = 64
"""Side of every image that a network sees, in pixels."""

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

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp"}


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

    side = min(image.size) * 224 / 256
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return np.asarray(
        image.convert("RGB").resize(
            (size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)
        )
    )


def list_class_images(folder):
    """Image files of a folder with one sub-folder a class.

    Parameters
    ----------
    folder : str or path-like
        Folder whose sub-folders are classes.

    Returns
    -------
    paths : list of pathlib.Path
        Sorted by class and name.
    labels : list of int
        Index of the class in the sorted class names.

    Raises
    ------
    InputError
        If the folder is missing or holds no image in a sub-folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"stimuli.path: found no folder {folder}, expected a folder of images")
    classes = sorted(entry for entry in folder.iterdir() if entry.is_dir())
    found = [
        (path, label)
        for label, entry in enumerate(classes)
        for path in sorted(entry.rglob("*"))
        if path.suffix.lower() in IMAGE_SUFFIXES
    ]
    if not found:
        raise InputError(
            f"stimuli.path: found no image in the sub-folders of {folder}, expected one sub-folder "
            f"a class with files ending in {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    paths, labels = zip(*found, strict=True)
    return list(paths), list(labels)


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
