"""Draw the natural scenes of the simulated mice, in the form of the Allen template files."""

from typing import Any

import numpy as np
import pandas as pd

from workflow_scripts.brains.allen.release import TEMPLATE_SHAPE, scene_name
from workflow_scripts.brains.allen.scenes import write_templates
from workflow_scripts.common.files import PathLike, write_table
from workflow_scripts.common.job import job
from workflow_scripts.common.random_streams import generator
from workflow_scripts.images.photographs import load_pictures, random_crops


def main(settings: dict[str, Any], folder: PathLike, listed: PathLike) -> None:
    """Write `settings["n_scenes"]` grey crops of pictures as TIFF files, and list them.

    Crops of one picture are alike: in the list they are a group.
    """
    pictures = load_pictures(settings["n_generated"], settings["seed"])
    grey = [picture.convert("L").convert("RGB") for picture in pictures]
    images, labels = random_crops(
        grey,
        settings["n_scenes"],
        TEMPLATE_SHAPE,
        settings["crop_scale"],
        generator(settings["seed"], "simulate_scenes"),
    )
    write_templates(np.ascontiguousarray(images[..., 0]), folder)
    names = [scene_name(scene) for scene in range(len(images))]
    groups = [f"picture {label}" for label in labels]
    table = pd.DataFrame({"stimulus": names, "group": groups, "data_kind": "simulated"})
    write_table(table, listed)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.params.settings, snakemake.output.images, snakemake.output.listed)
