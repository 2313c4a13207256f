"""Fetch the tables of all sessions, probes, channels and units that the Allen Institute has."""

from pathlib import Path

from workflow_scripts.brains.allen.answers import TABLES
from workflow_scripts.brains.allen.servers import PATIENCE_HELP, open_source, parse_patience
from workflow_scripts.common.job import job, parse_arguments


def main() -> None:
    """The command that the rule runs."""
    arguments = parse_arguments(
        __doc__, patience=PATIENCE_HELP, output="folder to write the tables to"
    )
    tables = [Path(arguments.output, f"{name}.csv") for name in TABLES]
    with job(arguments.log, outputs=tables):
        source = open_source(arguments.settings, parse_patience(arguments.patience))
        source.fetch_tables(arguments.output)


if __name__ == "__main__":
    main()
