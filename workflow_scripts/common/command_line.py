"""What Snakemake is asked for on the command line, checked where its own message names no cause."""

import sys
from argparse import Namespace
from collections.abc import Collection, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from workflow_scripts.common.config import read_yaml
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.sentences import did_you_mean, one_of


def arguments() -> Namespace:
    """The command line as Snakemake reads it, without its profiles."""
    from snakemake.cli import get_argument_parser

    known: Namespace = get_argument_parser().parse_known_args(sys.argv[1:])[0]
    return known


def check_configfiles() -> None:
    """End in one sentence if a file of ``--configfile`` is missing or not YAML with keys.

    Profiles call this: Snakemake reads these files before the Snakefile, and names no line.
    """
    try:
        for path in map(Path, arguments().configfile or ()):
            if not path.is_file():
                raise InputError(
                    "--configfile",
                    f"{str(path)!r}, which is no file",
                    "YAML files; targets stand before --configfile, or after --",
                )
            # Snakemake also reads JSON, which is not YAML if it is indented with tabs.
            if path.suffix != ".json":
                read_yaml(path)
    except InputError as error:
        sys.exit(str(error))


def check_packages() -> None:
    """Refuse a Snakemake that was installed elsewhere: its jobs would find no packages.

    Raises
    ------
    InputError
        It names the place.
    """
    if find_spec("numpy") is None:
        raise InputError(
            "packages",
            f"no numpy in {sys.prefix}",
            "those of pyproject.toml: write uv run before snakemake, or add --sdm conda",
        )


def check_targets(targets: Iterable[str], names: Sequence[str], rules: Collection[str]) -> None:
    """Refuse a target that is no path and no name.

    Parameters
    ----------
    targets : iterable of str
        As they are given; only they are checked.
    names : sequence of str
        Names of parts of the run, which are suggested.
    rules : collection of str
        Names of all rules.

    Raises
    ------
    InputError
        It names all parts.
    """
    for target in targets:
        if target not in rules and not {"/", "."} & set(target):
            hint = did_you_mean(target, names)
            raise InputError("target", f"the unknown name {target!r}{hint}", one_of(names))
