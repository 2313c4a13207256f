"""Decode the images of one part of the stimuli once, for every training to come."""

from pathlib import Path

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.job import job
from workflow_scripts.images.listing import ARCHIVE_SIDE, check_classes, find_archives, part_folder
from workflow_scripts.images.packing import finish, pack_archives, pack_tree


def main(settings, output, threads):
    """Write the images, their labels, the manifest of all files, and what made them."""
    path, part, side = settings["path"], settings["part"], settings["side"]
    partial = Path(f"{output.images}.part")
    partial.parent.mkdir(parents=True, exist_ok=True)
    if part != "all":
        check_classes(path)
    archives = find_archives(path, part)
    try:
        if archives:
            side = ARCHIVE_SIDE
            table = pack_archives(archives, partial)
        else:
            table = pack_tree(part_folder(path, part), side, partial, threads)
        finish(partial, table, side, settings, output)
    except OSError as error:
        # A failed write does not say what it wrote to.
        raise InputError(
            f"{error.filename or partial}: found {error.strerror}, expected that it can be read or "
            "written; what is decoded is kept for the next run"
        ) from error


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.params.settings, snakemake.output, snakemake.threads)
