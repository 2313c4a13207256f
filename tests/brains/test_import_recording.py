"""An own recording is brought into the form in which jobs read it, with its reliability."""

import json

import numpy as np
import pytest
import xarray as xr

from tests.brains.examples import (
    filters,
    names,
    recording,
    simulated_recording,
    simulated_responses,
    stimuli,
    write,
)
from workflow_scripts.brains import import_recording
from workflow_scripts.brains.recording import read_labels, read_responses, read_trials
from workflow_scripts.brains.reliability import N_HALVES, split_half_reliability
from workflow_scripts.brains.subjects import read_subject
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.random_streams import generator


@pytest.fixture
def imported(tmp_path):
    """A recording as it is after its import."""

    def run(data, seed=0, listed=None):
        write(data, tmp_path / "own.nc")
        settings = {"seed": seed, "reliability_stimuli": "training" if listed else "all"}
        import_recording.main(tmp_path / "own.nc", listed, settings, tmp_path / "imported.nc")
        return tmp_path / "imported.nc"

    return run


def test_it_stays_what_it_was(imported):
    data = simulated_recording("m_1", measurement="mua", units="%", data_kind="recorded")
    labels = read_labels(path := imported(data))
    assert (labels.subject, labels.data_kind) == ("m_1", "recorded")
    assert (labels.measurement, labels.units) == ("mua", "%")
    responses = read_responses(path, labels)
    np.testing.assert_array_equal(responses, data["response"])
    np.testing.assert_array_equal(read_trials(path, labels, responses), data["trial_response"])
    for name in ("stimulus", "area"):
        assert getattr(labels, name).tolist() == data[name].values.tolist()


def test_the_reliability_of_units_is_computed_from_their_trials(imported):
    labels = read_labels(imported(simulated_recording()))
    random = generator(0, "own_responses", "own_1")
    trials = simulated_responses().astype(np.float32)
    expected = split_half_reliability(trials, N_HALVES, random)
    np.testing.assert_array_equal(labels.reliability, expected)
    assert 0 < np.nanmedian(expected) < 1


def test_halves_depend_on_the_seed_and_the_subject(imported):
    found = [
        read_labels(imported(simulated_recording(subject), seed)).reliability.tolist()
        for subject, seed in (("a", 0), ("a", 0), ("a", 1), ("b", 0))
    ]
    assert found[0] == found[1]
    assert found[0] != found[2] and found[0] != found[3]


def test_a_reliability_that_is_given_is_kept(imported):
    given = [0.1, np.nan, 0.5, 1, -0.2]
    data = simulated_recording().assign_coords(reliability=("unit", given))
    np.testing.assert_array_equal(read_labels(imported(data)).reliability, given)


def test_training_stimuli_alone_may_say_how_reliable_a_unit_is(imported, tmp_path):
    """Whatever the responses to the test stimuli are, and to stimuli that are not listed."""
    listed = tmp_path / "stimuli.csv"
    split = {name: "test" if number % 4 == 0 else "train" for number, name in enumerate(names())}
    del split[names()[5]]
    lines = [f"{name},{side}" for name, side in reversed(split.items())]
    listed.write_text("\n".join(["stimulus,split", *lines]))
    is_training = np.array([split.get(name) == "train" for name in names()])
    given = simulated_recording().assign_coords(reliability=("unit", np.full(5, 0.9)))
    found = read_labels(imported(given, listed=listed)).reliability
    trials = simulated_responses().astype(np.float32)[is_training]
    random = generator(0, "own_responses", "own_1")
    np.testing.assert_array_equal(found, split_half_reliability(trials, N_HALVES, random))
    assert np.isfinite(found).all() and (found != 0.9).all()
    other = simulated_responses()
    other[~is_training] += np.random.default_rng(1).normal(0, 50, other[~is_training].shape)
    again = read_labels(imported(recording(other), listed=listed)).reliability
    np.testing.assert_array_equal(again, found)
    assert (read_labels(imported(recording(other))).reliability != found).all()


def test_means_alone_have_no_reliability(imported):
    labels = read_labels(imported(recording(np.nanmean(simulated_responses(), axis=1))))
    assert labels.reliability is None and not labels.has_trials


def test_a_silent_unit_has_no_value_and_is_left_out_by_a_filter(imported):
    responses = simulated_responses()
    responses[..., 1] = np.where(np.isnan(responses[..., 1]), np.nan, 0)
    path = imported(recording(responses))
    assert np.isnan(read_labels(path).reliability).tolist() == [False, True, False, False, False]
    for min_reliability, n_units in ((None, 3), (-1, 2)):
        chosen = filters(min_reliability=min_reliability)
        subject, _, _ = read_subject(path, chosen, "lab", stimuli())
        assert subject["VISp"].values.shape[1] == n_units


def test_one_trial_of_each_stimulus_gives_responses_and_no_reliability(imported):
    path = imported(recording(simulated_responses()[:, 2:3]))
    assert np.isnan(read_labels(path).reliability).all()
    subject, _, _ = read_subject(path, filters(), "lab", stimuli())
    assert subject["VISp"].values.shape == (12, 3)


def test_a_file_with_more_in_it_loses_it(imported):
    """So that a change of what is not read changes nothing that is."""
    data = simulated_recording().assign(notes=("unit", np.arange(5)))
    found = xr.open_dataset(imported(data.assign_attrs(owner="somebody")))
    assert set(found.variables) == {
        *("response", "trial_response", "stimulus", "unit", "area", "reliability")
    }
    assert "owner" not in found.attrs
    expected = {"seed": 0, "reliability_stimuli": "all"}
    assert json.loads(found.attrs["parameters"]) == expected


def test_a_file_that_is_wrong_inside_is_named(imported):
    data = simulated_recording()
    data["response"][4, 2] = np.inf
    with pytest.raises(InputError, match="own.nc: found a response of inf of unit 2 to"):
        imported(data)


def test_names_of_stimuli_keep_every_letter(imported):
    odd = ["Ä/ö ü.png", "日本/1.png", "a,b.png", *names()[3:]]
    labels = read_labels(imported(recording(simulated_responses(), stimuli=odd)))
    assert labels.stimulus.tolist() == odd
