"""Bring the images that a brain's subjects saw into the form, and the size, that networks see."""

from pathlib import Path
from typing import Any

from workflow_scripts.brains.stimuli import list_images, natural_order, read_list
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, write_netcdf
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.images.listing import IMAGE_SUFFIXES
from workflow_scripts.images.squares import load_squares
from workflow_scripts.images.stimulus_file import image_dataset


def main(
    folder: PathLike,
    listed: PathLike | None,
    size: int,
    settings: dict[str, Any],
    output: PathLike,
) -> None:
    """Write central squares of `size` of the listed images; without a list, of all in the folder.

    Parameters
    ----------
    folder : str or path-like
        Images, perhaps in sub-folders.
    listed : str or path-like, or None
        The brain's list of stimuli.
    size : int
        Side of the squares in pixels.
    settings : dict
        ``seed`` and ``data_kind``.
    output : str or path-like

    Raises
    ------
    InputError
        If there is no image, or one cannot be decoded.
    """
    names = natural_order(read_list(listed)) if listed else list_images(folder, IMAGE_SUFFIXES)
    if not names:
        raise InputError(
            folder, "no image", f"files that end in {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    data = image_dataset(load_squares([Path(folder, name) for name in names], size), names=names)
    data.attrs = stamp(settings, seed=settings["seed"], data_kind=settings["data_kind"])
    write_netcdf(data, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.images,
            snakemake.input.get("listed"),
            int(snakemake.wildcards.size),
            snakemake.params.settings,
            snakemake.output[0],
        )
