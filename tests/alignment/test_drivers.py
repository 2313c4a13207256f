"""The drivers read activations and recordings, and write the shards of their comparison."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from workflow_scripts.alignment import (
    align_brain,
    align_model_and_brain,
    align_models,
    collect_scores,
    shard,
)
from workflow_scripts.alignment.shard_rows import PAIR, read_shard
from workflow_scripts.brains import list_stimuli
from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import read_table, write_netcdf
from workflow_scripts.evaluation import compute_metric

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
    "max_source_units": None,
    "noise_correction": None,
    "sources": "pooled",
    "filters": {
        "areas": AREAS,
        "preset": "ccn25",
        "min_reliability": None,
        "min_units": 2,
    },
}


@pytest.fixture(scope="module")
def activations(tmp_path_factory):
    """Activations of two networks, whose stages differ."""
    folder, paths = tmp_path_factory.mktemp("activations"), []
    for seed in (0, 1):
        random = np.random.default_rng(seed)
        groups = {"/": xr.Dataset()}
        for layer in LAYERS:
            pre = random.normal(size=(N_STIMULI, 6))
            dimensions = ("stimulus", "unit")
            groups[layer] = xr.Dataset(
                {"pre": (dimensions, pre), "post": (dimensions, pre * 2)}, {"stimulus": NAMES}
            )
        paths.append(folder / f"{seed}.nc")
        write_netcdf(groups, paths[-1])
    return paths


def responses_of(number):
    """Spikes/s of a subject with three units in each of two areas."""
    return np.random.default_rng(number).poisson(5, size=(N_STIMULI, 4, 6)).astype(float)


def record_in(folder, *subjects, names=NAMES):
    """Files of subjects with these responses, and the table of their stimuli."""
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
        paths.append(folder / f"s{number}.nc")
        write_netcdf(data, paths[-1])
    list_stimuli.main(paths, None, None, {"brain": "macaque"}, folder / "stimuli.csv")
    return paths, folder / "stimuli.csv"


@pytest.fixture
def record(tmp_path):
    return partial(record_in, tmp_path)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Three subjects, and the table of their stimuli."""
    subjects = [responses_of(number) for number in range(3)]
    return record_in(tmp_path_factory.mktemp("recorded"), *subjects)


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


def in_groups(tmp_path, recorded, n_groupings=3, **changes):
    """Specificity of subjects that are compared in two groups, and the table of scores."""
    settings = {
        **{**BRAIN, "sources": "groups", **changes},
        "groups": {"n_groups": 2, "n_groupings": n_groupings},
    }
    shards = [tmp_path / f"{area}.nc" for area in AREAS]
    for area, path in zip(AREAS, shards, strict=True):
        align_brain.main(*recorded, {**settings, "area": area}, path)
    tables = [tmp_path / name for name in ("scores.csv", "splits.csv", "jackknife.nc")]
    collect_scores.main(shards, *tables)
    population = {
        **{"name": "macaque", "kind": "brain", "subjects": [], "parts": AREAS},
        **{"candidates": [], "truth": None},
    }
    of_metric = {"metric": "specificity", "parameters": {}, "mappings": []}
    measured = {"seed": 0, "n_draws": 20, "population": population, **of_metric}
    compute_metric.main(*tables, measured, tmp_path / "specificity.csv")
    found = read_table(tmp_path / "specificity.csv").set_index("reading")
    return found, read_table(tables[0])


def test_in_groups_pseudo_subjects_are_compared_as_networks_are(record, tmp_path):
    recorded = record(*(responses_of(number) for number in range(5)))
    found, cells = in_groups(tmp_path, recorded)
    assert set(cells["comparison"]) == {"groups"}
    for number, own in cells.groupby(cells["target_subject"].str.partition("/")[0]):
        profiles = [(f"{number}/{group}", area) for group in (1, 2) for area in AREAS]
        assert sorted(own[PAIR].itertuples(index=False, name=None)) == sorted(
            (*source, *target) for source in profiles for target in profiles if source != target
        )
    assert cells["target_subject"].nunique() == 2 * 3
    # Of five subjects with three units in an area, one group has two and the other three.
    assert set(cells["n_source_units"]) == set(cells["n_target_units"]) == {6, 9}
    assert set(cells["verdict"]) == {"ok"}
    assert (found["grouping_low"] < found["grouping_high"]).any()
    known = found["ci_low"].notna()
    assert known.any() and set(found.loc[known, "resampled"]) == {"stimuli"}


