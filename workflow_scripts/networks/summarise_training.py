"""The last epoch of every network that was trained, and whether the population's seeds agree."""

import logging
from pathlib import Path

import pandas as pd

from workflow_scripts.common.files import write_table
from workflow_scripts.common.job import job


def report(networks, variant, seeds, max_accuracy_spread):
    """Log the range of the population's accuracies; warn if it is wider than config allows.

    Parameters
    ----------
    networks : pandas.DataFrame
        ``variant``, ``seed`` and final validation ``accuracy``, a row a trained network.
    variant : str
        Of the population.
    seeds : list of int
        Of the population.
    max_accuracy_spread : float or None
        Largest difference between two seeds that is no warning; None never warns.
    """
    chosen = (networks["variant"] == variant) & networks["seed"].isin(seeds)
    accuracy = networks[chosen].set_index("seed")["accuracy"]
    if accuracy.empty:
        logging.info("%s is not trained: its seeds have no accuracy", variant)
        return
    low, high = accuracy.idxmin(), accuracy.idxmax()
    text = (
        f"final validation accuracy of {variant}: lowest {accuracy[low]:.3f} (seed {low}), "
        f"highest {accuracy[high]:.3f} (seed {high})"
    )
    # Rounded, because 0.4 - 0.3 is above 0.1 in its last digit.
    spread = round(accuracy[high] - accuracy[low], 6)
    if max_accuracy_spread is None or spread <= max_accuracy_spread:
        logging.info("%s", text)
    else:
        logging.warning("%s; population.max_accuracy_spread is %s", text, max_accuracy_spread)


def main(curves, settings, output):
    """Write training.csv."""
    tables = [pd.read_csv(path) for path in curves]
    for path, table in zip(curves, tables, strict=True):
        table.insert(0, "variant", Path(path).parent.name)
    # Those of untrained networks have no rows, and so no types.
    networks = pd.concat(tables).infer_objects()
    networks = networks.drop_duplicates(["variant", "seed"], keep="last")
    limit = settings["max_accuracy_spread"]
    report(networks, settings["variant"], settings["seeds"], limit)
    write_table(networks, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.curves, snakemake.params.settings, snakemake.output[0])
