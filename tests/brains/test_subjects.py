"""Profiles of subjects have the units that the filters keep."""

import numpy as np
import pytest

from tests.brains.examples import (
    N_STIMULI,
    N_TRIALS,
    UNIT_AREAS,
    filters,
    names,
    recording,
    simulated_recording,
    simulated_responses,
    stimuli,
    write,
)
from workflow_scripts.brains.subjects import keep_largest, read_subject, read_subjects
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.profile import Profile

ALL = stimuli()


def with_reliability(data, reliability):
    return data.assign_coords(reliability=("unit", np.array(reliability, float)))


@pytest.mark.parametrize(
    ("min_reliability", "kept"),
    [(None, [True] * 5), (0.5, [True, False, True, True, False])],
)
def test_an_array_comes_back_as_profiles_in_its_own_unit(tmp_path, min_reliability, kept):
    """A unit is kept from the smallest reliability on; without a value it is not."""
    responses = simulated_responses()
    data = with_reliability(simulated_recording(), [0.9, 0.49, 0.5, 1, np.nan])
    path = write(data, tmp_path / "own.nc")
    chosen = filters(min_reliability=min_reliability)
    subject, labels, complete = read_subject(path, chosen, "lab", ALL)
    assert labels.data_kind == "simulated"
    assert complete.all()
    assert list(subject) == ["VISp", "VISl", "VISam"]
    for area, profile in subject.items():
        of_area = np.array(kept) & (np.array(UNIT_AREAS) == area)
        assert (profile.subject, profile.part) == ("own_1", area)
        expected = np.nanmean(responses, axis=1)[:, of_area]
        np.testing.assert_array_equal(profile.values, expected)


def test_single_trials_are_read_where_they_are_wanted(tmp_path):
    path = write(simulated_recording(), tmp_path / "own.nc")
    subject, _, _ = read_subject(path, filters(min_trials=2), "lab", ALL)
    (trials,) = subject["VISl"].trials
    assert trials.subject == "own_1"
    expected = simulated_responses()[..., [2]].astype(np.float32)
    np.testing.assert_array_equal(trials.responses, expected)
    assert read_subject(path, filters(), "lab", ALL)[0]["VISl"].trials == ()


def test_stimuli_are_matched_by_name_and_never_by_position(tmp_path):
    """A subject that saw them in another order, and others as well, has the same profiles."""
    responses = simulated_responses(20)
    order = np.random.default_rng(1).permutation(20)
    one = write(recording(responses), tmp_path / "one.nc")
    other = recording(responses[order], stimuli=np.array(names(20))[order])
    other = write(other, tmp_path / "other.nc")
    chosen = stimuli([f"faces/{number}.png" for number in (7, 3, 19, 0)])
    for min_trials in (1, 2):
        kept = filters(min_trials=min_trials)
        read = [read_subject(path, kept, "lab", chosen) for path in (one, other)]
        for first, second in zip(*(subject.values() for subject, _, _ in read), strict=True):
            np.testing.assert_array_equal(first.values, second.values)
            for blocks in zip(first.trials, second.trials, strict=True):
                np.testing.assert_array_equal(*(block.responses for block in blocks))
    expected = np.nanmean(responses, axis=1)[[7, 3, 19, 0]][:, [2]]
    np.testing.assert_array_equal(read[0][0]["VISl"].values, expected)


def test_exchanged_names_exchange_responses(tmp_path):
    """What is right in form but wrong in fact is used as it says."""
    responses = np.arange(N_STIMULI * 5.0).reshape(N_STIMULI, 5)
    wrong = names()
    wrong[0], wrong[1] = wrong[1], wrong[0]
    path = write(recording(responses, stimuli=wrong), tmp_path / "own.nc")
    subject, _, _ = read_subject(path, filters(), "lab", ALL)
    assert subject["VISl"].values[:3, 0].tolist() == [7, 2, 12]


def test_a_subject_without_one_of_the_stimuli_is_refused(tmp_path):
    path = write(simulated_recording(), tmp_path / "own.nc")
    expected = "own.nc: found no stimulus 'faces/12.png', expected every stimulus that takes part"
    with pytest.raises(InputError, match=expected):
        read_subject(path, filters(), "lab", stimuli(names(13)))


