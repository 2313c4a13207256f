"""Summarise what the fits of each method took."""

import pandas as pd

from workflow_scripts.files import write_table
from workflow_scripts.jobs import logged


def summarise(cells):
    """Seconds by comparison and method.

    Parameters
    ----------
    cells : pandas.DataFrame
        ``scores.csv``; skipped cells have no seconds.

    Returns
    -------
    pandas.DataFrame
        ``cells`` counts scored cells, ``seconds`` adds up the fits of all their splits.
    """
    scored = cells[cells.verdict == "ok"]
    cost = scored.groupby(["comparison", "method"], as_index=False).agg(
        cells=("seconds", "size"), seconds=("seconds", "sum")
    )
    return cost.assign(seconds_per_cell=cost.seconds / cost.cells)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        write_table(summarise(pd.read_csv(snakemake.input.scores)), snakemake.output[0])
