"""Check a lab's own recordings on the command line, as a run will check them.

    uv run python -m workflow_scripts.brains.own_responses FILE...

prints one line for each recording, which says what is in it or what is wrong with it, and fails if
one is wrong.
"""

import argparse
import sys
from collections.abc import Iterable

from workflow_scripts.brains.own_recordings import reader
from workflow_scripts.brains.recording import Recording
from workflow_scripts.common.config import Config, read_config
from workflow_scripts.common.errors import InputError


def describe(recording: Recording, areas: Iterable[str]) -> str:
    """What is in a recording, in one line."""
    counts = {area: int((recording.area == area).sum()) for area in areas}
    units = ", ".join(f"{number} {area}" for area, number in counts.items() if number)
    n_stimuli, n_units = recording.rate.shape
    return (
        f"ok: {recording.subject}, {recording.data_kind}, {n_stimuli} stimuli, {n_units} units"
        f" ({units})"
    )


def choose_brain(config: Config, name: str | None) -> str:
    """Name of the brain whose recordings are checked, the only one if none is named.

    Raises
    ------
    InputError
        If the configuration has no brain of this name, or not exactly one where none is named.
    """
    brains = list(config.brains)
    if name is None and len(brains) == 1:
        return brains[0]
    if name is None or name not in brains:
        found = "no name" if name is None else repr(name)
        expected = f"one of config brains, which has {', '.join(brains) or 'none'}"
        raise InputError("option --brain", found, expected)
    return name


def main() -> None:
    """Print what is in each file or wrong with it."""
    parser = argparse.ArgumentParser(description="Check recordings as the workflow will.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="netCDF file of one subject")
    parser.add_argument("--brain", help="whose recordings these are, if config has several brains")
    parser.add_argument(
        "--configfile", nargs="+", default=[], help="overrides of config.yaml, as for snakemake"
    )
    arguments = parser.parse_args()
    try:
        config = read_config(arguments.configfile)
        name = choose_brain(config, arguments.brain)
    except InputError as error:
        sys.exit(str(error))
    brain = config.brains[name]
    read = reader(name, brain)
    wrong = False
    for path in arguments.files:
        try:
            print(f"{path}: {describe(read(path), brain.areas)}")
        except InputError as error:
            print(error)
            wrong = True
    sys.exit(wrong)


if __name__ == "__main__":
    main()
