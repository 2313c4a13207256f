"""Make one stimulus set: images for training, validation or the population's responses."""

from workflow_scripts.errors import InputError
from workflow_scripts.files import write_netcdf
from workflow_scripts.jobs import logged
from workflow_scripts.provenance import stamp
from workflow_scripts.seeds import generator
from workflow_scripts.stimuli import (
    SIZE,
    image_dataset,
    list_class_images,
    load_photographs,
    load_squares,
    random_crops,
)


def photograph_crops(name, settings):
    """Crops from the set's own random stream, so that no two sets share a crop by construction."""
    return random_crops(
        load_photographs(),
        settings["n"][name],
        (SIZE, SIZE),
        settings["crop_scale"],
        generator(settings["seed"], "prepare_stimuli", name),
    )


def folder_images(name, settings):
    """Images of the set out of one seeded permutation that all sets share without overlap."""
    paths, labels = list_class_images(settings["path"])
    wanted = settings["n"]
    if sum(wanted.values()) > len(paths):
        raise InputError(
            f"stimuli.n: asks for {sum(wanted.values())} images, {settings['path']} has "
            f"{len(paths)}"
        )
    order = generator(settings["seed"], "prepare_stimuli").permutation(len(paths))
    names = sorted(wanted)
    start = sum(wanted[other] for other in names[: names.index(name)])
    chosen = order[start : start + wanted[name]]
    return load_squares([paths[i] for i in chosen]), [labels[i] for i in chosen]


def imagenet_images(name, settings):
    """Training images from ``train/``, all other sets from ``val/`` of an ImageNet tree."""
    n = {
        key: value
        for key, value in settings["n"].items()
        if (key == "training") == (name == "training")
    }
    part = "train" if name == "training" else "val"
    return folder_images(name, {**settings, "path": f"{settings['path']}/{part}", "n": n})


SOURCES = {
    "photographs": photograph_crops,
    "folder": folder_images,
    "imagenet": imagenet_images,
}


def main(name, settings, output):
    """Write the stimulus set called `name`."""
    images, labels = SOURCES[settings["source"]](name, settings)
    data = image_dataset(images, labels)
    data.attrs = stamp(settings, seed=settings["seed"], data_kind="networks")
    write_netcdf(data, output)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.wildcards.set, snakemake.params.settings, snakemake.output[0])
