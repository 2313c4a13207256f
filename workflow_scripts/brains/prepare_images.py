"""Bring the images that a brain's subjects saw into the form, and the size, that networks see."""

from pathlib import Path
from typing import Any

from workflow_scripts.brains.image_folder import list_images
from workflow_scripts.brains.stimulus_table import read_stimuli
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, write_netcdf
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.images.squares import IMAGE_SUFFIXES, load_squares
from workflow_scripts.images.stimulus_file import image_dataset


def main(
    folder: PathLike,
    table: PathLike | None,
    size: int,
    settings: dict[str, Any],
    output: PathLike,
) -> None:
    """Write central squares of `size` of the images.

    Parameters
    ----------
    folder : str or path-like
        Images, perhaps in sub-folders.
    table : str or path-like, or None
        Table of the brain's stimuli, of which those that take part are prepared. Without it, all
        images of the folder are: what simulated subjects see is known before there are any.
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
    names = read_stimuli(table).names.tolist() if table else list_images(folder, IMAGE_SUFFIXES)
    if not names:
        suffixes = ", ".join(sorted(IMAGE_SUFFIXES))
        raise InputError(folder, "no image", f"files that end in {suffixes}")
    data = image_dataset(load_squares([Path(folder, name) for name in names], size), names=names)
    data.attrs = stamp(settings, seed=settings["seed"], data_kind=settings["data_kind"])
    write_netcdf(data, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.images,
            snakemake.input.get("table"),
            int(snakemake.wildcards.size),
            snakemake.params.settings,
            snakemake.output[0],
        )
