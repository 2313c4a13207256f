"""Decode the images of one subset once, for every training to come."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.job import job
from workflow_scripts.images.listing import (
    ARCHIVE_SIDE,
    check_classes,
    find_archives,
    subset_folder,
)
from workflow_scripts.images.packing import Copies, finish, pack_archives, pack_tree


def main(
    settings: dict[str, Any], output: Any, threads: int, shown: Sequence[PathLike] = ()
) -> None:
    """Write the images, their labels, the manifest of all files, and what made them.

    No picture of `shown`, packed images of another subset, is packed.
    """
    path, subset, side = settings["path"], settings["subset"], settings["side"]
    partial = Path(f"{output.images}.part")
    partial.parent.mkdir(parents=True, exist_ok=True)
    if subset != "all":
        check_classes(path)
    archives = find_archives(path, subset)
    copies = Copies(*shown)
    try:
        if archives:
            side = ARCHIVE_SIDE
            table = pack_archives(archives, partial, copies)
        else:
            table = pack_tree(subset_folder(path, subset), side, partial, threads, copies)
        finish(partial, table, side, settings, output)
    except OSError as error:
        # A failed write does not say what it wrote to.
        raise InputError(
            error.filename or partial,
            str(error.strerror),
            "a file that can be read or written; what is decoded is kept for the next run",
        ) from error


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.params.settings,
            snakemake.output,
            snakemake.threads,
            snakemake.input.shown,
        )
