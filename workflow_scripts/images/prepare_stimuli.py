"""Make one stimulus set: images for training, validation or the population's responses."""

from pathlib import Path

import numpy as np
import pandas as pd

from workflow_scripts.common.files import write_netcdf
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.common.random_streams import generator
from workflow_scripts.images.photographs import load_photographs, random_crops
from workflow_scripts.images.sets import set_rows
from workflow_scripts.images.squares import SIZE, load_squares
from workflow_scripts.images.stimulus_file import image_dataset


def photograph_crops(name, settings):
    """Crops from the set's own random stream, so that no two sets share a crop by construction."""
    return random_crops(
        load_photographs(),
        settings["n"][name],
        (SIZE, SIZE),
        settings["crop_scale"],
        generator(settings["seed"], "prepare_stimuli", name),
    )


def packed_images(name, settings, pack):
    """Images of the set, decoded anew from those files that could be packed.

    They are shown as in an evaluation, from the original size; archives of downsampled ImageNet
    have only the packed one.
    """
    images, _, manifest = pack
    # Names of files need not be text.
    table = pd.read_csv(manifest, encoding_errors="surrogateescape")
    table = table[table["reason"].isna()]
    rows = set_rows(name, settings, settings["seed"], len(table))
    chosen = table.iloc[rows]
    if Path(chosen["path"].iloc[0]).parent.suffix == ".npz":
        return np.load(images, mmap_mode="r")[rows], chosen["label"]
    folder = Path(settings["path"], "val" if settings["source"] == "imagenet" else "")
    return load_squares([folder / path for path in chosen["path"]]), chosen["label"]


def main(name, settings, pack, output):
    """Write the stimulus set called `name`, of the images of `pack` if there is one."""
    if settings["source"] == "photographs":
        images, labels = photograph_crops(name, settings)
    else:
        images, labels = packed_images(name, settings, pack)
    data = image_dataset(images, labels)
    data.attrs = stamp(settings, seed=settings["seed"], data_kind="networks")
    write_netcdf(data, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.wildcards.set,
            snakemake.params.settings,
            snakemake.input.pack,
            snakemake.output[0],
        )
