"""From the files of scores to intervals: which groups count, and what single precision rounds."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from tests.evaluation.made_up import make_population, make_scores, write_scores
from workflow_scripts.common.files import write_netcdf
from workflow_scripts.evaluation.metric import METRICS, Random
from workflow_scripts.evaluation.replicates import Replicated, replicate
from workflow_scripts.evaluation.score_tables import ScoreTables


def test_stimuli_that_are_never_tested_do_not_count(tmp_path):
    """Their scores are stored in single precision, and those that they equal are not."""
    population = make_population("networks")
    scores = make_scores(population, ["networks"])
    for name, table in (("score", scores.cells), ("score_mean", scores.cells)):
        scores.without[f"{name}_without_stimuli"][:, 3] = table[name]
    paths = write_scores(scores, tmp_path)
    with xr.open_dataset(paths["jackknife"]) as data:
        single = data.load().astype(np.float32)
    write_netcdf(single, paths["jackknife"])
    read = ScoreTables.read(*paths.values()).of(population, METRICS.card("predictivity"))
    found = replicate("predictivity", read, population, Random(0, 0), {})
    row = int(np.flatnonzero(found.table["part"] == "overall")[0])
    alone = Replicated(
        found.table, {"predictivity": np.empty((0, len(found.table)))}, found.without_stimuli
    ).intervals("predictivity")
    value = found.table["predictivity"][row]
    replicates = found.without_stimuli["predictivity"][:3, row]
    error = np.sqrt(2 / 3 * ((replicates - replicates.mean()) ** 2).sum())
    assert alone.df[row] == 2
    assert alone.high[row] - value == pytest.approx(stats.t.ppf(0.975, 2) * error, rel=1e-4)


def test_a_group_that_leaves_one_share_as_it_is_counts():
    """It changes another value of the method, so that it has a part in its scores."""
    table = pd.DataFrame({"method": ["a", "a", "b"], "share": [0.5, 0.3, 0.7]})
    replicates = np.array([[0.5, 0.2, 0.7], [0.5, 0.4, 0.7], [0.6, 0.3, 0.7], [0.5, 0.3, 0.7]])
    found = Replicated(table, {"share": np.empty((0, 3))}, {"share": replicates})
    interval = found.intervals("share")
    np.testing.assert_array_equal(interval.df[:2], [2, 2])
    # Nothing moves the last one, which is no certainty.
    assert np.isnan(interval.low[2])


def test_rows_that_do_not_exist_without_a_subject_have_no_interval_over_subjects():
    population = make_population("networks")
    scores = make_scores(population, ["networks"])
    only = scores.cells["target_part"] == "p1"
    from_one = scores.cells["target_subject"] == "alexnet/0"
    kept = scores.cells[~only | from_one]
    found = replicate(
        *("predictivity", type(scores)(kept, scores.splits, scores.without, scores.subject_groups)),
        *(population, Random(0, 0), {}),
    )
    resampled = pd.Series(found.intervals("predictivity").resampled, found.table["part"])
    assert set(resampled["p1"]) == {"stimuli"}
    assert set(resampled["p2"]) == {"subjects and stimuli"}
