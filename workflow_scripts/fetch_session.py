"""Fetch one session file of the Allen Institute, whole and checked, or end in one sentence.

Runs in the AllenSDK environment. A failed or killed job leaves what it has fetched in a file whose
name ends in ``.part``; the next one fetches the rest.
"""

import json
import logging
from dataclasses import asdict
from pathlib import Path

import h5py
import numpy as np

from workflow_scripts.allen import PATIENCE_HELP, open_source, parse_patience
from workflow_scripts.download import download
from workflow_scripts.errors import InputError
from workflow_scripts.extract_responses import check_file
from workflow_scripts.files import replacing
from workflow_scripts.jobs import logged, parse_arguments

SCENES = "intervals/natural_scenes_presentations/frame"


def check_content(path, session, n_scenes):
    """Check that a file is the session, shows every scene, and that its spikes are all there.

    Parameters
    ----------
    path : str or path-like
    session : int
    n_scenes : int
        The frames must be 0 to `n_scenes` - 1, and the blank -1. Whether each is shown often enough
        is for the extraction to say.

    Raises
    ------
    InputError
        With one sentence that names the file, what was found and what was expected.
    """
    check_file(path, session)
    with h5py.File(path, "r") as file:
        if SCENES not in file:
            raise InputError(f"{path}: has no {SCENES}, expected a session with natural scenes")
        frames = file[SCENES][:].astype(int)
        if set(frames) != set(range(-1, n_scenes)):
            raise InputError(
                f"{path}: shows {len(set(frames))} frames from {frames.min()} to {frames.max()}, "
                f"expected 0 to {n_scenes - 1} and the blank -1"
            )
        units, times = file["units"], file["units/spike_times"]
        ends = units["spike_times_index"][:]
        if len(ends) != len(units["id"]) or ends[-1] != len(times) or (np.diff(ends) < 0).any():
            raise InputError(
                f"{path}: found a spike index that does not fit its {len(times)} spikes"
            )
        times[-1:]  # the last bytes can be read


def compare(receipt, path):
    """Warn if an earlier download of the same session was another file."""
    if not path.is_file():
        return
    earlier = json.loads(path.read_text())
    if earlier["sha256"] != receipt.sha256:
        logging.warning(
            "%s: SHA-256 is %s, an earlier download had %s (%d bytes, now %d): one of the two is "
            "damaged, or the file was published anew",
            receipt.url,
            receipt.sha256,
            earlier["sha256"],
            earlier["size"],
            receipt.size,
        )


def fetch(settings, patience, output, receipt_path):
    """Fetch the session and write the receipt of the download."""
    source = open_source(settings, patience)
    session = settings["session"]

    def verify(path):
        check_content(path, session, settings["n_scenes"])

    receipt = download(source.session_url(session), output, verify=verify, patience=patience)
    receipt_path = Path(receipt_path)
    compare(receipt, receipt_path)
    with replacing(receipt_path) as temporary:
        temporary.write_text(json.dumps(asdict(receipt), indent=2))


def main():
    arguments = parse_arguments(
        __doc__,
        patience=PATIENCE_HELP,
        output="NWB file to write",
        receipt="JSON file for size and SHA-256",
    )
    with logged(arguments.log):
        patience = parse_patience(arguments.patience)
        fetch(arguments.settings, patience, arguments.output, arguments.receipt)


if __name__ == "__main__":
    main()
