"""Hold each of the paper's claims against what was measured."""

import pandas as pd

from workflow_scripts.brains.summarise_brain import describe_mice
from workflow_scripts.common.files import write_table
from workflow_scripts.common.job import job
from workflow_scripts.evaluation.claims import check


def main(tables, settings, output):
    """Write claims.csv, with the data that each claim was measured on."""
    predictivity, silhouette, separability = (
        pd.read_csv(tables[name]) for name in ("predictivity", "silhouette", "separability")
    )
    claims = check(predictivity, silhouette, separability, layers=settings["layers"])
    kinds = predictivity.groupby("population")["data_kind"].first()
    claims["data_kind"] = claims["population"].map(kinds)
    data = {"models": settings["models"], "mice": describe_mice(pd.read_csv(tables["mice"]))}
    claims["data"] = claims["population"].map(data)
    write_table(claims, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(dict(snakemake.input.items()), snakemake.params.settings, snakemake.output[0])