def test_a_unit_without_a_response_to_a_stimulus_that_takes_part_is_left_out(tmp_path):
    responses = simulated_responses()
    responses[4, :, 0] = np.nan
    path = write(recording(responses), tmp_path / "own.nc")
    subject, _, complete = read_subject(path, filters(), "lab", ALL)
    assert complete.tolist() == [False, True, True, True, True]
    expected = np.nanmean(responses[..., [1, 3]], axis=1)
    np.testing.assert_array_equal(subject["VISp"].values, expected)
    # It stays where the stimulus does not take part.
    few = stimuli([name for name in names() if name != "faces/4.png"])
    subject, _, complete = read_subject(path, filters(), "lab", few)
    assert complete.all() and subject["VISp"].values.shape == (N_STIMULI - 1, 3)


def test_a_subject_of_unreliable_units_has_none(tmp_path):
    data = with_reliability(simulated_recording(), [0.1, 0.2, np.nan, -0.3, 0.89])
    path = write(data, tmp_path / "own.nc")
    subject, _, _ = read_subject(path, filters(min_reliability=0.9), "lab", ALL)
    assert [profile.values.shape for profile in subject.values()] == [(N_STIMULI, 0)] * 3


def test_a_unit_with_a_single_trial_is_left_out_where_trials_are_halved(tmp_path):
    responses = simulated_responses()
    responses[5, 1:, 3] = np.nan
    path = write(recording(responses), tmp_path / "own.nc")
    whole, _, complete = read_subject(path, filters(), "lab", ALL)
    assert complete.all() and whole["VISp"].values.shape == (N_STIMULI, 3)
    subject, _, complete = read_subject(path, filters(min_trials=2), "lab", ALL)
    assert complete.tolist() == [True, True, True, False, True]
    assert subject["VISp"].values.shape == (N_STIMULI, 2)
    assert subject["VISp"].trials[0].responses.shape == (N_STIMULI, N_TRIALS, 2)


def test_a_simulated_subject_among_recorded_ones_makes_all_of_it_simulated(tmp_path):
    paths = {
        name: write(simulated_recording(name, data_kind=kind), tmp_path / f"{name}.nc")
        for name, kind in (("a", "recorded"), ("b", "simulated"), ("c", "recorded"))
    }
    assert read_subjects([paths["a"], paths["c"]], filters(), "lab", ALL)[1] == "recorded"
    assert read_subjects([paths["a"], paths["b"]], filters(), "lab", ALL)[1] == "simulated"


def test_one_subject_is_enough_for_models_and_not_for_a_comparison(tmp_path):
    path = write(simulated_recording(), tmp_path / "own.nc")
    (subject,), _ = read_subjects([path], filters(), "lab", ALL)
    assert subject["VISl"].subject == "own_1"
    expected = (
        r"config brains.lab.filters: found 1 of 1 subjects with units that pass all filters, "
        r"expected at least 2; results/tables/lab/subjects.csv says what each filter left"
    )
    with pytest.raises(InputError, match=expected):
        read_subjects([path], filters(), "lab", ALL, n_needed=2)


def test_an_area_that_one_subject_alone_has_is_empty_in_the_others(tmp_path):
    paths = [
        write(simulated_recording(name, areas), tmp_path / f"{name}.nc")
        for name, areas in (("a", UNIT_AREAS), ("b", ["VISp"] * 5))
    ]
    subjects, _ = read_subjects(paths, filters(), "lab", ALL, n_needed=2)
    assert [subject["VISam"].values.shape[1] for subject in subjects] == [1, 0]


def test_a_recording_without_bins_is_refused_where_they_are_needed(tmp_path):
    path = write(simulated_recording(), tmp_path / "own.nc")
    expected = (
        "own.nc: found no variable 'bin_rate', expected one, because config brains.lab.preset"
    )
    with pytest.raises(InputError, match=expected):
        read_subject(path, filters(preset="nayebi"), "lab", ALL)


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
