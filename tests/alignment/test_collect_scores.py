"""All shards become two tables, in which every cell stands once, and a file of replicates."""

import json
import logging

import numpy as np
import pytest
import xarray as xr

from workflow_scripts.alignment import collect_scores
from workflow_scripts.alignment.cells import network_cells
from workflow_scripts.alignment.shard import write_shard
from workflow_scripts.alignment.shard_rows import stack_replicates
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import read_table
from workflow_scripts.common.profile import Profile
from workflow_scripts.common.stimuli import Stimuli

SETTINGS = {
    "seed": 0,
    "device": "cpu",
    "implementation": "ridge_post",
    "parameters": {},
    "splits": {"n_splits": 2, "train_fraction": 0.75},
}


@pytest.fixture
def shard(tmp_path):
    """Write the shard of one network, with a layer that has no units."""

    def write(method):
        random = np.random.default_rng(0)
        layers = [
            Profile("a/0", layer, random.normal(size=(20, n)))
            for layer, n in (("conv1", 3), ("conv2", 4), ("conv3", 0))
        ]
        path = tmp_path / f"{method}.nc"
        cells = network_cells([layers], [layers])
        names = np.array([f"image_{number}" for number in range(20)])
        settings = {**SETTINGS, "method": method}
        write_shard(cells, "networks", settings, Stimuli(names, names), "networks", path)
        return path

    return write


def outputs(folder):
    return [folder / name for name in ("scores.csv", "splits.csv", "jackknife.nc")]


def test_shards_follow_each_other_in_the_tables(shard, tmp_path, caplog):
    """A method may be called null, which is not a missing value."""
    paths = [shard("ridge"), shard("null")]
    with caplog.at_level(logging.INFO):
        collect_scores.main(paths, *outputs(tmp_path))
    cells, splits = read_table(tmp_path / "scores.csv"), read_table(tmp_path / "splits.csv")
    assert cells["method"].tolist() == ["ridge"] * 6 + ["null"] * 6
    assert splits["method"].tolist() == ["ridge"] * 12 + ["null"] * 12
    assert (cells["brain"] == "").all()
    with xr.open_dataset(tmp_path / "jackknife.nc") as data:
        sizes = {"cell": 12, "cell_and_split": 24, "stimuli_group": 20, "subjects_group": 0}
        assert dict(data.sizes) == sizes
        assert json.loads(data.attrs["subject_groups"]) == {}
        # Without the stimuli of one group, a score hardly changes.
        known = cells["verdict"] == "ok"
        difference = (
            data["score_without_stimuli"].values[known] - cells["score"].to_numpy()[known, None]
        )
        assert 0 < np.abs(difference).max() < 1
        assert np.isnan(data["score_without_stimuli"].values[~known]).all()
    assert "8 of 12 cells were left out" in caplog.text
    assert "4 cells: the source has no units" in caplog.text


def test_a_population_with_fewer_groups_of_stimuli_has_nothing_in_the_last_ones():
    shards = [
        {
            f"{score}_without_stimuli": np.full((2, n), 0.5)
            for score in ("score", "score_mean", "split_score")
        }
        for n in (3, 5)
    ]
    data = stack_replicates(shards)
    for values in data.values():
        assert np.isnan(values[:2, 3:]).all()
        assert values.notnull().sum() == 2 * 3 + 2 * 5


def test_a_cell_in_two_shards_is_refused(shard, tmp_path):
    path = shard("ridge")
    twice = tmp_path / "again.nc"
    twice.write_bytes(path.read_bytes())
    with pytest.raises(InputError) as error:
        collect_scores.main([path, twice], *outputs(tmp_path))
    assert str(error.value) == (
        f"{twice}: found the cell 'networks ridge a/0 conv1 a/0 conv2' again, "
        "expected each cell in one shard, once"
    )
