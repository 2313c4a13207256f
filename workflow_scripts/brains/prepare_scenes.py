"""Bring the images that a brain's subjects saw into the form that networks see."""

from typing import Any

import numpy as np
from PIL import Image

from workflow_scripts.brains.allen.scenes import read_templates
from workflow_scripts.common.files import PathLike, write_netcdf
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.images.squares import central_square
from workflow_scripts.images.stimulus_file import image_dataset


def main(folder: PathLike, size: int, settings: dict[str, Any], output: PathLike) -> None:
    """Write the templates as a stimulus set: grey in three channels, central squares of `size`."""
    templates = read_templates(folder, settings["n_scenes"])
    images = np.stack([central_square(Image.fromarray(template), size) for template in templates])
    data = image_dataset(images)
    data.attrs = stamp(settings, seed=settings["seed"], data_kind=settings["data_kind"])
    write_netcdf(data, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.templates,
            int(snakemake.wildcards.size),
            snakemake.params.settings,
            snakemake.output[0],
        )
