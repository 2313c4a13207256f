"""Check each of the paper's claims against what was measured."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from workflow_scripts.brains.description import describe_brain
from workflow_scripts.common.files import PathLike, read_table, write_table
from workflow_scripts.common.job import job
from workflow_scripts.evaluation.claims import COLUMNS, Context, check, parse_claims
from workflow_scripts.evaluation.measured import Measured
from workflow_scripts.evaluation.metric import Population, Random, data_kind
from workflow_scripts.evaluation.score_tables import ScoreTables


def main(
    scores: ScoreTables,
    subjects: Sequence[PathLike],
    settings: dict[str, Any],
    output: PathLike,
) -> None:
    """Write claims.csv, with the data that each claim was measured on.

    Parameters
    ----------
    scores : ScoreTables
    subjects : list of str or path-like
        Table of the subjects of each brain, in the order of the brains.
    settings : dict
        ``seed``, ``claims`` (content of claims.yaml), ``mappings`` (names of methods), ``models``
        (what the networks are, as text), and ``populations``, each with what
        `workflow_scripts.evaluation.metric.Population` takes, and ``metrics``: the parameters of
        the metrics that are measured of it.
    output : str or path-like
    """
    claims = parse_claims(settings["claims"])
    brains = [item["name"] for item in settings["populations"] if item["kind"] == "brain"]
    data = {"networks": settings["models"]}
    for brain, path in zip(brains, subjects, strict=True):
        data[brain] = describe_brain(brain, read_table(path))
    tables = [pd.DataFrame(columns=[*COLUMNS, "data_kind", "data"])]
    networks = None
    for item in settings["populations"]:
        facts = {name: value for name, value in item.items() if name != "metrics"}
        population = Population(**facts, mappings=settings["mappings"])
        random = Random(settings["seed"], n_draws=0)
        measured = Measured(scores, population, item["metrics"], random)
        if population.kind == "networks":
            networks = measured
        context = Context(measured, networks, population.parts)
        table = check([one for one in claims if one.population == population.kind], context)
        kind = data_kind(measured.cells) if len(measured.cells) else ""
        tables.append(table.assign(data_kind=kind, data=data[population.name]))
    write_table(pd.concat(tables[1:] or tables, ignore_index=True), output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            ScoreTables.read(
                snakemake.input.scores, snakemake.input.splits, snakemake.input.jackknife
            ),
            snakemake.input.subjects,
            snakemake.params.settings,
            snakemake.output[0],
        )
