"""Check each of the paper's claims against what was measured."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from workflow_scripts.brains.description import describe_brain
from workflow_scripts.common.files import PathLike, read_table, write_table
from workflow_scripts.common.job import job
from workflow_scripts.evaluation.claims import check
from workflow_scripts.evaluation.metric import METRICS


def main(
    tables: Mapping[str, PathLike],
    subjects: Sequence[PathLike],
    settings: dict[str, Any],
    output: PathLike,
) -> None:
    """Write claims.csv, with the data that each claim was measured on.

    Parameters
    ----------
    tables : dict of str to str or path-like
        Tables of the metrics ``predictivity``, ``silhouette`` and ``separability``. The last two
        may be absent; claims on them are then not measured.
    subjects : list of str or path-like
        Table of the subjects of each brain, in the order of the brains.
    settings : dict
        ``layers`` of the networks and ``models``, what the networks are, as text (empty and None
        without a population of networks); ``brains``, their names.
    output : str or path-like
    """
    predictivity, silhouette, separability = (
        read_metric(name, tables.get(name))
        for name in ("predictivity", "silhouette", "separability")
    )
    claims = check(
        predictivity,
        silhouette,
        separability,
        layers=settings["layers"],
        brains=settings["brains"],
    )
    kinds = predictivity.groupby("population")["data_kind"].first()
    claims["data_kind"] = claims["population"].map(kinds)
    data = {"networks": settings["models"]}
    for brain, path in zip(settings["brains"], subjects, strict=True):
        data[brain] = describe_brain(brain, read_table(path))
    claims["data"] = claims["population"].map(data)
    write_table(claims, output)


def read_metric(name: str, path: PathLike | None) -> pd.DataFrame:
    """Table of a metric, without rows if there is no file."""
    if path:
        return read_table(path)
    return pd.DataFrame(columns=["population", *METRICS.card(name).columns, "data_kind"])


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input,
            snakemake.input.subjects,
            snakemake.params.settings,
            snakemake.output[0],
        )
