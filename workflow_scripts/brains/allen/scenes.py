"""Natural scenes as the Allen Institute publishes them: one grey TIFF file a scene."""

from pathlib import Path

import numpy as np
from PIL import Image

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import replacing

TEMPLATE_SHAPE = (918, 1174)
"""Height and width of a template in pixels."""


def template_path(folder, scene):
    """File of one scene in a folder of templates."""
    return Path(folder) / f"natural_scene_{scene}.tiff"


def write_templates(images, folder):
    """Write grey images, uint8 (scene, 918, 1174), as one file each."""
    for scene, image in enumerate(images):
        with replacing(template_path(folder, scene)) as temporary:
            Image.fromarray(image).save(temporary, compression="tiff_deflate")


def read_template(path):
    """Read one template.

    Returns
    -------
    numpy.ndarray of uint8, shape (918, 1174)

    Raises
    ------
    InputError
        If the file is missing, is no image, or has another shape or type.
    """
    try:
        with Image.open(path) as opened:
            image = np.asarray(opened)
    except OSError as error:
        raise InputError(f"{path}: expected the template of a scene, found {error}") from error
    if image.shape != TEMPLATE_SHAPE or image.dtype != np.uint8:
        raise InputError(
            f"{path}: found {image.dtype} of shape {image.shape}, expected uint8 of shape "
            f"{TEMPLATE_SHAPE}"
        )
    return image


def read_templates(folder, n_scenes):
    """Read the templates of all scenes; see `read_template`.

    Parameters
    ----------
    folder : str or path-like
        Folder with ``natural_scene_0.tiff`` and so on.
    n_scenes : int
        Number of scenes that must be there.

    Returns
    -------
    numpy.ndarray of uint8, shape (n_scenes, 918, 1174)
    """
    return np.stack([read_template(template_path(folder, scene)) for scene in range(n_scenes)])
