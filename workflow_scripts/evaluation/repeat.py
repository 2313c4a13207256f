r"""Repeat the whole study with several master seeds, and count how often each claim holds.

    uv run python -m workflow_scripts.evaluation.repeat --seeds 0 1 2 3 --directory runs \
        -- --cores all

Every repetition is a run of the workflow in a folder of its own, ``runs/seed_0`` and so on. They
follow each other, so that each has all cores; what stands after ``--`` is told to Snakemake. A run
that fails stops the command, and the same command continues it. When all have ended,
``runs/claims.csv`` has the claims of all of them, and ``runs/claims.md`` how often each verdict
was found, and the lowest and highest margin.

    --vary activations.n_trials=10,50,400

does so for each value of any key, in ``runs/activations.n_trials_10/seed_0`` and so on, with the
values next to each other in claims.md. Runs with the same seed share their trained networks, unless
the key is a setting of the training. `workflow_scripts.figures.plot_requirements` draws the margins
against the values. Paths in the configuration are looked up from each folder, so they have to be
absolute.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from workflow_scripts.alignment.plan import NETWORKS
from workflow_scripts.common.config import read_config
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import read_table, write_table

SNAKEFILE = Path(__file__).parents[2] / "Snakefile"
SHARED = ("images", "stimuli", "models")
"""Folders of results in which nothing depends on what is measured later."""

VERDICTS = ("holds", "undecided", "fails", "not measured")
MARKS = ("<!-- table of repeat.py -->\n", "<!-- end of the table -->\n")
"""Lines of a page between which the table is written."""


@dataclass(frozen=True)
class Repetition:
    """One run of the workflow.

    Attributes
    ----------
    folder : pathlib.Path
        Where it runs.
    names : dict of str to object
        Columns of claims.csv that tell it apart: the varied key, if there is one, and ``seed``.
    changes : dict
        What its configuration changes.
    """

    folder: Path
    names: dict[str, object]
    changes: dict[str, Any]

    @property
    def configuration(self) -> Path:
        """File of what is changed, which Snakemake reads last."""
        return self.folder / "repetition.yaml"

    def claims(self, populations: Sequence[str]) -> list[Path]:
        """Tables of the claims on these populations: the folder may have those of earlier ones."""
        paths = [self.folder / f"results/tables/{name}/claims.csv" for name in populations]
        return [path for path in paths if path.exists()]


def parse_vary(text: str) -> tuple[str, list[Any]]:
    """Key and values of ``KEY=VALUE,VALUE``, where values are written as in YAML."""
    key, _, values = text.partition("=")
    try:
        parsed = yaml.safe_load(f"[{values}]")
    except yaml.YAMLError:
        parsed = []
    # These two are columns of claims.csv already.
    if key in ("", "seed", "population") or not parsed:
        raise InputError(
            "--vary",
            repr(text),
            "a key other than seed and population, and its values, as in training.epochs=5,10",
        )
    return key, parsed


def plan(
    directory: Path, seeds: Sequence[int], key: str | None = None, values: Sequence[Any] = ()
) -> list[Repetition]:
    """All repetitions: every seed with every value of the key.

    Raises
    ------
    InputError
        If two of them would have one folder.
    """
    repetitions = []
    for value in values if key else [None]:
        label = value if isinstance(value, str) else json.dumps(value, default=str)
        parent, names = directory, {}
        changes: dict[str, Any] = {}
        if key:
            parent = directory / re.sub(r"[^A-Za-z0-9.+-]+", "_", f"{key}_{label}").strip("_")
            names[key] = label
            place = changes
            *parents, last = key.split(".")
            for name in parents:
                place = place.setdefault(name, {})
            place[last] = value
        repetitions += [
            Repetition(parent / f"seed_{seed}", {**names, "seed": seed}, {**changes, "seed": seed})
            for seed in seeds
        ]
    folders = [str(item.folder) for item in repetitions]
    for folder in folders:
        if folders.count(folder) > 1:
            raise InputError(folder, "two runs with this folder", "other seeds or values")
    return repetitions


def share(earlier: Path, later: Path) -> None:
    """Give a new run what an earlier one has trained, if that run had other settings afterwards.

    With the files comes what Snakemake knows of how they were made, so that it makes those again
    whose settings differ. Results are linked, not copied, because the workflow replaces files and
    never changes them. Snakemake changes its records where they are, so that these are copied.
    """
    if earlier == later or (later / "results").exists():
        return
    copied = {".snakemake/metadata": shutil.copy2}
    for folder, copy in (copied | {f"results/{name}": os.link for name in SHARED}).items():
        if (earlier / folder).is_dir():
            # A dry run leaves an empty folder of records.
            shutil.copytree(
                earlier / folder, later / folder, copy_function=copy, dirs_exist_ok=True
            )


def run(repetition: Repetition, configfiles: Sequence[str], arguments: Sequence[str]) -> None:
    """Run or continue the workflow for one repetition; its words are those of this command.

    Raises
    ------
    InputError
        If it fails.
    """
    command = [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE)),
        *("--directory", str(repetition.folder), *arguments),
        *("--configfile", *configfiles, str(repetition.configuration)),
    ]
    process = subprocess.Popen(command)
    # Only while it runs: a signal between two runs ends this command.
    default = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        status = process.wait()
    except KeyboardInterrupt:
        # The terminal interrupts Snakemake too, which ends its jobs in order.
        process.wait()
        sys.exit(f"{repetition.folder}: interrupted; the same command continues it")
    finally:
        signal.signal(signal.SIGTERM, default)
    if status:
        raise InputError(
            repetition.folder,
            f"a run that ended with status {status}, and says why above",
            "one that succeeds; the same command continues it",
        )


def collect(
    repetitions: Sequence[Repetition], populations: Sequence[Sequence[str]]
) -> pd.DataFrame:
    """Claims of all repetitions on their populations, first the columns that tell runs apart."""
    tables = []
    for repetition, names in zip(repetitions, populations, strict=True):
        paths = repetition.claims(names)
        if not paths:
            folder = repetition.folder / "results/tables"
            raise InputError(folder, "no claims.csv in any folder", "the claims of a whole run")
        claims = pd.concat(map(read_table, paths), ignore_index=True)
        tables.append(pd.concat([pd.DataFrame(repetition.names, claims.index), claims], axis=1))
    return pd.concat(tables, ignore_index=True)


def summary(claims: pd.DataFrame, key: str | None = None) -> str:
    """Table of verdicts and margins, in Markdown: one row per claim and population.

    Verdicts and margins are those of all rows of a claim together, under the configured choice of
    how to measure; the verdicts under all other choices are counted next to them.
    """
    runs = [key, "seed"] if key else ["seed"]
    whole = claims.drop_duplicates([*runs, "claim", "population", "choice"], keep="last")
    values = list(claims[key].unique()) if key else [None]
    heads = [
        f"{head}, {value}" if key else head
        for value in values
        for head in ("verdicts", "margin", "other choices")
    ]
    lines = [_line("claim", "", "population", *heads), "|---" * (3 + len(heads)) + "|"]
    for (claim, statement), of_claim in whole.groupby(["claim", "statement"], sort=False):
        first = [claim, statement]
        for population, rows in of_claim.groupby("population", sort=False):
            by_value = [rows[rows[key] == value] if key else rows for value in values]
            cells = [cell for of_value in by_value for cell in _cells(of_value)]
            lines.append(_line(*first, population, *cells))
            first = ["", ""]
    return "\n".join(lines) + "\n"


def _signed(margin: float) -> str:
    return f"{round(margin, 3) + 0.0:+.3f}"  # +0.0 makes +0 of -0


def _cells(rows: pd.DataFrame) -> tuple[str, str, str]:
    """Verdicts and range of the margins of the configured choice, and verdicts of the others."""
    configured = rows[rows["is_default"]]
    # A claim of which a part is not measured has the margin of the rest.
    margins = configured.loc[configured["verdict"] != "not measured", "margin"]
    return (
        _counts(configured),
        f"{_signed(margins.min())} to {_signed(margins.max())}" if len(margins) else "",
        _counts(rows[~rows["is_default"]]),
    )


def _counts(rows: pd.DataFrame) -> str:
    """How often each verdict was found."""
    counts = rows["verdict"].value_counts()
    return ", ".join(f"{verdict} {counts[verdict]}" for verdict in VERDICTS if verdict in counts)


def _line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def around(page: Path) -> tuple[str, str]:
    """What stands before and after the table of a page, with the marks.

    Raises
    ------
    InputError
        If the page does not have both.
    """
    text = page.read_text("utf-8") if page.is_file() else ""
    before, first, rest = text.partition(MARKS[0])
    _, last, after = rest.partition(MARKS[1])
    if not last:
        raise InputError(page, "no place for the table", " and ".join(map(str.strip, MARKS)))
    return before + first, last + after


def write_into(page: Path, table: str) -> None:
    """Replace the table between the marks of a page."""
    before, after = around(page)
    page.write_text(before + table + after, "utf-8")


def main() -> None:
    """Run what is asked for, and write the tables."""
    parser = argparse.ArgumentParser(description="Repeat the study and count how claims fare.")
    parser.add_argument("--seeds", type=int, nargs="+", help="default: that of the configuration")
    parser.add_argument("--vary", metavar="KEY=VALUE,...", help="values of one more key")
    parser.add_argument("--directory", type=Path, required=True, help="one folder per run is here")
    parser.add_argument("--configfile", nargs="+", default=[])
    parser.add_argument("--page", type=Path, help="a page between whose marks the table is written")
    parser.add_argument("snakemake", nargs="*", help="after --: arguments of Snakemake")
    given = parser.parse_args()
    try:
        repeat(given)
    except InputError as error:
        sys.exit(str(error))


def repeat(given: argparse.Namespace) -> None:
    """Run all repetitions; without ``--dry-run`` also write the tables."""
    told = {argument.partition("=")[0] for argument in given.snakemake}
    if told & {"--configfile", "--configfiles", "--directory", "-d"}:
        raise InputError("arguments", "--configfile or --directory after --", "them before it")
    if told & {"--config", "-C"}:
        # It would have the last word in every run, over its seed too.
        raise InputError("arguments", "--config after --", "--vary, or a file after --configfile")
    if given.page:
        around(given.page)
    key, values = parse_vary(given.vary) if given.vary else (None, [])
    seeds = given.seeds or [read_config(given.configfile).seed]
    repetitions = plan(given.directory, seeds, key, values)
    # A wrong value is said before anything runs.
    populations = []
    for repetition in repetitions:
        repetition.folder.mkdir(parents=True, exist_ok=True)
        repetition.configuration.write_text(yaml.safe_dump(repetition.changes))
        config = read_config([*given.configfile, str(repetition.configuration)])
        populations.append([*([NETWORKS] if config.population else []), *config.brains])
    trained: dict[int, Path] = {}
    for number, repetition in enumerate(repetitions, start=1):
        seed = repetition.changes["seed"]
        share(trained.setdefault(seed, repetition.folder), repetition.folder)
        print(f"{repetition.folder}: run {number} of {len(repetitions)}", flush=True)
        run(repetition, given.configfile, given.snakemake)
    if told & {"--dry-run", "--dryrun"} or any(one.startswith("-n") for one in told):
        return
    claims = collect(repetitions, populations)
    write_table(claims, given.directory / "claims.csv")
    table = summary(claims, key)
    (given.directory / "claims.md").write_text(table)
    if given.page:
        write_into(given.page, table)


if __name__ == "__main__":
    main()
