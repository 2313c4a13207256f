"""How reliable the activations are that were read here: passes, and quartiles over units."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workflow_scripts.common.files import PathLike, write_table
from workflow_scripts.common.job import job
from workflow_scripts.networks.activation_file import read_reliability

STAGES = ("pre", "post")
QUARTILES = {"q1": 0.25, "median": 0.5, "q3": 0.75}


def row(stages: dict[str, np.ndarray]) -> dict[str, Any]:
    """Number of units, and quartiles of their reliability; empty where a layer has no such stage.

    Parameters
    ----------
    stages : dict of str to numpy.ndarray
        Reliability of each unit, by stage.
    """
    return {
        "n_units": stages["post"].size,
        **{
            f"reliability_{stage}_{name}": pd.Series(stages.get(stage, []), dtype=float).quantile(q)
            for stage in STAGES
            for name, q in QUARTILES.items()
        },
    }


def main(activations: Sequence[PathLike], output: PathLike) -> None:
    """Write the table: one row per network, stimulus set and layer."""
    rows = []
    for path in activations:
        stimuli, variant, seed = Path(path).with_suffix("").parts[-3:]
        facts, layers = read_reliability(path)
        for layer, stages in layers.items():
            network = {"stimuli": stimuli, "variant": variant, "seed": int(seed), "part": layer}
            kind = {"data_kind": facts["data_kind"]}
            rows.append({**network, "n_passes": facts["n_passes"], **row(stages), **kind})
    write_table(pd.DataFrame(rows), output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.activations, snakemake.output[0])
