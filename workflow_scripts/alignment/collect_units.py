"""Collect the scores of the candidates' units: which of them do the areas of a brain predict?

A unit is *common* to the network and the brain if an area predicts it better than its mean does,
and *unique* to the network otherwise (Muzellec and Kar 2026, Nature Machine Intelligence 8:
474-488). As the best of several areas counts, a few units are common by chance; the rows of the
control `shuffled_ridge`, if it is among the methods, tell how many of those of ridge regression.
"""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from workflow_scripts.common.files import PathLike, write_table
from workflow_scripts.common.job import job
from workflow_scripts.common.netcdf import read_variables


def main(shards: Sequence[PathLike], output: PathLike) -> None:
    """Write one row per brain, method, candidate, layer and unit.

    Parameters
    ----------
    shards : list of str or path-like
        Shards of mappings from a brain to a candidate.
    output : str or path-like
        CSV.
    """
    units = pd.concat([unit_rows(path) for path in shards])
    for (brain, method), table in units.groupby(["brain", "method"], sort=False):
        for kind, count in table["kind"].value_counts().items():
            logging.info("%s %s: %d units: %s", brain, method, count, kind)
    write_table(units, output)


def unit_rows(path: PathLike) -> pd.DataFrame:
    """Rows of one shard: the best source area of each unit, and its score."""
    data, attributes = read_variables(path)
    n_units = data["n_target_units"]
    # Without any score, the file has no place for most units.
    n_missing = max(0, n_units.max() - data["unit_score"].shape[1])
    scores = np.pad(data["unit_score"], ((0, 0), (0, n_missing)), constant_values=np.nan)
    profiles = list(zip(data["target_subject"], data["target_part"], strict=True))
    tables = []
    for profile in dict.fromkeys(profiles):
        cells = [index for index, target in enumerate(profiles) if target == profile]
        by_area = scores[cells, : n_units[cells[0]]]
        is_known = ~np.isnan(by_area)
        best = np.where(is_known, by_area, -np.inf).argmax(axis=0)
        score = np.take_along_axis(by_area, best[None], axis=0)[0]
        areas = data["source_part"][cells]
        has_score = is_known.any(axis=0)
        table = pd.DataFrame({"unit": np.arange(len(score)), "score": score})
        table["area"] = np.where(has_score, areas[best], "")
        table["kind"] = np.select([~has_score, score > 0], ["no score", "common"], "unique")
        tables.append(table.assign(candidate=profile[0], layer=profile[1]))
    facts = {name: attributes[name] for name in ("brain", "method", "data_kind")}
    names = ["brain", "method", "candidate", "layer", "unit", "score", "area", "kind", "data_kind"]
    return pd.concat(tables).assign(**facts)[names]


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.shards, snakemake.output[0])
