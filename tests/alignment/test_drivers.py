"""The drivers read activations and recordings, and write the shards of their comparison."""

import numpy as np
import pytest
import xarray as xr

from workflow_scripts.alignment import align_brain, align_model_and_brain, align_models
from workflow_scripts.alignment.shard_rows import PAIR, read_shard
from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.common.files import write_netcdf

N_STIMULI = 30
LAYERS = ["conv1", "conv2"]
AREAS = ["V4", "IT"]
SETTINGS = {
    "seed": 0,
    "device": "cpu",
    "method": "mine",
    "implementation": "ridge_post",
    "parameters": {},
    "splits": {"n_splits": 2, "train_fraction": 0.8},
}
BRAIN = {
    **SETTINGS,
    "brain": "macaque",
    "noise_correction": None,
    "filters": {
        "areas": AREAS,
        "preset": "ccn25",
        "n_stimuli": N_STIMULI,
        "min_reliability": None,
        "min_units": 2,
    },
}


@pytest.fixture
def activations(tmp_path):
    """Activations of two networks, whose stages differ."""
    paths = []
    for seed in (0, 1):
        random = np.random.default_rng(seed)
        groups = {"/": xr.Dataset()}
        for layer in LAYERS:
            pre = random.normal(size=(N_STIMULI, 6))
            dimensions = ("stimulus", "unit")
            groups[layer] = xr.Dataset({"pre": (dimensions, pre), "post": (dimensions, pre * 2)})
        paths.append(tmp_path / f"{seed}.nc")
        write_netcdf(groups, paths[-1])
    return paths


@pytest.fixture
def recordings(tmp_path):
    """Recordings of three subjects, with three units in each of two areas."""
    paths = []
    for number in range(3):
        responses = np.random.default_rng(number).poisson(5, size=(N_STIMULI, 4, 6)).astype(float)
        paths.append(tmp_path / f"s{number}.nc")
        areas = np.repeat(AREAS, 3)
        write_netcdf(make_recording(responses, areas, f"s{number}", "recorded"), paths[-1])
    return paths


def test_networks_are_scored_among_themselves(activations, tmp_path):
    settings = {**SETTINGS, "subjects": ["alexnet/0", "alexnet/1"], "layers": LAYERS}
    align_models.main(activations, settings, tmp_path / "shard.nc")
    cells, _ = read_shard(tmp_path / "shard.nc")
    assert set(cells["comparison"]) == set(cells["data_kind"]) == {"networks"}
    assert len(cells) == 2 + 2 * 4
    assert set(cells["source_subject"]) == {"alexnet/0", "alexnet/1"}


@pytest.mark.parametrize(
    ("method", "source_factor", "target_factor"),
    [("ridge_post", 2, 2), ("ridge_pre", 1, 1), ("pre_linear_softplus", 1, 2)],
)
def test_a_method_reads_the_stages_of_its_card(
    method, source_factor, target_factor, activations, monkeypatch
):
    """Here, post is twice pre."""
    written = []
    monkeypatch.setattr(align_models, "write_shard", lambda cells, *rest: written.extend(cells))
    settings = {**SETTINGS, "subjects": ["alexnet/0", "alexnet/1"], "layers": LAYERS}
    align_models.main(activations, {**settings, "implementation": method}, "unused")
    pre = {
        (f"alexnet/{seed}", layer): xr.load_dataset(path, group=layer)["pre"].values
        for seed, path in enumerate(activations)
        for layer in LAYERS
    }
    for source, target in written:
        for profile, factor in ((source, source_factor), (target, target_factor)):
            expected = factor * pre[profile.subject, profile.part]
            np.testing.assert_array_equal(profile.values, expected)


def test_an_area_is_scored_against_every_area_of_each_subject(recordings, tmp_path):
    align_brain.main(recordings, {**BRAIN, "area": "IT"}, tmp_path / "shard.nc")
    cells, _ = read_shard(tmp_path / "shard.nc")
    assert set(cells["comparison"]) == {"brain"}
    assert set(cells["brain"]) == {"macaque"}
    assert set(cells["data_kind"]) == {"recorded"}
    assert cells[PAIR].values.tolist() == [
        ["pool", "IT", subject, area] for subject in ("s0", "s1", "s2") for area in AREAS
    ]
    assert cells["correlation"].isna().all()


def test_a_candidate_is_scored_in_both_directions(activations, recordings, tmp_path):
    settings = {**BRAIN, "subject": "alexnet/0", "layers": LAYERS, "noise_correction": 1}
    outputs = {name: tmp_path / f"{name}.nc" for name in ("model_to_brain", "brain_to_model")}
    align_model_and_brain.main(activations[0], recordings, settings, outputs)
    for direction, (model, brain), n_cells in (
        ("model_to_brain", ("source", "target"), 2 * 3 * 2),
        ("brain_to_model", ("target", "source"), 2 * 2),
    ):
        cells, _ = read_shard(outputs[direction])
        assert set(cells["comparison"]) == {direction}
        assert len(cells) == n_cells
        assert set(cells[f"{model}_subject"]) == {"alexnet/0"}
        assert set(cells[f"{brain}_part"]) == set(AREAS)
        assert cells["correlation"].notna().any()
