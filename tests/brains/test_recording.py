"""What is wrong with a recording is named, and what is right is read."""

import shutil

import h5netcdf
import h5py
import numpy as np
import pytest

from tests.brains.examples import (
    N_STIMULI,
    N_TRIALS,
    N_UNITS,
    UNIT_AREAS,
    names,
    recording,
    simulated_recording,
    simulated_responses,
    write,
)
from workflow_scripts.brains.recording import read_labels, read_responses, read_trials
from workflow_scripts.common.errors import InputError


def read(path):
    """Everything that is in a recording."""
    labels = read_labels(path)
    responses = read_responses(path, labels)
    return labels, responses, read_trials(path, labels, responses) if labels.has_trials else None


def with_reliability(data):
    return data.assign_coords(reliability=("unit", np.linspace(-0.2, 1, N_UNITS)))


def counts(data):
    """The same recording with trials as 16-bit integers, none of which is missing."""
    return data.assign(trial_response=data["trial_response"].fillna(0).astype(np.int16))


def changed(name, index, value):
    """Edit one value of a variable or coordinate."""

    def edit(data):
        values = data[name].values.copy()
        if values.dtype.kind == "U":
            values = values.astype(object)
        values[index] = value
        return data.assign_coords({name: (data[name].dims, values, data[name].attrs)})

    return edit


def typed(name, dtype):
    return lambda data: data.assign_coords({name: data[name].astype(dtype)})


def without_attribute(data, name):
    data = data.copy()
    del data.attrs[name]
    return data


def with_units(value):
    """Edit the unit of the responses."""

    def edit(data):
        data = data.copy()
        data["response"].attrs = {} if value is None else {"units": value}
        return data

    return edit


