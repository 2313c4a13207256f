"""What is wrong with a recording is named, and what is right is read."""

import numpy as np
import pytest

from tests.brains.examples import (
    AREAS,
    N_STIMULI,
    N_TRIALS,
    N_UNITS,
    UNIT_AREAS,
    simulated_recording,
    simulated_responses,
    write,
)
from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.brains.recording import check_recording
from workflow_scripts.common.errors import InputError


def check(path, min_reliability=0.5, taken=None):
    return check_recording(
        path,
        brain="lab",
        areas=AREAS,
        n_stimuli=N_STIMULI,
        min_reliability=min_reliability,
        taken={} if taken is None else taken,
    )


def test_the_name_of_a_subject_is_taken_from_then_on(tmp_path):
    taken = {}
    path = write(simulated_recording(), tmp_path / "own.nc")
    assert check(path, taken=taken).subject == "own_1"
    assert taken == {"own_1": path}


def test_single_trials_need_no_reliability_where_units_are_not_chosen_by_it(tmp_path):
    responses = np.nanmean(simulated_responses(), axis=1, keepdims=True)
    path = write(make_recording(responses, UNIT_AREAS, "own", "simulated"), tmp_path / "own.nc")
    assert check(path, min_reliability=None).reliability is None
    expected = r"found no variable 'reliability', .* config brains\.lab\.filters\.min_reliability"
    with pytest.raises(InputError, match=expected):
        check(path)


def changed(name, index, value):
    """Edit one value of a variable or coordinate."""

    def edit(data):
        values = data[name].values.copy()
        if values.dtype.kind == "U":
            values = values.astype(object)
        values[index] = value
        return data.assign_coords({name: (data[name].dims, values)})

    return edit


def typed(name, dtype):
    return lambda data: data.assign_coords({name: data[name].astype(dtype)})


def without_attribute(data, name):
    data = data.copy()
    del data.attrs[name]
    return data


