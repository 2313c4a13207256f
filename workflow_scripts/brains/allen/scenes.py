"""Natural scenes as the Allen Institute publishes them: one grey TIFF file per scene."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from workflow_scripts.brains.allen.release import TEMPLATE_SHAPE, scene_name
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, replacing


def template_path(folder: PathLike, scene: int) -> Path:
    """File of one scene in a folder of templates."""
    return Path(folder, scene_name(scene))


def write_templates(images: Iterable[np.ndarray], folder: PathLike) -> None:
    """Write grey images, uint8 of `TEMPLATE_SHAPE`, as one file each."""
    for scene, image in enumerate(images):
        with replacing(template_path(folder, scene)) as temporary:
            Image.fromarray(image).save(temporary, compression="tiff_deflate")


def read_template(path: PathLike) -> np.ndarray:
    """Read one template.

    Returns
    -------
    numpy.ndarray of uint8, shape `TEMPLATE_SHAPE`

    Raises
    ------
    InputError
        If the file is missing, is not an image, or has another shape or type.
    """
    try:
        with Image.open(path, formats=["TIFF"]) as opened:
            image = np.asarray(opened)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        # PIL raises the last two where the header of a damaged file gives sizes that cannot be.
        found = f"no readable image ({error})"
        raise InputError(path, found, "the template of a scene") from error
    if image.shape != TEMPLATE_SHAPE or image.dtype != np.uint8:
        raise InputError(
            path, f"{image.dtype} of shape {image.shape}", f"uint8 of shape {TEMPLATE_SHAPE}"
        )
    return image
