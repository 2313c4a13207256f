"""Fetch the tables that say which sessions, probes, channels and units the Allen Institute has."""

from workflow_scripts.allen import PATIENCE_HELP, open_source, parse_patience
from workflow_scripts.jobs import logged, parse_arguments


def main():
    arguments = parse_arguments(
        __doc__, patience=PATIENCE_HELP, output="folder to write the tables to"
    )
    with logged(arguments.log):
        source = open_source(arguments.settings, parse_patience(arguments.patience))
        source.fetch_tables(arguments.output)


if __name__ == "__main__":
    main()
