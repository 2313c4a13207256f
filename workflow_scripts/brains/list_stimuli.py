"""List the stimuli of a brain: who saw them, which belong together, and which take part."""

import logging
from collections.abc import Sequence
from typing import Any

from workflow_scripts.brains.copies import check_copies
from workflow_scripts.brains.image_folder import check_images
from workflow_scripts.brains.recording import read_labels
from workflow_scripts.brains.stimuli import read_list
from workflow_scripts.brains.stimulus_listing import stimulus_table
from workflow_scripts.common.files import PathLike, write_table
from workflow_scripts.common.job import job


def main(
    recordings: Sequence[PathLike],
    listed: PathLike | None,
    images: PathLike | None,
    settings: dict[str, Any],
    output: PathLike,
) -> None:
    """Write the table of stimuli.

    Parameters
    ----------
    recordings : list of str or path-like
        One file per subject.
    listed : str or path-like, or None
        The brain's list of stimuli.
    images : str or path-like, or None
        Folder of the images.
    settings : dict
        ``brain``.
    output : str or path-like
    """
    labels = [read_labels(path) for path in recordings]
    check_copies(dict(zip(map(str, recordings), labels, strict=True)))
    seen = {of_subject.subject: of_subject.stimulus for of_subject in labels}
    table = stimulus_table(seen, read_list(listed) if listed else None, settings["brain"])
    used = table[table["takes_part"]]
    logging.info(
        "%d of %d stimuli take part, in %d groups", len(used), len(table), used["group"].nunique()
    )
    if images:
        check_images(images, dict(zip(used["stimulus"], used["group"], strict=True)))
    kinds = {of_subject.data_kind for of_subject in labels}
    write_table(table.assign(data_kind="simulated" if "simulated" in kinds else "recorded"), output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.recordings,
            snakemake.input.get("listed"),
            snakemake.input.get("images"),
            snakemake.params.settings,
            snakemake.output[0],
        )
