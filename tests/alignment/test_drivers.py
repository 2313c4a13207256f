"""The drivers read activations and recordings, and write the shards of their comparison."""

import numpy as np
import pytest
import xarray as xr

from workflow_scripts.alignment import align_brain, align_model_and_brain, align_models
from workflow_scripts.alignment.shard_rows import PAIR, read_shard
from workflow_scripts.brains import list_stimuli
from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import write_netcdf

N_STIMULI = 30
NAMES = [f"image_{number}.png" for number in range(N_STIMULI)]
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
    "sources": "pooled",
    "filters": {
        "areas": AREAS,
        "preset": "ccn25",
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
            groups[layer] = xr.Dataset(
                {"pre": (dimensions, pre), "post": (dimensions, pre * 2)}, {"stimulus": NAMES}
            )
        paths.append(tmp_path / f"{seed}.nc")
        write_netcdf(groups, paths[-1])
    return paths


def responses_of(number):
    """Spikes/s of a subject with three units in each of two areas."""
    return np.random.default_rng(number).poisson(5, size=(N_STIMULI, 4, 6)).astype(float)


@pytest.fixture
def record(tmp_path):
    """Files of subjects with these responses, and the table of their stimuli."""

    def write(*subjects, names=NAMES):
        paths = []
        for number, responses in enumerate(subjects):
            data = make_recording(
                responses,
                names,
                np.repeat(AREAS, 3),
                subject=f"s{number}",
                data_kind="recorded",
                measurement="spikes",
                units="spikes/s",
            )
            paths.append(tmp_path / f"s{number}.nc")
            write_netcdf(data, paths[-1])
        list_stimuli.main(paths, None, None, {"brain": "macaque"}, tmp_path / "stimuli.csv")
        return paths, tmp_path / "stimuli.csv"

    return write


@pytest.fixture
def recorded(record):
    """Three subjects, and the table of their stimuli."""
    return record(*(responses_of(number) for number in range(3)))


def test_networks_are_scored_among_themselves(activations, tmp_path):
    settings = {**SETTINGS, "subjects": ["alexnet/0", "alexnet/1"], "layers": LAYERS}
    align_models.main(activations, settings, tmp_path / "shard.nc")
    cells = read_shard(tmp_path / "shard.nc").cells
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


def test_an_area_is_scored_against_every_area_of_each_subject(recorded, tmp_path):
    align_brain.main(*recorded, {**BRAIN, "area": "IT"}, tmp_path / "shard.nc")
    cells = read_shard(tmp_path / "shard.nc").cells
    assert set(cells["comparison"]) == {"brain"}
    assert set(cells["brain"]) == {"macaque"}
    assert set(cells["data_kind"]) == {"recorded"}
    assert cells[PAIR].values.tolist() == [
        ["pool", "IT", subject, area] for subject in ("s0", "s1", "s2") for area in AREAS
    ]
    assert cells["correlation"].isna().all()


def test_in_pairs_an_area_of_each_subject_is_a_source(recorded, tmp_path):
    settings = {**BRAIN, "area": "IT", "sources": "pairs"}
    align_brain.main(*recorded, settings, tmp_path / "shard.nc")
    cells = read_shard(tmp_path / "shard.nc").cells
    assert set(cells["comparison"]) == {"brain"}
    subjects = ("s0", "s1", "s2")
    assert cells[PAIR].values.tolist() == [
        [source, "IT", target, area]
        for source in subjects
        for target in subjects
        for area in AREAS
        if (target, area) != (source, "IT")
    ]
    assert set(cells["verdict"]) == {"ok"}


def test_one_subject_is_not_compared_with_itself(record, tmp_path):
    expected = "config brains.macaque.filters: found 1 of 1 subjects with units .*, expected at lea"
    with pytest.raises(InputError, match=expected):
        align_brain.main(*record(responses_of(0)), {**BRAIN, "area": "IT"}, tmp_path / "shard.nc")


def test_an_area_that_one_subject_alone_has_is_a_source_without_units(record, tmp_path):
    """The others have nothing from which its areas could be predicted."""
    paths, table = record(*(responses_of(number) for number in range(3)))
    for path in paths[1:]:
        data = xr.load_dataset(path)
        write_netcdf(data.assign_coords(area=("unit", ["V4"] * 6)), path)
    align_brain.main(paths, table, {**BRAIN, "area": "IT"}, tmp_path / "shard.nc")
    cells = read_shard(tmp_path / "shard.nc").cells
    reasons = cells.set_index(["target_subject", "target_part"])["reason"]
    assert (reasons["s0"] == "the source has no units").all()
    assert reasons["s1", "V4"] == reasons["s2", "V4"] == ""
    assert reasons["s1", "IT"] == reasons["s2", "IT"] == "the target has 0 units, fewer than 2"
    assert set(cells["verdict"]) == {"ok", "skipped"}


def test_constant_units_have_no_score_and_an_area_of_them_has_a_reason(record, tmp_path):
    """Without a filter on reliability they take part."""
    responses = [responses_of(number) for number in range(3)]
    responses[0][:, :, :3] = 7.0
    responses[1][:, :, 0] = 7.0
    align_brain.main(*record(*responses), {**BRAIN, "area": "IT"}, tmp_path / "shard.nc")
    cells = read_shard(tmp_path / "shard.nc").cells
    cells = cells.set_index(["target_subject", "target_part"])
    assert cells["verdict"].to_dict() == {
        (subject, area): "skipped" if (subject, area) == ("s0", "V4") else "ok"
        for subject in ("s0", "s1", "s2")
        for area in AREAS
    }
    assert cells.loc[("s0", "V4"), "reason"].startswith("no unit has a score: ")
    assert cells["n_dropped_units"].drop(("s0", "V4")).tolist() == [0, 1, 0, 0, 0]


def test_a_candidate_is_scored_in_both_directions(activations, recorded, tmp_path):
    settings = {**BRAIN, "subject": "alexnet/0", "layers": LAYERS, "noise_correction": 1}
    outputs = {name: tmp_path / f"{name}.nc" for name in ("model_to_brain", "brain_to_model")}
    align_model_and_brain.main(activations[0], *recorded, settings, outputs)
    for direction, (model, brain), n_cells in (
        ("model_to_brain", ("source", "target"), 2 * 3 * 2),
        ("brain_to_model", ("target", "source"), 2 * 2),
    ):
        cells = read_shard(outputs[direction]).cells
        assert set(cells["comparison"]) == {direction}
        assert len(cells) == n_cells
        assert set(cells[f"{model}_subject"]) == {"alexnet/0"}
        assert set(cells[f"{brain}_part"]) == set(AREAS)
        assert cells["correlation"].notna().any()


def test_one_subject_is_compared_with_models(activations, record, tmp_path):
    settings = {**BRAIN, "subject": "alexnet/0", "layers": LAYERS}
    outputs = {name: tmp_path / f"{name}.nc" for name in ("model_to_brain", "brain_to_model")}
    align_model_and_brain.main(activations[0], *record(responses_of(0)), settings, outputs)
    for output in outputs.values():
        assert set(read_shard(output).cells["verdict"]) == {"ok"}


def test_models_and_brains_meet_at_the_names_of_stimuli(activations, record, tmp_path):
    """A brain that saw fewer stimuli in another order is predicted from the same activations.

    Its responses are those of the model's first layer, so that any other match would show.
    """
    order = np.random.default_rng(1).permutation(N_STIMULI)[:25]
    layer = xr.load_dataset(activations[0], group="conv1")["post"].values
    paths, table = record(layer[order], names=[NAMES[number] for number in order])
    settings = {**BRAIN, "subject": "alexnet/0", "layers": LAYERS}
    outputs = {name: tmp_path / f"{name}.nc" for name in ("model_to_brain", "brain_to_model")}
    align_model_and_brain.main(activations[0], paths, table, settings, outputs)
    cells = read_shard(outputs["model_to_brain"]).cells
    scores = cells.groupby("source_part")["score"].min()
    assert scores["conv1"] > 0.99 > 0.5 > scores["conv2"]
