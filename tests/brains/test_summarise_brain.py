"""The summary counts what the session files hold, and says who is left out and why."""

import logging

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from workflow_scripts.brains.own_responses import make_recording
from workflow_scripts.brains.subjects import read_mice
from workflow_scripts.brains.summarise_brain import main
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import write_netcdf
from workflow_scripts.figures.plot_brain import draw, save

AREAS = ["VISp", "VISl"]
SETTINGS = {
    "areas": AREAS,
    "preset": "ccn25",
    "min_reliability": 0.5,
    "min_units": 2,
    "n_scenes": 4,
    "expected_subjects": None,
}
N_SCENES = 4
# Units in the file and after quality control, and reliability of those after the filter on trials.
MICE = {
    1: {"VISp": (9, 4, [0.2, 0.5, 0.9, np.nan]), "VISl": (5, 3, [0.6, 0.7])},
    2: {"VISp": (6, 3, [0.1, 0.6, 0.8]), "VISl": (0, 0, [])},
    3: {"VISp": (4, 1, [0.9]), "VISl": (3, 2, [0.1, 0.2])},
    4: {"VISp": (8, 5, []), "VISl": (7, 6, [])},
}
REASON = "it shows no natural scenes"


@pytest.fixture
def sessions(tmp_path):
    """Session files as `extract_responses` writes them; the fourth mouse saw no scenes."""
    paths = []
    for session, counts in MICE.items():
        reliability = np.concatenate([counts[area][2] for area in AREAS])
        area = np.repeat(AREAS, [len(counts[area][2]) for area in AREAS])
        n_trials = np.zeros(N_SCENES, int) if session == 4 else np.array([50, 49, 50, 47])
        data = xr.Dataset(
            {
                "rate": (("stimulus", "unit"), np.ones((N_SCENES, len(area)))),
                "n_trials": ("stimulus", n_trials),
                "n_in_file": ("area_name", [counts[area][0] for area in AREAS]),
                "n_after_quality": ("area_name", [counts[area][1] for area in AREAS]),
                "n_after_trials": ("area_name", [len(counts[area][2]) for area in AREAS]),
            },
            coords={
                "stimulus": np.arange(N_SCENES),
                "unit": np.arange(len(area)),
                "area": ("unit", area.astype(str)),
                "reliability": ("unit", reliability),
                "area_name": AREAS,
            },
            attrs={
                "session_id": session,
                "verdict": "skipped" if session == 4 else "ok",
                "reason": REASON if session == 4 else "",
                "data_kind": "simulated",
            },
        )
        paths.append(tmp_path / f"{session}.nc")
        data.to_netcdf(paths[-1], engine="h5netcdf")
    return paths


@pytest.fixture
def summarise(sessions, tmp_path):
    """Run the summary; both tables as they are read again."""

    def run(**changes):
        outputs = tmp_path / "mice.csv", tmp_path / "mouse_units.csv"
        main(sessions, {**SETTINGS, **changes}, *outputs)
        return [pd.read_csv(path) for path in outputs]

    return run


def test_the_numbers_are_those_of_the_sessions(summarise):
    mice, units = summarise()
    assert list(zip(mice["session"], mice["area"], strict=True)) == [
        (session, area) for session in MICE for area in AREAS
    ]
    expected = [MICE[session][area] for session in MICE for area in AREAS]
    assert mice["n_in_file"].tolist() == [row[0] for row in expected]
    assert mice["n_after_quality"].tolist() == [row[1] for row in expected]
    assert mice["n_after_trials"].tolist() == [len(row[2]) for row in expected]
    assert mice["n_after_reliability"].tolist() == [2, 2, 2, 0, 1, 0, 0, 0]
    assert mice["is_target"].tolist() == [True, True, True] + [False] * 5
    assert mice["least_trials"].tolist() == [47] * 6 + [0, 0]
    assert mice["most_trials"].tolist() == [50] * 6 + [0, 0]
    # Of 0.2, 0.5 and 0.9; the unit without a value has no place in an order.
    quartiles = mice.loc[0, ["reliability_q1", "reliability_median", "reliability_q3"]]
    assert quartiles.tolist() == pytest.approx([0.35, 0.5, 0.7])
    assert mice.loc[6:, "reliability_median"].isna().all()
    assert set(mice["data_kind"]) == {"simulated"}
    assert len(units) == sum(len(row[2]) for row in expected)
    assert units.groupby(["session", "area"])["kept"].sum().to_dict() == {
        (1, "VISp"): 2,
        (1, "VISl"): 2,
        (2, "VISp"): 2,
        (3, "VISp"): 1,
        (3, "VISl"): 0,
    }


