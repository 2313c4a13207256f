"""Check each of the paper's claims about a population against what was measured."""

from typing import Any

from workflow_scripts.brains.description import describe_brain
from workflow_scripts.common.files import PathLike, read_table, write_table
from workflow_scripts.common.job import job
from workflow_scripts.evaluation.claims import Context, check, parse_claims
from workflow_scripts.evaluation.measured import Measured
from workflow_scripts.evaluation.metric import Population, Random, data_kind
from workflow_scripts.evaluation.score_tables import ScoreTables


def main(
    scores: ScoreTables,
    networks: ScoreTables | None,
    subjects: PathLike | None,
    settings: dict[str, Any],
    output: PathLike,
) -> None:
    """Write claims.csv, with the data that each claim was measured on.

    Parameters
    ----------
    scores : ScoreTables
        Of the population.
    networks : ScoreTables or None
        Of the networks, with which claims compare a brain.
    subjects : str or path-like or None
        Table of the subjects of a brain.
    settings : dict
        ``seed``, ``claims`` (content of claims.yaml), ``mappings`` (names of methods), ``models``
        (what the networks are, as text), ``population``, with what
        `workflow_scripts.evaluation.metric.Population` takes, and ``metrics``: the parameters of
        the metrics that are measured of it; and the same of the ``networks``, if there are any.
    output : str or path-like
    """
    claims = parse_claims(settings["claims"])
    item = settings["population"]
    measured = _measured(scores, item, settings)
    compared: Measured | None = measured
    data = settings["models"]
    if subjects is not None:
        data = describe_brain(item["name"], read_table(subjects))
        compared = _measured(networks, settings["networks"], settings) if networks else None
    context = Context(measured, compared, item["parts"])
    table = check([one for one in claims if one.population == item["kind"]], context)
    kind = data_kind(measured.cells) if len(measured.cells) else ""
    write_table(table.assign(data_kind=kind, data=data), output)


def _measured(scores: ScoreTables, item: dict[str, Any], settings: dict[str, Any]) -> Measured:
    facts = {name: value for name, value in item.items() if name != "metrics"}
    population = Population(**facts, mappings=settings["mappings"])
    return Measured(scores, population, item["metrics"], Random(settings["seed"], n_draws=0))


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        files = snakemake.input
        # No claim on networks needs their scores by split.
        by_split = snakemake.params.settings["population"]["kind"] == "brain"
        main(
            ScoreTables.read(files.scores, files.splits, files.jackknife, by_split),
            ScoreTables.read(
                files.networks_scores, files.networks_splits, files.networks_jackknife, False
            )
            if files.get("networks_scores")
            else None,
            files.get("subjects"),
            snakemake.params.settings,
            snakemake.output[0],
        )
