"""Profiles of subjects have the units that the filters keep."""

import numpy as np
import pytest

from tests.brains.examples import (
    N_STIMULI,
    N_TRIALS,
    N_UNITS,
    UNIT_AREAS,
    filters,
    simulated_recording,
    simulated_responses,
    write,
)
from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.brains.reliability import split_half_reliability
from workflow_scripts.brains.subjects import keep_largest, read_subject, read_subjects
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.profile import Profile
from workflow_scripts.common.random_streams import generator


@pytest.mark.parametrize("min_reliability", [None, 0.5])
def test_an_array_comes_back_as_profiles_in_hz(tmp_path, min_reliability):
    responses = simulated_responses()
    path = write(simulated_recording(), tmp_path / "own.nc")
    subject, recording = read_subject(path, filters(min_reliability=min_reliability), "lab", {})
    reliability = split_half_reliability(responses, 100, generator(0, "own_responses", "own_1"))
    kept = np.ones(N_UNITS, bool) if min_reliability is None else reliability >= min_reliability
    assert recording.data_kind == "simulated"
    for area in ("VISp", "VISl"):
        chosen = kept & (np.array(UNIT_AREAS) == area)
        assert chosen.any()
        assert (subject[area].subject, subject[area].part) == ("own_1", area)
        np.testing.assert_array_equal(
            subject[area].values, np.nanmean(responses, axis=1)[:, chosen]
        )


def test_single_trials_are_read_where_they_are_wanted(tmp_path):
    path = write(simulated_recording(), tmp_path / "own.nc")
    subject, _ = read_subject(path, filters(), "lab", {}, with_trials=True)
    (trials,) = subject["VISl"].trials
    assert trials.subject == "own_1"
    np.testing.assert_array_equal(trials.rate, simulated_responses()[..., [2]].astype(np.float32))
    assert read_subject(path, filters(), "lab", {})[0]["VISl"].trials == ()


def test_a_subject_of_unreliable_units_loses_them_as_a_session_does(tmp_path):
    responses = np.random.default_rng(0).poisson(3, size=(N_STIMULI, N_TRIALS, 2)).astype(float)
    responses[:, :, 1] = 0
    path = write(make_recording(responses, ["VISp"] * 2, "noise", "simulated"), tmp_path / "own.nc")
    subject, recording = read_subject(path, filters(min_reliability=0.9), "lab", {})
    assert np.isnan(recording.reliability[1])
    assert subject["VISp"].values.shape == (N_STIMULI, 0)


def test_a_simulated_subject_among_recorded_ones_makes_all_of_it_simulated(tmp_path):
    recorded = make_recording(simulated_responses(), UNIT_AREAS, "recorded", "recorded")
    recorded = write(recorded, tmp_path / "recorded.nc")
    simulated = write(simulated_recording(), tmp_path / "simulated.nc")
    another = make_recording(simulated_responses(), UNIT_AREAS, "another", "recorded")
    another = write(another, tmp_path / "another.nc")
    assert read_subjects([recorded, another], filters(), "lab")[1] == "recorded"
    assert read_subjects([recorded, simulated], filters(), "lab")[1] == "simulated"


def test_a_recording_without_bins_is_refused_where_they_are_needed(tmp_path):
    path = write(simulated_recording(), tmp_path / "own.nc")
    expected = (
        "own.nc: found no variable 'bin_rate', expected one, because config brains.lab.preset"
    )
    with pytest.raises(InputError, match=expected):
        read_subject(path, filters(preset="nayebi"), "lab", {})


def test_two_subjects_of_one_name_are_refused_by_the_reader(tmp_path):
    paths = [write(simulated_recording(), tmp_path / name) for name in ("a.nc", "b.nc")]
    expected = r"b.nc: found session_id 'own_1', as in .*a.nc, expected"
    with pytest.raises(InputError, match=expected):
        read_subjects(paths, filters(), "lab")


def test_an_area_is_a_target_from_the_fewest_units_on():
    targets = [n_units for n_units in range(4) if filters(min_units=2).is_target(n_units)]
    assert targets == [2, 3]


def subject_with(n_units):
    return {
        "VISp": Profile(str(n_units), "VISp", np.ones((3, n_units))),
        "VISl": Profile(str(n_units), "VISl", np.ones((3, 5))),
    }


def test_the_subjects_with_most_units_stay():
    """The upper quartile of 2, 4, 6, 8 is 6.5; a subject without the area has no say."""
    subjects = [subject_with(n_units) for n_units in (2, 0, 4, 6, 8)]
    for kept in (keep_largest(subjects), filters(preset="nayebi").keep_subjects(subjects)):
        assert [subject["VISp"].values.shape[1] for subject in kept] == [0, 0, 0, 0, 8]
        assert [subject["VISl"].values.shape[1] for subject in kept] == [5] * 5


def test_the_other_preset_keeps_all_subjects():
    subjects = [subject_with(n_units) for n_units in (2, 0, 4)]
    assert filters().keep_subjects(subjects) == subjects
