"""Packaged photographs, generated pictures beside them, and random crops of both."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from workflow_scripts.common.random_streams import generator as generator_of
from workflow_scripts.images.dead_leaves import draw_pictures

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
"""Natural photographs and textures of scikit-image with at least 180 pixels on each side.

Drawings, masks and printed text are left out.
"""

SKLEARN_PHOTOGRAPHS = ("china.jpg", "flower.jpg")
"""All photographs of scikit-learn."""


def load_photographs() -> list[Image.Image]:
    """Packaged photographs as a list of PIL images in RGB, always in the same order."""
    import skimage.data
    import sklearn.datasets

    skimage_folder = Path(skimage.data.__file__).parent
    sklearn_folder = Path(sklearn.datasets.__file__).parent / "images"
    paths = [skimage_folder / name for name in SKIMAGE_PHOTOGRAPHS]
    paths += [sklearn_folder / name for name in SKLEARN_PHOTOGRAPHS]
    return [Image.open(path).convert("RGB") for path in paths]


def load_pictures(n_generated: int, seed: int) -> list[Image.Image]:
    """Packaged photographs, then generated pictures, which depend on the master seed."""
    return load_photographs() + draw_pictures(n_generated, generator_of(seed, "pictures"))


def random_crops(
    pictures: Sequence[Image.Image],
    n: int,
    size: tuple[int, int],
    scale: Sequence[float],
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Random crops of pictures, each resized to one size.

    Parameters
    ----------
    pictures : list of PIL.Image.Image
        Sources; each crop picks one of them with equal probability.
    n : int
        Number of crops.
    size : tuple of int
        Height and width of the result in pixels; crops have its aspect ratio.
    scale : sequence of float
        Smallest and largest height of a crop, as a share of the largest crop of that aspect
        ratio that fits into the picture.
    generator : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    images : numpy.ndarray of uint8, shape (n, height, width, 3)
    labels : numpy.ndarray of int64, shape (n,)
        Index of the source picture.
    """
    height, width = size
    smallest, largest = scale
    images = np.empty((n, height, width, 3), np.uint8)
    labels = generator.integers(len(pictures), size=n)
    for index, label in enumerate(labels):
        picture = pictures[label]
        fit = min(picture.height / height, picture.width / width)
        zoom = fit * generator.uniform(smallest, largest)
        box_height, box_width = zoom * height, zoom * width
        top = generator.uniform(0, picture.height - box_height)
        left = generator.uniform(0, picture.width - box_width)
        images[index] = picture.resize(
            (width, height),
            Image.Resampling.BICUBIC if zoom < 1 else Image.Resampling.BOX,
            box=(left, top, left + box_width, top + box_height),
            reducing_gap=3.0 if zoom >= 2 else None,
        )
    return images, labels