WRONG = {
    "no response": (
        lambda d: d.drop_vars("response"),
        "found no variable 'response', expected response, stimulus, unit, area",
    ),
    "names of version 0.1": (
        lambda d: d.rename(response="rate", trial_response="trial_rate"),
        "found no variable 'response' but 'rate', its name in version 0.1, expected response, "
        "stimulus, unit, area",
    ),
    "no stimulus": (
        lambda d: d.drop_vars("stimulus"),
        "found no variable 'stimulus', expected response, stimulus",
    ),
    "no unit": (
        lambda d: d.drop_vars("unit"),
        "found no variable 'unit', expected response, stimulus",
    ),
    "no area": (
        lambda d: d.drop_vars("area"),
        "found no variable 'area', expected response, stimulus",
    ),
    "dimensions": (
        lambda d: d.assign(response=d["response"].T),
        "found response with the dimensions (unit, stimulus), expected (stimulus, unit)",
    ),
    "other dimensions": (
        lambda d: d.rename(stimulus="image"),
        "found response with the dimensions (image, unit), expected (stimulus, unit)",
    ),
    "dimensions of area": (
        lambda d: d.drop_vars("area").assign(area=("stimulus", ["VISp"] * N_STIMULI)),
        "found area with the dimensions (stimulus), expected (unit)",
    ),
    "dimensions of trials": (
        lambda d: d.assign(trial_response=d["trial_response"].transpose("trial", ...)),
        "found trial_response with the dimensions (trial, stimulus, unit), expected (stimulus, "
        "trial, unit)",
    ),
    "type of response": (
        lambda d: d.assign(response=(("stimulus", "unit"), np.full((N_STIMULI, N_UNITS), "1"))),
        "found response of type object, expected numbers",
    ),
    "type of trials": (
        lambda d: d.assign(trial_response=d["trial_response"].astype(str)),
        "found trial_response of type object, expected numbers",
    ),
    "no stimuli": (
        lambda d: d.isel(stimulus=slice(0)),
        "found no stimulus, expected at least one",
    ),
    "scaled responses": (
        lambda d: d.assign(response=d["response"].assign_attrs(scale_factor=0.1)),
        "found response with the attribute 'scale_factor', expected plain numbers, and NaN where",
    ),
    "a number in the place of NaN": (
        lambda d: d.assign(trial_response=d["trial_response"].assign_attrs(missing_value=-1.0)),
        "found trial_response with the attribute 'missing_value', expected plain numbers, and NaN",
    ),
    "type of stimulus": (
        lambda d: d.assign_coords(stimulus=np.arange(N_STIMULI)),
        "found stimulus of type int64, expected text",
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
    "a stimulus twice": (
        changed("stimulus", 3, "faces/2.png"),
        "found stimulus faces/2.png 2 times, expected each stimulus once",
    ),
    "a unit twice": (
        changed("unit", 3, 2),
        "found unit 2 2 times, expected each unit once",
    ),
    "infinite response": (
        changed("response", (4, 2), np.inf),
        "found a response of inf of unit 2 to stimulus faces/4.png, expected a number of at most "
        "1e+12 in size, or NaN where there is none",
    ),
    "infinite trial": (
        changed("trial_response", (4, 1, 2), -np.inf),
        "found a trial_response of -inf of unit 2 to stimulus faces/4.png, expected a number of",
    ),
    "responses that were never written": (
        changed("response", (4, 2), 9.969209968386869e36),
        "found a response of 9.969209968386869e+36, which netCDF puts where nothing was written, "
        "of unit 2 to stimulus faces/4.png, expected a number of at most 1e+12 in size, or NaN",
    ),
    "counts that were never written": (
        lambda d: changed("trial_response", (4, 1, 2), -32767)(counts(d)),
        "found a trial_response of -32767, which netCDF puts where nothing was written, of unit 2",
    ),
    "responses that overflow": (
        lambda d: d.assign(response=d["response"] * 1e160),
        "found a response of ",
    ),
    "responses that vanish": (
        lambda d: d.assign(response=d["response"] * 1e-310),
        "found a response of at most ",
    ),
    "unsigned numbers that are stored as signed ones": (
        lambda d: d.assign(response=d["response"].assign_attrs(_Unsigned="true")),
        "found response with the attribute '_Unsigned', expected plain numbers, and NaN where",
    ),
    "limits of valid numbers": (
        lambda d: d.assign(response=d["response"].assign_attrs(valid_max=5.0)),
        "found response with the attribute 'valid_max', expected plain numbers, and NaN where",
    ),
    "a reliability without a lower end": (
        lambda d: changed("reliability", 1, -np.inf)(with_reliability(d)),
        "found a reliability of -inf of unit 1, expected a number of at most 1, or NaN where it",
    ),
    "trials of other responses": (
        lambda d: d.assign(response=d["response"] + 1),
        "found trial_response with the mean ",
    ),
    "trials without a response": (
        changed("response", (4, 2), np.nan),
        "found trial_response with the mean ",
    ),
    "a response without trials": (
        lambda d: d.assign(trial_response=d["trial_response"].where(d["unit"] != 2)),
        "found trial_response with the mean nan for unit 2 and stimulus faces/0.png, expected its "
        "response, ",
    ),
    "trials of the other sign": (
        lambda d: d.assign(trial_response=-d["trial_response"] - 1),
        "found trial_response with the mean -",
    ),
    "infinite reliability": (
        lambda d: changed("reliability", 1, np.inf)(with_reliability(d)),
        "found a reliability of inf of unit 1, expected a number of at most 1, or NaN where it",
    ),
    "reliability above 1": (
        lambda d: changed("reliability", 1, 1.5)(with_reliability(d)),
        "found a reliability of 1.5 of unit 1, expected a number of at most 1, or NaN where it",
    ),
    "no area of a unit": (
        changed("area", 3, ""),
        "found area '' of unit 3, expected a letter or digit, then letters, digits, '_', '.' and",
    ),
    "an area that is no name of a file": (
        changed("area", 3, "V1/V2"),
        "found area 'V1/V2' of unit 3, expected a letter or digit, then letters",
    ),
    "area as characters": (
        lambda d: d.assign_coords(area=("unit", [b"VISp"] * N_UNITS)),
        "found area with the dimensions (unit, string4), expected (unit)",
    ),
    "no subject": (
        lambda d: without_attribute(d, "subject"),
        "found no attribute 'subject' of the file, expected a name of letters, digits",
    ),
    "no data_kind": (
        lambda d: without_attribute(d, "data_kind"),
        "found no attribute 'data_kind' of the file, expected recorded or simulated",
    ),
    "no measurement": (
        lambda d: without_attribute(d, "measurement"),
        "found no attribute 'measurement' of the file, expected what was measured, such as spikes",
    ),
    "no units": (
        with_units(None),
        "found no attribute 'units' of response, expected the unit of the responses, such as",
    ),
    "a unit that begins a formula": (
        with_units("$Hz"),
        "found the units '$Hz', expected the unit of the responses, such as spikes/s, z or %",
    ),
    "empty measurement": (
        lambda d: d.assign_attrs(measurement=""),
        "found the measurement '', expected what was measured",
    ),
    "data_kind": (
        lambda d: d.assign_attrs(data_kind="networks"),
        "found the data_kind 'networks', expected recorded or simulated",
    ),
    "name of the pool": (
        lambda d: d.assign_attrs(subject="pool"),
        "found the subject 'pool', expected another name, as tables use this one",
    ),
    "name of a network": (
        lambda d: d.assign_attrs(subject="alexnet/0"),
        "found the subject 'alexnet/0', expected a name of letters",
    ),
}


@pytest.mark.parametrize(("edit", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(tmp_path, edit, sentence):
    path = write(edit(simulated_recording()), tmp_path / "own.nc")
    with pytest.raises(InputError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}: {sentence}")
    assert "\n" not in str(error.value)


def test_labels_are_read_as_they_were_written(tmp_path):
    data = simulated_recording("m_1", measurement="mua", units="%", data_kind="recorded")
    labels, _, _ = read(write(data, tmp_path / "own.nc"))
    assert (labels.subject, labels.data_kind) == ("m_1", "recorded")
    assert (labels.measurement, labels.units) == ("mua", "%")
    assert labels.stimulus.tolist() == names()
    assert labels.unit.tolist() == ["0", "1", "2", "3", "4"]
    assert labels.area.tolist() == UNIT_AREAS
    assert labels.reliability is None


def test_text_and_numbers_name_units_and_more_than_the_form_is_left_alone(tmp_path):
    data = simulated_recording().assign_coords(unit=[f"probe_a-{n}" for n in range(N_UNITS)])
    counts = np.full((N_STIMULI, N_TRIALS, N_UNITS), -1, np.int16)
    data = data.assign(spike_count=(("stimulus", "trial", "unit"), counts))
    labels, _, _ = read(write(data, tmp_path / "own.nc"))
    assert labels.unit[0] == "probe_a-0"


def test_a_subject_that_is_called_a_number_is_that_text(tmp_path):
    path = write(simulated_recording().assign_attrs(subject=900001), tmp_path / "own.nc")
    assert read_labels(path).subject == "900001"


@pytest.mark.parametrize("dtype", ["int16", "uint8", "float16", "float32"])
def test_numbers_of_other_types_are_read_as_they_are(tmp_path, dtype):
    responses = np.arange(N_STIMULI * N_UNITS).reshape(N_STIMULI, N_UNITS)
    data = recording(responses)
    data["response"] = data["response"].astype(dtype)
    _, found, trials = read(write(data, tmp_path / "own.nc"))
    assert found.dtype == np.float64 and trials is None
    np.testing.assert_array_equal(found, responses)


def test_trials_may_be_counts(tmp_path):
    counts = np.random.default_rng(0).poisson(3, size=(N_STIMULI, N_TRIALS, N_UNITS))
    data = recording(counts)
    data["trial_response"] = data["trial_response"].astype(np.int16)
    _, _, trials = read(write(data, tmp_path / "own.nc"))
    assert trials.dtype == np.float32
    np.testing.assert_array_equal(trials, counts)


def test_responses_may_be_negative_and_trials_may_be_missing(tmp_path):
    """The unit without a trial of a stimulus has no response to it."""
    trials = simulated_responses() - 30
    trials[5, :, 1] = np.nan
    _, responses, found = read(write(recording(trials), tmp_path / "own.nc"))
    assert np.isnan(responses[5, 1]) and np.isfinite(responses).sum() == responses.size - 1
    np.testing.assert_array_equal(found, trials.astype(np.float32))
    means = [[np.nanmean(trials[s, :, u]) for u in (0, 2, 3, 4)] for s in range(N_STIMULI)]
    np.testing.assert_allclose(responses[:, [0, 2, 3, 4]], means)


def test_means_in_half_precision_are_those_of_the_trials(tmp_path):
    """They need not be equal to more digits than the file has."""
    data = recording(simulated_responses().astype(np.float32))
    trials = data["trial_response"].astype("float16")
    data["trial_response"] = trials
    data["response"] = trials.astype(float).mean("trial").astype("float32")
    _, responses, found = read(write(data, tmp_path / "own.nc"))
    np.testing.assert_allclose(np.nanmean(found, axis=1), responses, rtol=1e-5)


def test_a_file_that_another_program_wrote_is_read(tmp_path):
    """With text of variable length and without what xarray adds."""
    path = tmp_path / "own.nc"
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"stimulus": N_STIMULI, "unit": 2}
        text = h5netcdf.core.h5py.string_dtype()
        for name, dimension, values in (
            ("stimulus", "stimulus", names()),
            ("unit", "unit", ["a", "b"]),
            ("area", "unit", ["V4", "IT"]),
        ):
            file.create_variable(name, (dimension,), text, data=np.array(values, object))
        ones = np.ones((N_STIMULI, 2))
        file.create_variable("response", ("stimulus", "unit"), data=ones).attrs["units"] = "z"
        file.attrs.update(subject="s", data_kind="simulated", measurement="fmri")
    labels, responses, trials = read(path)
    assert labels.stimulus.tolist() == names() and labels.area.tolist() == ["V4", "IT"]
    assert (responses == 1).all() and trials is None


def in_its_place(name, make):
    """Replace a variable by what `make` makes of the file, its name, values and a folder."""

    def edit(path):
        with h5py.File(path, "r+") as file:
            scales = [scale for dimension in file[name].dims for scale in dimension.values()]
            values, attributes = file[name][()], {"units": "spikes/s"}
            # What is left out otherwise would be refused before.
            for of_trials in {"trial_response", name} & set(file):
                del file[of_trials]
            made = make(file, name, values, path.parent)
            if made is not None:
                made.attrs.update(attributes)
                for dimension, scale in zip(made.dims, scales, strict=True):
                    dimension.attach_scale(scale)

    return edit


def virtual(file, name, values, folder):
    with h5py.File(folder / "other.h5", "w") as other:
        other["x"] = values
    layout = h5py.VirtualLayout(values.shape, values.dtype)
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "x", shape=values.shape)
    made = file.create_virtual_dataset(name, layout)
    (folder / "other.h5").unlink()  # zeros are read now
    return made


def external(file, name, values, folder):
    values.tofile(folder / "raw")
    places = [(str(folder / "raw"), 0, h5py.h5f.UNLIMITED)]
    return file.create_dataset(name, values.shape, values.dtype, external=places)


def linked(file, name, values, folder):
    shutil.copy(folder / "whole.nc", folder / "other.nc")
    file[name] = h5py.ExternalLink(str(folder / "other.nc"), f"/{name}")


def announced(file, name, values, folder):
    return file.create_dataset(name, values.shape, values.dtype)


def announced_in_part(file, name, values, folder):
    made = file.create_dataset(name, values.shape, values.dtype, chunks=(1, N_UNITS))
    made[:9] = values[:9]
    return made


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (virtual, "found response with values in other files, expected them in this file"),
        (external, "found response with values in other files, expected them in this file"),
        (linked, "found response as a link, expected its values in this file"),
        (announced, "found response of shape (12, 5), of which a part was never written, expected"),
        (announced_in_part, "found response of shape (12, 5), of which a part was never written"),
    ],
)
def test_values_that_are_not_in_the_file_are_refused_before_any_is_read(tmp_path, make, sentence):
    path = write(simulated_recording(), tmp_path / "own.nc")
    shutil.copy(path, tmp_path / "whole.nc")
    in_its_place("response", make)(path)
    with pytest.raises(InputError) as error:
        read_labels(path)
    assert str(error.value).startswith(f"{path}: {sentence}")


