"""The summary counts what the recordings hold, and says who is left out and why."""

import logging

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tests.brains.examples import recording, stimuli
from workflow_scripts.brains.subjects import Filters, read_subjects
from workflow_scripts.brains.summarise_brain import main
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import read_table, write_netcdf, write_table

AREAS = ["VISp", "VISl"]
STIMULI = [f"scene_{number}" for number in range(4)]
N_SCENES = len(STIMULI)
FILTERS = {
    "areas": AREAS,
    "preset": "ccn25",
    "min_reliability": 0.5,
    "min_units": 2,
}
SETTINGS = {"seed": 0, "brain": "lab", "filters": FILTERS, "expected_subjects": None}
# Units in the file and after quality control, and reliability of those after the filter on trials.
SUBJECTS = {
    1: {"VISp": (9, 4, [0.2, 0.5, 0.9, np.nan]), "VISl": (5, 3, [0.6, 0.7])},
    2: {"VISp": (6, 3, [0.1, 0.6, 0.8]), "VISl": (0, 0, [])},
    3: {"VISp": (4, 1, [0.9]), "VISl": (3, 2, [0.1, 0.2])},
    4: {"VISp": (8, 5, []), "VISl": (7, 6, [])},
}
REASON = "it shows no natural scenes"


def own_recording(responses, areas, subject="own_1", **described):
    """A lab's recording of the same stimuli, with the reliability that the workflow computes."""
    data = recording(responses, areas, subject, STIMULI, **described)
    return data.assign_coords(reliability=("unit", np.full(len(areas), 0.9)))


@pytest.fixture
def recordings(tmp_path):
    """Files as `extract_responses` writes them; the fourth subject saw no scenes."""
    paths = []
    for subject, counts in SUBJECTS.items():
        reliability = np.concatenate([counts[area][2] for area in AREAS])
        area = np.repeat(AREAS, [len(counts[area][2]) for area in AREAS])
        n_trials = np.zeros(N_SCENES, int) if subject == 4 else np.array([50, 49, 50, 47])
        data = xr.Dataset(
            {
                "response": (
                    ("stimulus", "unit"),
                    np.ones((N_SCENES, len(area))),
                    {"units": "spikes/s"},
                ),
                "n_trials": ("stimulus", n_trials),
                "n_in_file": ("area_name", [counts[area][0] for area in AREAS]),
                "n_after_quality": ("area_name", [counts[area][1] for area in AREAS]),
                "n_after_trials": ("area_name", [len(counts[area][2]) for area in AREAS]),
            },
            coords={
                "stimulus": STIMULI,
                "unit": np.arange(len(area)),
                "area": ("unit", area.astype(str)),
                "reliability": ("unit", reliability),
                "area_name": AREAS,
            },
            attrs={
                "subject": str(subject),
                "measurement": "spikes",
                "verdict": "skipped" if subject == 4 else "ok",
                "reason": REASON if subject == 4 else "",
                "data_kind": "simulated",
            },
        )
        paths.append(tmp_path / f"{subject}.nc")
        data.to_netcdf(paths[-1], engine="h5netcdf")
    return paths


@pytest.fixture
def listed(tmp_path):
    """The table of stimuli; the last one does not take part."""
    table = pd.DataFrame({"stimulus": [*STIMULI, "other"], "group": "g", "split": ""})
    write_table(table.assign(takes_part=table["stimulus"] != "other"), tmp_path / "stimuli.csv")
    return tmp_path / "stimuli.csv"


@pytest.fixture
def summarise(recordings, listed, tmp_path):
    """Run the summary; both tables as they are read again."""

    def run(*more, expected_subjects=None, **filters):
        settings = {**SETTINGS, "expected_subjects": expected_subjects}
        settings["filters"] = {**FILTERS, **filters}
        outputs = tmp_path / "subjects.csv", tmp_path / "units.csv"
        main([*recordings, *more], listed, settings, *outputs)
        return [read_table(path) for path in outputs]

    return run


def test_the_numbers_are_those_of_the_recordings(summarise):
    subjects, units = summarise()
    assert list(zip(subjects["subject"], subjects["area"], strict=True)) == [
        (str(subject), area) for subject in SUBJECTS for area in AREAS
    ]
    expected = [SUBJECTS[subject][area] for subject in SUBJECTS for area in AREAS]
    assert subjects["n_in_file"].tolist() == [row[0] for row in expected]
    assert subjects["n_after_quality"].tolist() == [row[1] for row in expected]
    assert subjects["n_after_trials"].tolist() == [len(row[2]) for row in expected]
    assert subjects["n_after_reliability"].tolist() == [2, 2, 2, 0, 1, 0, 0, 0]
    assert subjects["is_target"].tolist() == [True, True, True] + [False] * 5
    assert subjects["least_trials"].tolist() == [47] * 6 + [0, 0]
    assert subjects["most_trials"].tolist() == [50] * 6 + [0, 0]
    # Quartiles of 0.2, 0.5 and 0.9; the unit without a value is left out.
    quartiles = subjects.loc[0, ["reliability_q1", "reliability_median", "reliability_q3"]]
    assert quartiles.tolist() == pytest.approx([0.35, 0.5, 0.7])
    assert subjects.loc[6:, "reliability_median"].isna().all()
    assert len(units) == sum(len(row[2]) for row in expected)
    assert units.groupby(["subject", "area"])["kept"].sum().to_dict() == {
        ("1", "VISp"): 2,
        ("1", "VISl"): 2,
        ("2", "VISp"): 2,
        ("3", "VISp"): 1,
        ("3", "VISl"): 0,
    }


