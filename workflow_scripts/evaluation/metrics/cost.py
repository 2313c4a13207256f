"""What each method costs: seconds of fitting, summed over the cells of a comparison."""

import pandas as pd

from workflow_scripts.common.files import write_table
from workflow_scripts.common.job import job


def main(scores_path, output):
    """Write cost.csv."""
    scores = pd.read_csv(scores_path, keep_default_na=False, na_values=[""])
    cost = scores.groupby(["comparison", "method"], sort=False).agg(
        cells=("seconds", "count"), seconds=("seconds", "sum")
    )
    cost["seconds_per_cell"] = cost["seconds"] / cost["cells"]
    write_table(cost.reset_index(), output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.scores, snakemake.output[0])
