"""The last epoch of every network that was trained, and whether the population's seeds agree."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from workflow_scripts.common.files import PathLike, read_table, write_table
from workflow_scripts.common.job import job


def report(
    networks: pd.DataFrame, variant: str, seeds: Sequence[int], max_accuracy_spread: float | None
) -> None:
    """Log the range of the population's accuracies; warn if it is wider than config allows.

    Parameters
    ----------
    networks : pandas.DataFrame
        ``variant``, ``seed`` and final validation ``accuracy``, one row per trained network.
    variant : str
        Variant of the population.
    seeds : sequence of int
        Seeds of the population.
    max_accuracy_spread : float or None
        Largest difference between two seeds without a warning; None never warns.
    """
    chosen = (networks["variant"] == variant) & networks["seed"].isin(seeds)
    accuracy = networks[chosen].set_index("seed")["accuracy"]
    if accuracy.empty:
        logging.info("%s is not trained: its seeds have no accuracy", variant)
        return
    low, high = accuracy.min(), accuracy.max()
    text = (
        f"final validation accuracy of {variant}: lowest {low:.3f} (seed {accuracy.idxmin()}), "
        f"highest {high:.3f} (seed {accuracy.idxmax()})"
    )
    # Rounded, because 0.4 - 0.3 is above 0.1 in its last digit.
    spread = round(high - low, 6)
    if max_accuracy_spread is None or spread <= max_accuracy_spread:
        logging.info("%s", text)
    else:
        logging.warning("%s; population.max_accuracy_spread is %s", text, max_accuracy_spread)


def main(curves: Sequence[PathLike], settings: dict[str, Any], output: PathLike) -> None:
    """Write the table, and compare the seeds of the population if there is one."""
    tables = [read_table(path) for path in curves]
    for path, table in zip(curves, tables, strict=True):
        table.insert(0, "variant", Path(path).parent.name)
    # The curves of untrained networks have no rows, so that their columns have no types.
    networks = pd.concat(tables).infer_objects()
    networks = networks.drop_duplicates(["variant", "seed"], keep="last")
    if settings["variant"] is not None:
        report(networks, settings["variant"], settings["seeds"], settings["max_accuracy_spread"])
    write_table(networks, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.curves, snakemake.params.settings, snakemake.output[0])
