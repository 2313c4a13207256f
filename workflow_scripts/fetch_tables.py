"""Fetch the tables that say which sessions, probes, channels and units the Allen Institute has."""

from workflow_scripts.allen import open_source
from workflow_scripts.jobs import logged, parse_arguments


def main():
    arguments = parse_arguments(__doc__, output="folder to write the tables to")
    with logged(arguments.log):
        source, _ = open_source(arguments.settings)
        source.fetch_tables(arguments.output)


if __name__ == "__main__":
    main()
