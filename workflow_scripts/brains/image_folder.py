"""The folder of the images that the subjects of a brain saw."""

import hashlib
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath

from PIL import Image, UnidentifiedImageError

from workflow_scripts.brains.stimuli import natural_order
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.images.image_formats import IMAGE_FORMATS


def check_images(folder: PathLike, groups: Mapping[str, str]) -> None:
    """Refuse stimuli without an image, and groups that have the same image.

    Files with the same bytes are found. The same picture in another format, size or crop is not.

    Parameters
    ----------
    folder : str or path-like
    groups : dict of str to str
        Group of each stimulus, by name.

    Raises
    ------
    InputError
        On the first stimulus without an image in the folder, or the first whose image is also that
        of another group.
    """
    first: dict[bytes, str] = {}
    for name, group in groups.items():
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts:
            raise InputError(folder, f"the stimulus {name!r}", "names of images in this folder")
        path = Path(folder, name)
        try:
            content = path.read_bytes()
            with Image.open(BytesIO(content), formats=IMAGE_FORMATS):
                pass
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            reason = getattr(error, "strerror", None) or error
            if isinstance(error, UnidentifiedImageError):
                reason = "not in a known format"
            found = f"no readable image ({reason})"
            raise InputError(path, found, f"the image of stimulus {name!r}") from error
        other = first.setdefault(hashlib.sha256(content).digest(), name)
        if groups[other] != group:
            raise InputError(
                path,
                f"the same image as {other}",
                "different images, or one group for both in stimuli.csv, as otherwise a map could "
                "be tested on an image that it was fitted to",
            )


def list_images(folder: PathLike, suffixes: Iterable[str]) -> list[str]:
    """Images of a folder and its sub-folders, by their paths below it, in natural order.

    Hidden files, such as those that macOS leaves next to every image, are ignored.
    """
    root = Path(folder)
    found = (path.relative_to(root).as_posix() for path in root.rglob("[!.]*") if path.is_file())
    return natural_order(name for name in found if name.lower().endswith(tuple(suffixes)))