def test_every_area_that_is_no_target_has_a_reason(summarise):
    mice, _ = summarise()
    assert mice.loc[mice["is_target"], "reason"].isna().all()
    assert mice.loc[3:, "reason"].tolist() == [
        "0 units are left, fewer than 2",
        "1 units are left, fewer than 2",
        "0 units are left, fewer than 2",
        REASON,
        REASON,
    ]


def test_without_a_filter_all_units_are_kept(summarise):
    mice, _ = summarise(min_reliability=None)
    assert mice["n_after_reliability"].tolist() == mice["n_after_trials"].tolist()


def test_another_number_of_mice_than_expected_is_warned_of(summarise, caplog):
    caplog.set_level(logging.INFO)
    summarise(expected_subjects=3)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == (
        "2 of 4 mice take part; left out: 3 (at most, in VISp, 1 units are left, fewer than 2), "
        f"4 ({REASON}); mouse.expected_subjects is 3"
    )


@pytest.mark.parametrize("expected", [2, None])
def test_the_number_expected_or_none_is_no_warning(summarise, caplog, expected):
    caplog.set_level(logging.INFO)
    summarise(expected_subjects=expected)
    (record,) = caplog.records
    assert record.levelname == "INFO"
    assert f"4 ({REASON})" in record.getMessage()


def test_a_file_that_is_no_session_is_named(sessions, tmp_path):
    xr.Dataset(attrs={"session_id": 1}).to_netcdf(sessions[1], engine="h5netcdf")
    with pytest.raises(InputError, match="2.nc: has no variable 'rate'"):
        main(sessions, SETTINGS, tmp_path / "mice.csv", tmp_path / "units.csv")


def test_a_recording_of_a_lab_is_counted_with_what_it_has(sessions, tmp_path):
    responses = np.random.default_rng(0).poisson(3, size=(N_SCENES, 6, 3)).astype(float)
    own = tmp_path / "own.nc"
    write_netcdf(make_recording(responses, ["VISp", "VISp", "VISl"], "own", "simulated"), own)
    main([*sessions, own], SETTINGS, tmp_path / "mice.csv", tmp_path / "units.csv")
    rows = pd.read_csv(tmp_path / "mice.csv").set_index(["session", "area"]).loc["own"]
    counts = rows[["n_in_file", "n_after_quality", "n_after_trials"]]
    assert (counts.loc["VISp"] == 2).all() and (counts.loc["VISl"] == 1).all()
    assert rows["least_trials"].isna().all()


def test_mice_without_units_are_left_out_of_the_comparisons(sessions):
    mice, _ = read_mice(sessions, AREAS, 0.5, N_SCENES, "ccn25")
    assert [mouse["VISp"].subject for mouse in mice] == ["1", "2", "3"]
    with pytest.raises(InputError, match="found 1 of 4 sessions with units that pass the filters"):
        read_mice(sessions, ["VISl"], 0.5, N_SCENES, "ccn25")


@pytest.mark.parametrize("threshold", [0.5, None])
def test_the_figure_says_what_it_shows(summarise, threshold, tmp_path):
    settings = {**SETTINGS, "min_reliability": threshold}
    for name in ("one.svg", "two.svg"):
        save(draw(*summarise(min_reliability=threshold), settings), tmp_path / name)
    text = (tmp_path / "one.svg").read_text()
    assert "data: 4 simulated mice" in text
    assert "VISp: 2 of 4 mice are targets" in text or threshold is None
    assert ("Units from 0.5 upwards are kept" in text) == (threshold is not None)
    assert "8 units, 1 undefined" in text
    assert text == (tmp_path / "two.svg").read_text()
