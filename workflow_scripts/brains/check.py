"""Check a folder of a lab's own recordings on the command line, before anything runs.

    uv run python -m workflow_scripts.brains.check FOLDER

prints one line for each recording, which says what is in it or what is wrong with it, and one for
the folder as a whole. It fails if anything is wrong.
"""

import argparse
import sys
from collections.abc import Iterator

import numpy as np

from workflow_scripts.brains.copies import check_copies
from workflow_scripts.brains.image_folder import check_images
from workflow_scripts.brains.own_folder import OwnFolder, read_folder, recording_files
from workflow_scripts.brains.recording import (
    read_labels,
    read_responses,
    read_trials,
    units_per_area,
)
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.solvers.arrays import varying


def check_recording(path: PathLike) -> str:
    """What is in a recording, in one line.

    Raises
    ------
    InputError
        If it is not in the form.
    """
    labels = read_labels(path)
    responses = read_responses(path, labels)
    trials = "single trials" if labels.has_trials else "no single trials"
    if labels.has_trials:
        read_trials(path, labels, responses)
    return (
        f"{path}: ok: {labels.subject}, {labels.data_kind} {labels.measurement} in {labels.units}, "
        f"{len(labels.stimulus)} stimuli, {trials}, {units_per_area(labels)}{idle_units(responses)}"
    )


def idle_units(responses: np.ndarray) -> str:
    """How many units cannot take part, or only with a part of the stimuli."""
    missing = np.isnan(responses).any(axis=0)
    constant = ~missing & ~varying(responses)
    counts = {"without a response to each stimulus": missing, "constant": constant}
    parts = [f"{units.sum()} {what}" for what, units in counts.items() if units.any()]
    return f", of which {' and '.join(parts)}" if parts else ""


def describe(folder: OwnFolder) -> str:
    """What the recordings of a folder have in common."""
    groups = {stimulus.group for stimulus in folder.stimuli.values()}
    n_test = sum(stimulus.split == "test" for stimulus in folder.stimuli.values())
    parts = [
        f"{len(folder.files)} subject{'' if len(folder.files) == 1 else 's'} with "
        f"{len(folder.stimuli)} stimuli in common"
    ]
    if len(groups) < len(folder.stimuli):
        parts.append(f"{len(groups)} groups")
    if n_test:
        parts.append(f"{n_test} prescribed for the test")
    parts.append("an image of each" if folder.images else "no images")
    return ", ".join(parts)


def check_folder(path: PathLike) -> Iterator[tuple[bool, str]]:
    """Each line that is printed, and whether it says that something is right."""
    wrong = False
    for file in recording_files(path):
        try:
            yield True, check_recording(file)
        except InputError as error:
            wrong = True
            yield False, str(error)
    # What is wrong with a single file would be said twice.
    if wrong:
        return
    try:
        folder = read_folder(path, str(path))
        check_copies({file: folder.labels[subject] for subject, file in folder.files.items()})
        if folder.images:
            groups = {name: stimulus.group for name, stimulus in folder.stimuli.items()}
            check_images(folder.images, groups)
        yield True, f"{path}: ok: {describe(folder)}"
    except InputError as error:
        yield False, str(error)


def main() -> None:
    """Print what is in a folder or wrong with it."""
    parser = argparse.ArgumentParser(description="Check recordings as the workflow will.")
    parser.add_argument("folder", help="folder with one netCDF file per subject")
    results = []
    for is_right, line in check_folder(parser.parse_args().folder):
        print(line)
        results.append(is_right)
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
