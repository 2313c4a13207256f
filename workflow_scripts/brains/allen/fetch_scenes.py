"""Fetch the templates of the natural scenes, one TIFF file each, and check every one.

Runs in the AllenSDK environment. Templates that are there already are checked and kept.
"""

from pathlib import Path
from typing import Any

from workflow_scripts.brains.allen.scenes import read_template, template_path
from workflow_scripts.brains.allen.servers import (
    PATIENCE_HELP,
    open_source,
    parse_patience,
    receipt_path,
)
from workflow_scripts.brains.download import Patience, download
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.job import job, parse_arguments


def fetch(settings: dict[str, Any], patience: Patience, folder: PathLike) -> None:
    """Fetch all scenes into a folder that gets its name when they are complete."""
    source = open_source(settings, patience)
    folder = Path(folder)
    gathered = folder.with_name(f"{folder.name}.part")
    for scene in range(settings["n_scenes"]):
        path = template_path(gathered, scene)
        receipt = receipt_path(folder, path)
        url = source.scene_url(scene)
        download(url, path, verify=read_template, patience=patience, receipt=receipt)
    gathered.rename(folder)


def main() -> None:
    """The command that the rule runs."""
    arguments = parse_arguments(
        __doc__, patience=PATIENCE_HELP, output="folder to write the templates to"
    )
    with job(arguments.log, outputs=[arguments.output]):
        fetch(arguments.settings, parse_patience(arguments.patience), arguments.output)


if __name__ == "__main__":
    main()