WRONG = {
    "no rate": (
        lambda d: d.drop_vars("rate"),
        "found no variable 'rate', expected rate, stimulus, unit, area, reliability",
    ),
    "no stimulus": (
        lambda d: d.drop_vars("stimulus"),
        "found no variable 'stimulus', expected rate, stimulus",
    ),
    "no unit": (
        lambda d: d.drop_vars("unit"),
        "found no variable 'unit', expected rate, stimulus",
    ),
    "no area": (
        lambda d: d.drop_vars("area"),
        "found no variable 'area', expected rate, stimulus",
    ),
    "no reliability": (
        lambda d: d.drop_vars("reliability"),
        "found no variable 'reliability', expected rate, stimulus, unit, area, reliability (for "
        "config brains.lab.filters.min_reliability)",
    ),
    "dimensions": (
        lambda d: d.assign(rate=d["rate"].T),
        "found rate with the dimensions (unit, stimulus), expected (stimulus, unit)",
    ),
    "other dimensions": (
        lambda d: d.rename(stimulus="image"),
        "found no variable 'stimulus', expected",
    ),
    "dimensions of area": (
        lambda d: d.drop_vars("area").assign(area=("stimulus", ["VISp"] * N_STIMULI)),
        "found area with the dimensions (stimulus), expected (unit)",
    ),
    "type of rate": (
        typed("rate", int),
        "found rate of type int64, expected floating-point numbers",
    ),
    "type of stimulus": (
        typed("stimulus", float),
        "found stimulus of type float64, expected integers",
    ),
    "type of unit": (
        typed("unit", float),
        "found unit of type float64, expected integers or text",
    ),
    "type of area": (
        lambda d: d.assign_coords(area=("unit", np.arange(N_UNITS))),
        "found area of type int64, expected text",
    ),
    "type of reliability": (
        lambda d: d.assign_coords(reliability=("unit", ["high"] * N_UNITS)),
        "found reliability of type object, expected floating-point numbers",
    ),
    "too few stimuli": (
        lambda d: d.isel(stimulus=slice(1, None)),
        "found 11 stimulus ids, expected 12, one for each image of the brain",
    ),
    "ids from one": (
        lambda d: d.assign_coords(stimulus=d["stimulus"] + 1),
        "found stimulus id 1 at position 0, expected the ids 0 to 11 in order",
    ),
    "ids in another order": (
        lambda d: d.isel(stimulus=[0, 1, 3, 2, *range(4, N_STIMULI)]),
        "found stimulus id 3 at position 2, expected the ids 0 to 11 in order",
    ),
    "negative rate": (
        changed("rate", (4, 2), -1.0),
        "found a rate of -1.0 for unit 2 at stimulus 4, expected a finite number of spikes/s of at "
        "least 0",
    ),
    "infinite rate": (
        changed("rate", (4, 2), np.inf),
        "found a rate of inf for unit 2 at stimulus 4, expected",
    ),
    "NaN": (
        changed("rate", (4, 2), np.nan),
        "found a rate of nan for unit 2 at stimulus 4, expected",
    ),
    "infinite reliability": (
        changed("reliability", 1, np.inf),
        "found an infinite reliability of unit 1, expected a number of at most 1, or NaN",
    ),
    "no area of a unit": (
        changed("area", 3, ""),
        "found area '' of unit 3, expected one of VISp, VISl, VISam",
    ),
    "area as characters": (
        lambda d: d.assign_coords(area=("unit", [b"VISp"] * N_UNITS)),
        "found area with the dimensions (unit, string4), expected (unit)",
    ),
    "unknown area": (
        changed("area", 3, "V1"),
        "found area 'V1' of unit 3, expected one of VISp, VISl, VISam",
    ),
    "unit ids": (changed("unit", 3, 0), "found unit id 0 2 times, expected each id once"),
    "no data_kind": (
        lambda d: without_attribute(d, "data_kind"),
        "found no attribute 'data_kind', expected session_id, data_kind",
    ),
    "no session_id": (
        lambda d: without_attribute(d, "session_id"),
        "found no attribute 'session_id', expected session_id, data_kind",
    ),
    "data_kind": (
        lambda d: d.assign_attrs(data_kind="networks"),
        "found data_kind 'networks', expected recorded or simulated",
    ),
    "name of the pool": (
        lambda d: d.assign_attrs(session_id="pool"),
        "found session_id 'pool', expected a name of letters",
    ),
    "name of a network": (
        lambda d: d.assign_attrs(session_id="alexnet/0"),
        "found session_id 'alexnet/0', expected a name of letters",
    ),
    "name of another": (
        lambda d: d.assign_attrs(session_id=900001),
        "found session_id '900001', as in config brains.lab.sessions, expected a name that no "
        "other subject has",
    ),
}


@pytest.mark.parametrize(("edit", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(tmp_path, edit, sentence):
    path = write(edit(simulated_recording()), tmp_path / "own.nc")
    with pytest.raises(InputError) as error:
        check(path, taken={"900001": "config brains.lab.sessions"})
    assert str(error.value).startswith(f"{path}: {sentence}")
    assert "\n" not in str(error.value)


def test_text_and_numbers_name_units_and_more_than_the_form_is_left_alone(tmp_path):
    data = simulated_recording().assign_coords(unit=[f"probe_a-{n}" for n in range(N_UNITS)])
    counts = np.full((N_STIMULI, N_TRIALS, N_UNITS), -1, np.int16)
    data = data.assign(spike_count=(("stimulus", "trial", "unit"), counts))
    assert check(write(data, tmp_path / "own.nc")).subject == "own_1"


def test_a_file_that_is_no_netcdf_is_named(tmp_path):
    (tmp_path / "own.nc").write_text("rate")
    with pytest.raises(InputError, match="own.nc: found no readable netCDF-4 file .*, expected a"):
        check(tmp_path / "own.nc")
