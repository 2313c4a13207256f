"""Fetch one session file of the Allen Institute, whole and checked, or end in one sentence.

Runs in the AllenSDK environment. A failed or killed job leaves what it has fetched in a file whose
name ends in ``.part``; the next one fetches the rest.
"""

from pathlib import Path
from typing import Any

from workflow_scripts.brains.allen.servers import PATIENCE_HELP, open_source, parse_patience
from workflow_scripts.brains.allen.session_file import check_content
from workflow_scripts.brains.download import Patience, download
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.job import job, parse_arguments


def fetch(
    settings: dict[str, Any], patience: Patience, output: PathLike, receipt: PathLike
) -> None:
    """Fetch the session, the same one as in the first download."""
    source = open_source(settings, patience)
    session = settings["session"]

    def verify(path: Path) -> None:
        check_content(path, session, settings["n_scenes"])

    url = source.session_url(session)
    download(url, output, verify=verify, patience=patience, receipt=receipt)


def main() -> None:
    """The command that the rule runs."""
    arguments = parse_arguments(
        __doc__,
        patience=PATIENCE_HELP,
        output="NWB file to write",
        receipt="JSON file for size and SHA-256",
    )
    with job(arguments.log, outputs=[arguments.output]):
        patience = parse_patience(arguments.patience)
        fetch(arguments.settings, patience, arguments.output, arguments.receipt)


if __name__ == "__main__":
    main()
