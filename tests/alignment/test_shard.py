"""A shard says what made it, and is read back as the rows that were written."""

import json

import numpy as np
import pytest
import xarray as xr

from workflow_scripts.alignment.cells import network_cells, pooled_cells
from workflow_scripts.alignment.shard import write_shard
from workflow_scripts.alignment.shard_rows import read_shard
from workflow_scripts.alignment.splits import make_splits
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import write_netcdf
from workflow_scripts.common.profile import Profile, Trials
from workflow_scripts.common.random_streams import generator
from workflow_scripts.common.stimuli import Stimuli

N_STIMULI = 40
NAMES = np.array([f"image_{number}" for number in range(N_STIMULI)])
STIMULI = Stimuli(NAMES, NAMES)
SETTINGS = {
    "seed": 3,
    "device": "cpu",
    "method": "mine",
    "implementation": "ridge_post",
    "parameters": {"alphas": [1.0]},
    "splits": {"n_splits": 2, "train_fraction": 0.75},
}
BRAIN = {
    **SETTINGS,
    "brain": "macaque",
    "filters": {"min_units": 3},
    "max_source_units": None,
    "noise_correction": 1,
}


def profile(subject, part, n_units):
    random = generator(0, subject, part)
    trials = random.normal(size=(N_STIMULI, 4, n_units)) + random.normal(size=(N_STIMULI, 1, 1))
    return Profile(subject, part, trials.mean(axis=1), (Trials(subject, trials),))


@pytest.fixture
def networks(tmp_path):
    """Shard of one network of two layers."""
    layers = [profile("a/0", "conv1", 4), profile("a/0", "conv2", 5)]
    cells = network_cells([layers], [layers])
    write_shard(cells, "networks", SETTINGS, STIMULI, "networks", tmp_path / "n")
    return tmp_path / "n"


@pytest.fixture
def brain(tmp_path):
    """Shard of three subjects, of which one has too few units of an area."""
    subjects = [
        {area: profile(name, area, n) for area, n in {"V4": 5, "IT": n_it}.items()}
        for name, n_it in (("s1", 4), ("s2", 2), ("s3", 5))
    ]
    cells = pooled_cells(subjects, "V4")
    write_shard(cells, "brain", BRAIN, STIMULI, "recorded", tmp_path / "b")
    return tmp_path / "b"


def test_a_shard_says_what_made_it(networks, brain):
    facts = xr.open_dataset(networks).attrs
    assert (facts["comparison"], facts["brain"], facts["method"]) == ("networks", "", "mine")
    assert json.loads(facts["parameters"]) == SETTINGS
    assert facts["data_kind"] == "networks"
    facts = xr.open_dataset(brain).attrs
    assert (facts["comparison"], facts["brain"], facts["method"]) == ("brain", "macaque", "mine")
    assert facts["data_kind"] == "recorded"


def test_networks_have_a_row_per_cell_and_one_per_cell_and_split(networks):
    rows = read_shard(networks)
    cells, splits = rows.cells, rows.splits
    assert cells["source_part"].tolist() == ["conv1", "conv2"]
    assert cells["target_part"].tolist() == ["conv2", "conv1"]
    assert cells["verdict"].tolist() == ["ok", "ok"]
    assert cells[["n_source_units", "n_target_units"]].values.tolist() == [[4, 5], [5, 4]]
    assert cells["correlation"].isna().all()
    assert splits["split"].tolist() == [0, 1, 0, 1]
    assert splits["source_part"].tolist() == ["conv1", "conv1", "conv2", "conv2"]
    assert set(splits["data_kind"]) == {"networks"}


def test_scores_in_the_tables_are_those_of_the_file(brain):
    data = xr.open_dataset(brain)
    rows = read_shard(brain)
    cells, splits = rows.cells, rows.splits
    ok = (cells["verdict"] == "ok").to_numpy()
    of_units = data["unit_score"].values
    np.testing.assert_array_equal(cells["score"][ok], np.nanmedian(of_units[ok], axis=1))
    np.testing.assert_array_equal(splits["split_score"], data["split_score"].values.ravel())
    corrected = data["correlation_corrected"].values
    np.testing.assert_array_equal(cells["n_above_ceiling"], (corrected > 1).sum(axis=1))


