"""Bring the natural scenes that the mice saw into the form that networks see."""

import numpy as np
from PIL import Image

from workflow_scripts.brains.allen.scenes import read_templates
from workflow_scripts.common.files import write_netcdf
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.images.squares import SIZE, central_square
from workflow_scripts.images.stimulus_file import image_dataset


def main(folder, size, settings, output):
    """Write the templates as a stimulus set: grey in three channels, their central square."""
    templates = read_templates(folder, settings["n_scenes"])
    images = np.stack([central_square(Image.fromarray(template), size) for template in templates])
    data = image_dataset(images)
    data.attrs = stamp(settings, seed=settings["seed"], data_kind=settings["data_kind"])
    write_netcdf(data, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.templates,
            int(snakemake.wildcards.size.removeprefix("_") or SIZE),
            snakemake.params.settings,
            snakemake.output[0],
        )