def test_the_first_columns_name_the_row_and_the_last_one_says_what_it_is(summarise):
    subjects, units = summarise()
    assert list(subjects)[:3] == ["brain", "subject", "area"]
    assert list(units) == [
        *("brain", "subject", "area", "unit"),
        *("reliability", "kept", "data_kind"),
    ]
    for table in (subjects, units):
        assert set(table["brain"]) == {"lab"}
        assert set(table["data_kind"]) == {"simulated"}


def test_every_area_that_is_no_target_has_a_reason(summarise):
    subjects, _ = summarise()
    assert (subjects.loc[subjects["is_target"], "reason"] == "").all()
    assert subjects.loc[3:, "reason"].tolist() == [
        "0 units are left, fewer than 2",
        "1 unit is left, fewer than 2",
        "0 units are left, fewer than 2",
        REASON,
        REASON,
    ]


def test_without_a_filter_all_units_are_kept(summarise):
    subjects, units = summarise(min_reliability=None)
    assert subjects["n_after_reliability"].tolist() == subjects["n_after_trials"].tolist()
    assert units["kept"].all()


def test_a_subject_that_is_called_na_is_counted(summarise, tmp_path):
    responses = np.random.default_rng(0).poisson(3, size=(N_SCENES, 6, 1)).astype(float)
    own = tmp_path / "own.nc"
    write_netcdf(own_recording(responses, ["VISp"], "NA"), own)
    subjects, units = summarise(own)
    assert (subjects["subject"] == "NA").sum() == len(AREAS)
    assert (units["subject"] == "NA").sum() == 1


def test_another_number_of_subjects_than_expected_is_warned_of(summarise, caplog):
    caplog.set_level(logging.INFO)
    summarise(expected_subjects=3)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == (
        "lab: 2 of 4 subjects take part; left out: "
        f"3 (in VISp, its largest area, 1 unit is left, fewer than 2), 4 ({REASON}); "
        "config brains.lab.expected_subjects is 3"
    )


@pytest.mark.parametrize("expected", [2, None])
def test_the_number_expected_or_none_is_no_warning(summarise, caplog, expected):
    caplog.set_level(logging.INFO)
    summarise(expected_subjects=expected)
    (record,) = caplog.records
    assert record.levelname == "INFO"
    assert f"4 ({REASON})" in record.getMessage()


def test_a_file_that_is_no_recording_is_named(recordings, listed, tmp_path):
    xr.Dataset(attrs={"subject": "1"}).to_netcdf(recordings[1], engine="h5netcdf")
    with pytest.raises(InputError, match="2.nc: found no variable 'response'"):
        main(recordings, listed, SETTINGS, tmp_path / "subjects.csv", tmp_path / "units.csv")


def test_a_recording_of_a_lab_is_counted_with_what_it_has(summarise, tmp_path):
    responses = np.random.default_rng(0).poisson(3, size=(N_SCENES, 6, 3)).astype(float)
    own = tmp_path / "own.nc"
    data = own_recording(responses, ["VISp", "VISp", "VISl"], measurement="mua", units="z")
    write_netcdf(data, own)
    subjects, _ = summarise(own)
    rows = subjects.set_index(["subject", "area"]).loc["own_1"]
    counts = rows[["n_in_file", "n_after_quality", "n_after_trials"]]
    assert (counts.loc["VISp"] == 2).all() and (counts.loc["VISl"] == 1).all()
    assert rows["least_trials"].isna().all()
    assert set(rows["measurement"]) == {"mua"} and set(rows["response_unit"]) == {"z"}
    others = subjects[subjects["subject"] != "own_1"]
    assert set(others["measurement"]) == {"spikes"}
    assert set(others["response_unit"]) == {"spikes/s"}


def test_a_unit_without_a_response_to_a_stimulus_is_counted_as_without_trials(summarise, tmp_path):
    responses = np.random.default_rng(0).poisson(3, size=(N_SCENES, 6, 3)).astype(float)
    responses[1, :, 0] = np.nan
    own = tmp_path / "own.nc"
    write_netcdf(own_recording(responses, ["VISp", "VISp", "VISl"]), own)
    subjects, units = summarise(own)
    rows = subjects.set_index(["subject", "area"]).loc["own_1"]
    assert rows["n_in_file"].tolist() == rows["n_after_quality"].tolist() == [2, 1]
    assert rows["n_after_trials"].tolist() == [1, 1]
    assert units.loc[units["subject"] == "own_1", "unit"].tolist() == ["1", "2"]


def test_subjects_without_units_are_left_out_of_the_comparisons(recordings):
    subjects, _ = read_subjects(recordings, Filters(**FILTERS), "lab", stimuli(STIMULI))
    assert [subject["VISp"].subject for subject in subjects] == ["1", "2", "3"]
    expected = (
        r"config brains\.lab\.filters: found 1 of 3 subjects with units that pass all filters, "
        r"expected at least 2; results/tables/lab/subjects\.csv says"
    )
    with pytest.raises(InputError, match=expected):
        read_subjects(
            recordings[1:],
            Filters(**{**FILTERS, "min_reliability": 0.85}),
            "lab",
            stimuli(STIMULI),
            n_needed=2,
        )