@pytest.mark.parametrize("method", ["linear_cka", "ridge_post"])
def test_groups_of_subjects_with_the_same_responses_have_the_best_readings(
    method, record, tmp_path
):
    """Areas are recognised and told apart in every grouping, whatever the unit of measurement."""
    recorded = record(*[scale * responses_of(0) for scale in (1, 2, 3, 4)])
    found, _ = in_groups(tmp_path, recorded, implementation=method)
    readings = ["silhouette", "silhouette_other_subjects", "auc", "identification"]
    columns = ["value", "grouping_low", "grouping_high"]
    # The penalty of ridge keeps it from copying a unit exactly.
    np.testing.assert_allclose(found.loc[readings, columns], 1, atol=0.05)


def test_groups_depend_on_the_seed_and_not_on_the_order_of_the_recordings(record, tmp_path):
    paths, table = record(*(responses_of(number) for number in range(4)))
    found, cells = in_groups(tmp_path, (paths, table), 2, implementation="linear_cka")
    again, _ = in_groups(tmp_path, (paths[::-1], table), 2, implementation="linear_cka")
    pd.testing.assert_frame_equal(found, again)
    _, other = in_groups(tmp_path, (paths, table), 2, implementation="linear_cka", seed=1)
    assert not np.allclose(cells["score"], other["score"])


def test_groups_need_twice_as_many_subjects(recorded, tmp_path):
    expected = "found 3 of 3 subjects with units .*, expected at least 4"
    with pytest.raises(InputError, match=expected):
        in_groups(tmp_path, recorded)


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


def without_times(path):
    """A shard without what differs between two runs of the same fits."""
    return xr.load_dataset(path).drop_vars("seconds").drop_attrs()


@pytest.mark.parametrize("sources", ["pooled", "pairs"])
@pytest.mark.parametrize("max_units", [1, 2, None, 100])
def test_sources_may_have_equal_numbers_of_units(
    max_units, sources, activations, recorded, tmp_path
):
    """Those of a model, of a pool and of a subject; targets keep theirs."""
    settings = {**BRAIN, "sources": sources, "max_source_units": max_units}
    outputs = {
        name: tmp_path / f"{name}.nc" for name in ("brain", "model_to_brain", "brain_to_model")
    }
    align_brain.main(*recorded, {**settings, "area": "IT"}, outputs["brain"])
    model = {**settings, "subject": "alexnet/0", "layers": LAYERS}
    align_model_and_brain.main(activations[0], *recorded, model, outputs)
    whole = {"brain": 6 if sources == "pooled" else 3, "model_to_brain": 6, "brain_to_model": 9}
    for comparison, n_units in whole.items():
        cells = read_shard(outputs[comparison]).cells
        expected = n_units if max_units in (None, 100) else max_units
        assert set(cells["n_source_units"]) == {expected}
        n_targets = 6 if comparison == "brain_to_model" else 3
        assert set(cells["n_target_units"]) == {n_targets}
        assert set(cells["verdict"]) == {"ok"}


def test_more_units_than_any_source_has_change_nothing(activations, recorded, tmp_path):
    found = {}
    for max_units in (None, 9):
        settings = {**BRAIN, "noise_correction": 1, "max_source_units": max_units}
        outputs = {
            name: tmp_path / f"{name}.nc" for name in ("brain", "model_to_brain", "brain_to_model")
        }
        align_brain.main(*recorded, {**settings, "area": "IT"}, outputs["brain"])
        model = {**settings, "subject": "alexnet/0", "layers": LAYERS}
        align_model_and_brain.main(activations[0], *recorded, model, outputs)
        found[max_units] = [without_times(path) for path in outputs.values()]
    for first, second in zip(*found.values(), strict=True):
        xr.testing.assert_identical(first, second)


def test_every_method_has_the_same_units_of_a_source(activations, recorded, tmp_path, monkeypatch):
    seen = []

    def note(method, parameters, cells, *rest):
        seen.append([source.values for source, _ in cells])
        return xr.Dataset()

    monkeypatch.setattr(shard, "score_cells", note)
    for method in ("ridge_post", "rsa", "soft_matching"):
        settings = {**BRAIN, "implementation": method, "method": method, "max_source_units": 4}
        outputs = {name: tmp_path / f"{name}.nc" for name in ("model_to_brain", "brain_to_model")}
        model = {**settings, "subject": "alexnet/0", "layers": LAYERS}
        align_model_and_brain.main(activations[0], *recorded, model, outputs)
        align_brain.main(*recorded, {**settings, "area": "V4"}, tmp_path / "brain.nc")
    assert len(seen) == 9
    for first, *others in zip(seen[:3], seen[3:6], seen[6:], strict=True):
        for other in others:
            for values, of_other in zip(first, other, strict=True):
                assert values.shape == (N_STIMULI, 4)
                np.testing.assert_array_equal(values, of_other)


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
