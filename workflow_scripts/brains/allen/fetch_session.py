"""Fetch one session file of the Allen Institute, whole and checked, or end in one sentence.

Runs in the AllenSDK environment. A failed or killed job leaves what it has fetched in a file whose
name ends in ``.part``; the next one fetches the rest.
"""

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workflow_scripts.brains.allen.servers import PATIENCE_HELP, open_source, parse_patience
from workflow_scripts.brains.allen.session_file import check_content
from workflow_scripts.brains.download import Patience, Receipt, download
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, replacing
from workflow_scripts.common.job import job, parse_arguments


def compare(receipt: Receipt, path: Path) -> None:
    """Warn if an earlier download of the same session was another file."""
    if not path.is_file():
        return
    try:
        earlier = Receipt(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise InputError(
            path, f"no receipt of a download ({error})", "one; delete the file and run again"
        ) from error
    if earlier.sha256 != receipt.sha256:
        logging.warning(
            "%s: SHA-256 is %s, an earlier download had %s (%d bytes, now %d): one of the two is "
            "damaged, or the file was published again",
            receipt.url,
            receipt.sha256,
            earlier.sha256,
            earlier.size,
            receipt.size,
        )


def fetch(
    settings: dict[str, Any], patience: Patience, output: PathLike, receipt_path: PathLike
) -> None:
    """Fetch the session and write the receipt of the download."""
    source = open_source(settings, patience)
    session = settings["session"]

    def verify(path: Path) -> None:
        check_content(path, session, settings["n_scenes"])

    receipt = download(source.session_url(session), output, verify=verify, patience=patience)
    receipt_path = Path(receipt_path)
    compare(receipt, receipt_path)
    with replacing(receipt_path) as temporary:
        temporary.write_text(json.dumps(asdict(receipt), indent=2))


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