def test_the_sizes_of_each_split_are_in_the_file(brain, tmp_path):
    """Groups of different sizes leave different numbers of stimuli."""
    data = xr.open_dataset(brain)
    assert data["n_train"].values.tolist() == [30, 30]
    assert data["n_test"].values.tolist() == [10, 10]
    groups = np.repeat(["a", "b", "c"], [5, 10, 25])
    cells = [(profile("s1", "V4", 4), profile("s2", "V4", 4))]
    settings = {**BRAIN, "splits": {"n_splits": 8, "train_fraction": 0.5}}
    write_shard(cells, "brain", settings, Stimuli(NAMES, groups), "recorded", tmp_path / "g")
    data = xr.open_dataset(tmp_path / "g")
    assert set(data["n_test"].values.tolist()) == {5, 10, 25}
    assert (data["n_train"] + data["n_test"] == N_STIMULI).all()


def test_a_prescribed_split_is_the_only_one(tmp_path):
    is_test = np.arange(N_STIMULI) % 4 == 0
    cells = [(profile("s1", "V4", 4), profile("s2", "V4", 4))]
    stimuli = Stimuli(NAMES, NAMES, is_test)
    write_shard(cells, "brain", BRAIN, stimuli, "recorded", tmp_path / "p")
    data = xr.open_dataset(tmp_path / "p")
    assert data["split_score"].shape == (1, 1)
    assert (data["n_train"].item(), data["n_test"].item()) == (30, 10)


def test_a_target_with_too_few_units_is_skipped_with_its_reason(brain):
    cells = read_shard(brain).cells
    skipped = cells[cells["verdict"] == "skipped"]
    assert skipped[["target_subject", "target_part"]].values.tolist() == [["s2", "IT"]]
    assert skipped["reason"].item() == "the target has 2 units, fewer than 3"
    assert skipped["score"].isna().all()


def test_the_splits_of_every_brain_are_the_same_and_others_than_those_of_networks(monkeypatch):
    """They depend on the seed and on what the stimuli are, so that methods can be compared."""
    used = {}

    def score_cells(method, parameters, cells, splits, *rest):
        used["splits"] = splits
        return xr.Dataset()

    monkeypatch.setattr("workflow_scripts.alignment.shard.score_cells", score_cells)
    monkeypatch.setattr("workflow_scripts.alignment.shard.write_netcdf", lambda data, path: None)
    cell = profile("a", "v", 3), profile("b", "v", 3)
    found = {}
    for stream, settings in (
        ("population", SETTINGS),
        ("scenes", BRAIN),
        ("scenes", {**BRAIN, "brain": "mouse"}),
    ):
        write_shard([cell], "any", settings, STIMULI, "recorded", "unused")
        expected = make_splits(
            STIMULI, **SETTINGS["splits"], generator=generator(3, "splits", stream)
        )
        for split, again in zip(used["splits"], expected, strict=True):
            for indices, same in zip(split, again, strict=True):
                np.testing.assert_array_equal(indices, same)
        found[stream] = used["splits"][0][0].tolist()
    assert found["population"] != found["scenes"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda data: data.drop_vars("verdict"), "found the verdicts none"),
        (
            lambda data: data.assign(verdict=("cell", ["ok", "perhaps"])),
            "found the verdicts ok, perhaps",
        ),
    ],
)
def test_a_cell_without_a_verdict_is_refused(change, found, networks, tmp_path):
    write_netcdf(change(xr.load_dataset(networks)), tmp_path / "changed.nc")
    with pytest.raises(InputError, match=f"{found}, expected ok or skipped for every cell"):
        read_shard(tmp_path / "changed.nc")
