"""Areas of two brains are compared on the stimuli that both saw."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from workflow_scripts.alignment.align_brains import main
from workflow_scripts.alignment.common_stimuli import common_stimuli
from workflow_scripts.alignment.shard_rows import read_shard
from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.brains.stimulus_listing import stimulus_table
from workflow_scripts.brains.stimulus_table import read_stimuli
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import write_netcdf, write_table
from workflow_scripts.common.stimuli import Stimuli
from workflow_scripts.evaluation.metric import Population, Random, Scores
from workflow_scripts.evaluation.metrics.between_brains import measure

AREAS = {"human": ["hV4", "FFA"], "macaque": ["V4", "IT"]}
FILTERS = {"preset": "ccn25", "min_reliability": None, "min_units": 2}


def stimuli(names, groups=None, is_test=None):
    return Stimuli(np.array(names), np.array(groups or names), is_test)


def numbered(*numbers):
    return [f"{number}.png" for number in numbers]


@pytest.fixture
def brains(tmp_path):
    """Two subjects each; the first areas of both brains have the same latent responses.

    So have the second. The brains saw 60 images each, 50 of them the same, in different orders.
    """
    random = np.random.default_rng(0)
    latent = random.normal(size=(70, 2, 3))
    paths = {}
    for brain, shown in (("human", range(60)), ("macaque", range(10, 70))):
        order = random.permutation(list(shown))
        paths[brain] = []
        for subject in ("a", "b"):
            units = [latent[order, area] @ random.normal(size=(3, 8)) for area in (0, 1)]
            data = make_recording(
                np.hstack(units),
                numbered(*order),
                np.repeat(AREAS[brain], 8),
                subject=f"{brain}_{subject}",
                data_kind="simulated",
                measurement="fmri" if brain == "human" else "spikes",
                units="z",
            )
            paths[brain].append(tmp_path / f"{brain}_{subject}.nc")
            write_netcdf(data, paths[brain][-1])
        table = stimulus_table({brain: np.array(numbered(*order))}, None, brain)
        write_table(table, tmp_path / f"{brain}.csv")
    return paths


def aligned(brains, folder, max_source_units=None):
    """Rows of the shard from the human to the macaque brain."""
    settings = {
        "seed": 0,
        "device": "cpu",
        "method": "ridge_post",
        "implementation": "ridge_post",
        "parameters": {},
        "brain": "macaque",
        "filters": {"areas": AREAS["macaque"], **FILTERS},
        "source_brain": "human",
        "source_filters": {"areas": AREAS["human"], **FILTERS},
        "max_source_units": max_source_units,
        "noise_correction": None,
        "splits": {"n_splits": 2, "train_fraction": 0.8},
    }
    tables = [folder / f"{brain}.csv" for brain in ("human", "macaque")]
    main(brains["human"], brains["macaque"], tables, settings, folder / "scores.nc")
    return read_shard(folder / "scores.nc")


@pytest.mark.parametrize(("max_source_units", "n_units"), [(None, 16), (16, 16), (9, 9)])
def test_the_units_of_a_brain_are_a_source_of_limited_size(
    brains, tmp_path, max_source_units, n_units
):
    cells = aligned(brains, tmp_path, max_source_units).cells
    assert set(cells["n_source_units"]) == {n_units}
    assert set(cells["n_target_units"]) == {8}


def test_corresponding_areas_predict_each_other(brains, tmp_path):
    rows = aligned(brains, tmp_path)
    cells, splits = rows.cells, rows.splits
    assert set(cells["comparison"]) == {"brain_to_brain"}
    assert set(cells["source_subject"]) == {"human"}
    assert set(cells["data_kind"]) == {"simulated"}
    assert len(cells) == 2 * 2 * 2
    population = Population(
        name="macaque", kind="brain", subjects=[], parts=["V4", "IT"], candidates=[], mappings=[]
    )
    table = measure(Scores(cells, splits), population, Random(0, 50))
    score = table.pivot(index="source_area", columns="area", values="score")
    assert score.loc["hV4", "V4"] > 0.99 > 0.5 > score.loc["hV4", "IT"]
    assert score.loc["FFA", "IT"] > 0.99 > 0.5 > score.loc["FFA", "V4"]
    assert set(table["n_subjects"]) == {2}


def test_a_subject_of_both_brains_is_refused(brains, tmp_path):
    """It would predict itself perfectly, whatever the areas are called in the other brain."""
    original = xr.load_dataset(brains["human"][0], engine="h5netcdf")
    areas = np.repeat(AREAS["macaque"], 8)
    copy = original.assign(area=("unit", areas)).assign_attrs(subject="macaque_b")
    write_netcdf(copy.isel(stimulus=slice(None, None, -1)), brains["macaque"][1])
    expected = (
        "subject macaque_b of brain macaque: found the same responses as in subject human_a of "
        "brain human of 16 of 16 units, expected other responses"
    )
    with pytest.raises(InputError, match=expected):
        aligned(brains, tmp_path)


def test_areas_of_the_same_subjects_may_be_two_brains(brains, tmp_path):
    """Simultaneous recordings have different units."""
    everything = xr.load_dataset(brains["human"][0], engine="h5netcdf")
    everything["area"] = ("unit", np.repeat([*AREAS["human"][:1], *AREAS["macaque"][:1]], 8))
    brains = dict.fromkeys(brains, brains["human"][:1])
    write_netcdf(everything, brains["human"][0])
    (tmp_path / "macaque.csv").write_bytes((tmp_path / "human.csv").read_bytes())
    assert set(aligned(brains, tmp_path).cells["target_subject"]) == {"human_a"}


def test_stimuli_that_belong_together_in_either_brain_are_one_group():
    names = numbered(*range(12))
    source = stimuli(names, ["a", "a", *names[2:]])
    target = stimuli(names, [names[0], "b", "b", *names[3:]])
    groups = common_stimuli(source, target, "brain").groups
    assert len(set(groups[:3])) == 1
    assert len(set(groups)) == 10


def test_the_order_of_the_stimuli_is_that_of_their_names():
    first, second = numbered(*range(20)), numbered(*range(30, 5, -1))
    common = common_stimuli(stimuli(first), stimuli(second), "brain")
    assert common.names.tolist() == numbered(*range(6, 20))


def test_the_split_of_the_target_is_kept():
    names = numbered(*range(12))
    is_test = np.arange(12) % 3 == 0
    common = common_stimuli(stimuli(names[::-1]), stimuli(names, is_test=is_test), "brain")
    assert common.is_test.tolist() == is_test.tolist()
    grouped = stimuli(names, ["a", "a", *names[2:]])
    expected = "found a prescribed split that divides the group of '0.png'"
    with pytest.raises(InputError, match=expected):
        common_stimuli(grouped, stimuli(names, is_test=is_test), "brain")


def test_brains_without_common_stimuli_are_refused():
    with pytest.raises(InputError, match="found 0 stimuli that all 2 subjects saw"):
        common_stimuli(stimuli(numbered(1, 2)), stimuli(numbered(3, 4)), "brain")


def test_a_table_of_stimuli_comes_back(tmp_path):
    seen = {"a": np.array(numbered(*range(12))), "b": np.array(numbered(*range(11, 0, -1)))}
    write_table(stimulus_table(seen, None, "brain"), tmp_path / "stimuli.csv")
    assert read_stimuli(tmp_path / "stimuli.csv").names.tolist() == numbered(*range(1, 12))
    table = pd.read_csv(tmp_path / "stimuli.csv").set_index("stimulus")
    assert table.loc["0.png", ["n_subjects", "takes_part"]].tolist() == [1, False]
