"""Compute one metric for every population that it is defined for."""

from typing import Any

import pandas as pd

from workflow_scripts.common.files import PathLike, read_table, write_table
from workflow_scripts.common.job import job
from workflow_scripts.evaluation.metric import METRICS, Population, Random, Scores


def main(
    scores_path: PathLike, splits_path: PathLike, settings: dict[str, Any], output: PathLike
) -> None:
    """Write the table of a metric.

    Parameters
    ----------
    scores_path, splits_path : str or path-like
        Tables of `collect_scores`.
    settings : dict
        ``seed``, ``n_draws``, ``metric`` (its file), ``parameters``, ``mappings`` (names of
        methods), and ``populations``, each with ``name``, ``kind``, ``subjects``, ``parts`` and
        ``candidates`` (see `workflow_scripts.evaluation.metric.Population`).
    output : str or path-like
    """
    card = METRICS.card(settings["metric"])
    measure = METRICS.load(settings["metric"]).measure
    random = Random(settings["seed"], settings["n_draws"])
    cells = read_table(scores_path)
    splits = read_table(splits_path) if card.by_split else pd.DataFrame(columns=cells.columns)
    tables = [pd.DataFrame(columns=["population", *card.columns, "data_kind"])]
    for item in settings["populations"]:
        population = Population(**item, mappings=settings["mappings"])
        scores = Scores(
            *(scores_of(table, population, card.comparisons) for table in (cells, splits))
        )
        if len(scores.cells):
            table = measure(scores, population, random, **settings["parameters"])
            table.insert(0, "population", population.name)
            tables.append(table.assign(data_kind=data_kind(scores.cells)))
    write_table(pd.concat(tables[1:] or tables, ignore_index=True), output)


def scores_of(
    table: pd.DataFrame, population: Population, comparisons: tuple[str, ...]
) -> pd.DataFrame:
    """Rows of one population and of these comparisons."""
    brain = "" if population.kind == "networks" else population.name
    return table[(table["brain"] == brain) & table["comparison"].isin(comparisons)]


def data_kind(cells: pd.DataFrame) -> str:
    """Kind of the data behind some cells: simulated if any of them is."""
    kinds = set(cells["data_kind"])
    return "simulated" if "simulated" in kinds else kinds.pop()


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.scores,
            snakemake.input.splits,
            snakemake.params.settings,
            snakemake.output[0],
        )
