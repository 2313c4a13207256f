"""Make one stimulus set: images for training, validation or the population's responses."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workflow_scripts.common.files import PathLike, write_netcdf
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.common.random_streams import generator
from workflow_scripts.images.photographs import load_pictures, random_crops
from workflow_scripts.images.sets import set_rows
from workflow_scripts.images.squares import SIZE, load_squares
from workflow_scripts.images.stimulus_file import image_dataset


def photograph_crops(name: str, settings: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of a set of crops, from a random stream that no other set has."""
    return random_crops(
        load_pictures(settings["n_generated"], settings["seed"]),
        settings["n"][name],
        (SIZE, SIZE),
        settings["crop_scale"],
        generator(settings["seed"], "prepare_stimuli", name),
    )


def packed_images(
    name: str, settings: dict[str, Any], pack: Sequence[PathLike]
) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of a set, decoded again from those files that could be packed.

    Images are shown as in an evaluation, from their original size; archives of downsampled ImageNet
    have only the packed size.
    """
    images, _, manifest = pack
    # File names need not be valid text.
    table = pd.read_csv(manifest, encoding_errors="surrogateescape")
    table = table[table["reason"].isna()]
    rows = set_rows(name, settings, settings["seed"], len(table))
    chosen = table.iloc[rows]
    labels = chosen["label"].to_numpy()
    if Path(chosen["path"].iloc[0]).parent.suffix == ".npz":
        return np.load(images, mmap_mode="r")[rows], labels
    folder = Path(settings["path"], "val" if settings["source"] == "imagenet" else "")
    return load_squares([folder / path for path in chosen["path"]]), labels


def main(name: str, settings: dict[str, Any], pack: Sequence[PathLike], output: PathLike) -> None:
    """Write the stimulus set called `name`, from the images of `pack` if they are packed."""
    if settings["source"] == "photographs":
        images, labels = photograph_crops(name, settings)
        # Crops of one picture are alike: its label is also their group.
        data = image_dataset(images, labels, groups=labels)
    else:
        data = image_dataset(*packed_images(name, settings, pack))
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
