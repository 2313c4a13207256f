"""Compute one metric of a population, with intervals."""

from typing import Any

import pandas as pd

from workflow_scripts.common.files import PathLike, write_table
from workflow_scripts.common.job import job
from workflow_scripts.evaluation.metric import METRICS, Population, Random, data_kind
from workflow_scripts.evaluation.replicates import replicate
from workflow_scripts.evaluation.score_tables import ScoreTables


def main(
    scores_path: PathLike,
    splits_path: PathLike,
    jackknife_path: PathLike,
    settings: dict[str, Any],
    output: PathLike,
) -> None:
    """Write the table of a metric.

    Parameters
    ----------
    scores_path, splits_path, jackknife_path : str or path-like
        Tables of `collect_scores`, and the scores without each jackknife group.
    settings : dict
        ``seed``, ``n_draws``, ``metric`` (its file), ``parameters``, ``mappings`` (names of
        methods), and ``population``: ``name``, ``kind``, ``subjects``, ``parts``, ``candidates``
        and ``truth`` (see `workflow_scripts.evaluation.metric.Population`).
    output : str or path-like
    """
    name = settings["metric"]
    card = METRICS.card(name)
    random = Random(settings["seed"], settings["n_draws"])
    population = Population(**settings["population"], mappings=settings["mappings"])
    tables = ScoreTables.read(scores_path, splits_path, jackknife_path, card.by_split)
    scores = tables.of(population, card)
    table = pd.DataFrame(columns=list(card.table_columns))
    if len(scores.cells):
        found = replicate(name, scores, population, random, settings["parameters"])
        table = found.table
        for value, (low, high) in card.interval_columns.items():
            interval = found.intervals(value)
            table = table.assign(**{low: interval.low, high: interval.high})
        if card.values:
            table["resampled"] = found.intervals(card.values[0]).resampled
        table.insert(0, "population", population.name)
        table = table.assign(data_kind=data_kind(scores.cells))
    write_table(table, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.scores,
            snakemake.input.splits,
            snakemake.input.jackknife,
            snakemake.params.settings,
            snakemake.output[0],
        )