def test_any_number_of_values_can_be_announced_and_none_is_read(tmp_path):
    """Eight kilobytes that say that there are two billion units."""
    path = tmp_path / "own.nc"
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"stimulus": N_STIMULI, "unit": 2 * 10**9}
        for name, dimensions, dtype in (
            ("response", ("stimulus", "unit"), "f8"),
            ("stimulus", ("stimulus",), "S9"),
            ("unit", ("unit",), "i8"),
            ("area", ("unit",), "S4"),
        ):
            file.create_variable(name, dimensions, dtype, chunks=(10,) * len(dimensions))
        file.attrs.update(subject="s", data_kind="simulated", measurement="fmri")
    with pytest.raises(InputError, match="of which a part was never written"):
        read_labels(path)


@pytest.mark.parametrize("seed", range(200))
def test_a_mutated_file_is_read_or_named_in_one_sentence(tmp_path, seed):
    """Some bytes are changed, exchanged or cut off: numbers that can be, or one sentence."""
    path = write(simulated_recording(), tmp_path / "own.nc")
    content = bytearray(path.read_bytes())
    random = np.random.default_rng(seed)
    places = random.integers(len(content), size=random.integers(1, 9))
    match seed % 3:
        case 0:
            for place in places:
                content[place] ^= 1 << random.integers(8)
        case 1:
            for place in places:
                content[place : place + 8] = random.bytes(8)
        case 2:
            del content[places[0] :]
    path.write_bytes(content)
    try:
        _, responses, _ = read(path)
    except InputError as error:
        assert str(error).startswith(f"{path}: found ") and "\n" not in str(error)
    else:
        assert not (np.abs(responses) > 1e12).any()


def test_a_file_that_is_no_netcdf_is_named(tmp_path):
    (tmp_path / "own.nc").write_text("response")
    with pytest.raises(InputError, match="own.nc: found no readable netCDF-4 file .*, expected a"):
        read_labels(tmp_path / "own.nc")


def test_a_file_of_the_classic_format_is_named(tmp_path):
    """As xarray writes it where netCDF4 is not installed: it is no HDF5 file."""
    data = simulated_recording().drop_vars("trial_response")
    data.to_netcdf(tmp_path / "own.nc", engine="scipy")
    with pytest.raises(InputError, match="own.nc: found no readable netCDF-4 file"):
        read_labels(tmp_path / "own.nc")
