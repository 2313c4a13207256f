"""Arrays of NumPy and MATLAB become the recording that `make_recording` makes of them."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import xarray as xr

from workflow_scripts.brains.converters.arrays import arrange, convert, read_variable
from workflow_scripts.brains.converters.command import write_recording
from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.common.errors import InputError

ROOT = Path(__file__).parents[3]
# Signed, (3 stimuli, 4 trials, 2 units), with a missing trial.
RESPONSES = np.random.default_rng(0).normal(size=(3, 4, 2))
RESPONSES[1, 2] = np.nan
STIMULI = ["face.png", "a/tree.png", "house.png"]
AREAS = ["V4", "IT"]
SOURCE = {"subject": "a", "data_kind": "recorded", "measurement": "fmri", "units": "%"}


def cells(labels):
    """A cell array of MATLAB as SciPy writes it."""
    array = np.empty((len(labels), 1), object)
    array[:, 0] = labels
    return array


def write_version_7_3(path, **variables):
    """A .mat file of version 7.3: HDF5 with reversed axes, text as numbers, cells as references."""
    with h5py.File(path, "w", userblock_size=512) as file:

        def write(name, value):
            if isinstance(value, str):
                kind, data = "char", np.array([[ord(letter)] for letter in value], np.uint16)
            elif isinstance(value, list):
                items = [
                    write(f"#refs#/{name}_{number}", item).ref for number, item in enumerate(value)
                ]
                kind, data = "cell", np.array([items], h5py.ref_dtype)
            else:
                kind, data = "double", np.asarray(value).T
            dataset = file.create_dataset(name, data=data)
            dataset.attrs["MATLAB_class"] = np.bytes_(kind)
            return dataset

        for name, value in variables.items():
            write(name, value)
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    return path


@pytest.fixture(params=["npz", "mat of version 5", "mat of version 7.3"])
def file(request, tmp_path):
    """Responses and labels as variables of one file, with the axes (unit, stimulus, trial)."""
    responses = RESPONSES.transpose(2, 0, 1)
    if request.param == "npz":
        np.savez(tmp_path / "a.npz", rates=responses, images=STIMULI, areas=AREAS)
        return tmp_path / "a.npz"
    if request.param == "mat of version 5":
        labels = {"images": cells(STIMULI), "areas": np.array(AREAS)}
        scipy.io.savemat(tmp_path / "a.mat", {"rates": responses, **labels})
        return tmp_path / "a.mat"
    labels = {"images": STIMULI, "areas": AREAS}
    return write_version_7_3(tmp_path / "a.mat", rates=responses, **labels)


def test_a_file_with_all_variables_is_converted(file):
    recording = convert(
        file,
        responses="rates",
        dimensions=["unit", "stimulus", "trial"],
        stimuli="images",
        areas="areas",
        **SOURCE,
    )
    expected = make_recording(RESPONSES, STIMULI, AREAS, **SOURCE)
    xr.testing.assert_identical(recording.drop_attrs(), expected.drop_attrs())
    assert recording.attrs["subject"] == "a"
    assert recording["response"].min() < 0


def test_one_area_and_a_list_of_names_are_enough(tmp_path):
    np.save(tmp_path / "rates.npy", RESPONSES)
    (tmp_path / "images.txt").write_text("\n".join(STIMULI) + "\n\n", encoding="utf-8-sig")
    recording = convert(
        tmp_path / "rates.npy", stimuli=str(tmp_path / "images.txt"), areas="area 17", **SOURCE
    )
    assert recording["stimulus"].values.tolist() == STIMULI
    assert recording["area"].values.tolist() == ["area_17", "area_17"]


def test_labels_may_be_an_array_of_numbers(tmp_path):
    np.save(tmp_path / "rates.npy", RESPONSES)
    np.save(tmp_path / "images.npy", [4.0, 5.0, 11.0])
    np.save(tmp_path / "areas.npy", [1, 2])
    sources = {
        name: str(tmp_path / f"{file}.npy")
        for name, file in (("stimuli", "images"), ("areas", "areas"))
    }
    recording = convert(tmp_path / "rates.npy", **sources, **SOURCE)
    assert recording["stimulus"].values.tolist() == ["4", "5", "11"]
    assert recording["area"].values.tolist() == ["1", "2"]


def test_means_without_trials_are_converted(tmp_path):
    np.save(tmp_path / "a.npy", RESPONSES[:, 0].T)
    (tmp_path / "images.txt").write_text("\n".join(STIMULI))
    recording = convert(
        tmp_path / "a.npy",
        dimensions=["unit", "stimulus"],
        stimuli=str(tmp_path / "images.txt"),
        areas="V4",
        **SOURCE,
    )
    np.testing.assert_array_equal(recording["response"], RESPONSES[:, 0])
    assert "trial_response" not in recording


def test_matlab_drops_the_axis_of_a_single_unit(tmp_path):
    """Its file has (stimulus, trial), which is read as (stimulus, trial, unit)."""
    scipy.io.savemat(tmp_path / "a.mat", {"rates": RESPONSES[:, :, 0], "images": cells(STIMULI)})
    recording = convert(
        tmp_path / "a.mat",
        responses="rates",
        dimensions=["stimulus", "trial", "unit"],
        stimuli="images",
        areas="V4",
        **SOURCE,
    )
    np.testing.assert_allclose(recording["trial_response"], RESPONSES[:, :, :1], rtol=1e-6)


@pytest.mark.parametrize(
    "order", ["stimulus,trial,unit", "trial,unit,stimulus", "unit,trial,stimulus"]
)
def test_axes_are_brought_into_order(order):
    names = order.split(",")
    axes = {"stimulus": 0, "trial": 1, "unit": 2}
    array = RESPONSES.transpose([axes[name] for name in names])
    np.testing.assert_array_equal(arrange(array, names, "x"), RESPONSES)


WRONG = {
    "no file": ("none.npz", {}, "none.npz: found no readable file"),
    "an unknown suffix": ("a.csv", {}, r"a.csv: found the suffix '.csv', expected .npy, .npz or"),
    "no name": ("a.npz", {"responses": None}, "found no name of a variable, expected one of rates"),
    "a wrong name": ("a.npz", {"responses": "x"}, "found no variable 'x', expected one of rates"),
    "text": ("a.npz", {"responses": "images"}, "responses of type <U10, expected numbers"),
    "objects": ("a.npz", {"responses": "objects"}, r"objects: found no such array \(Object"),
    "wrong dimensions": (
        "a.npz",
        {"dimensions": ["unit", "image"]},
        "option --dimensions: found unit,image, expected stimulus,unit or stimulus,trial,unit",
    ),
    "too few dimensions": (
        "a.npz",
        {"dimensions": ["unit", "stimulus"]},
        r"responses of shape \(3, 4, 2\), expected the axes unit, stimulus; say with --dimensions",
    ),
    "no stimuli": ("a.npz", {"stimuli": "x"}, "option --stimuli: found 'x', expected a file, or "),
    "labels that are no text": ("a.npz", {"stimuli": "a.npz"}, "expected a .npy or text file"),
    "too few labels": ("a.npz", {"stimuli": "areas"}, "with 2 stimuli and 2 areas"),
}


@pytest.mark.parametrize(("name", "changes", "sentence"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_ends_in_a_sentence(name, changes, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", rates=RESPONSES, images=STIMULI, areas=AREAS, objects=np.array([{}], object))
    Path("a.csv").touch()
    options = {"responses": "rates", "stimuli": "images", "areas": "areas", **changes}
    with pytest.raises(InputError, match=sentence) as caught:
        convert(name, **options, **SOURCE)
    assert "\n" not in str(caught.value)


BROKEN = {
    "an empty npy": ("a.npy", b"", r"a.npy npy: found no such array \(No data left in file\), exp"),
    "an empty npz": ("a.npz", b"", r"a.npz: found no readable file \(No data left in file\), exp"),
    "a broken npz": ("a.npz", b"PK\3\4", r"a.npz: found no readable file \(File is not a zip file"),
    "an empty mat": ("a.mat", b"", r"a.mat: found no readable file \(Mat file appears to be trunc"),
}


@pytest.mark.parametrize(("name", "content", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_ends_in_a_sentence(name, content, sentence, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=sentence) as caught:
        convert(tmp_path / name, stimuli="images", areas="V4", **SOURCE)
    assert "\n" not in str(caught.value)


def test_a_file_that_ends_too_early_ends_in_a_sentence(file):
    """Wherever it ends."""
    whole = file.read_bytes()
    for size in range(1, len(whole), len(whole) // 40):
        file.write_bytes(whole[:size])
        with pytest.raises(InputError):
            convert(file, responses="rates", stimuli="images", areas="areas", **SOURCE)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"stimuli": ["x", "y", "x"]}, "a.nc: found stimulus x 2 times, expected each stimulus on"),
        ({"subject": "m 1"}, "a.nc: found the subject 'm 1', expected a name of letters, digits"),
    ],
)
def test_a_recording_that_is_not_in_the_form_is_not_written(changes, sentence, tmp_path):
    arguments = {"responses": RESPONSES, "stimuli": STIMULI, "areas": AREAS, **SOURCE}
    write_recording(make_recording(**arguments), tmp_path / "a.nc")
    before = (tmp_path / "a.nc").read_bytes()
    with pytest.raises(InputError, match=f"^{tmp_path}/{sentence}"):
        write_recording(make_recording(**{**arguments, **changes}), tmp_path / "a.nc")
    assert [path.name for path in tmp_path.iterdir()] == ["a.nc"]
    assert (tmp_path / "a.nc").read_bytes() == before


def test_a_struct_of_matlab_is_refused(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"data": {"rates": RESPONSES}})
    with pytest.raises(InputError, match=r"a.mat data: found no such array \(a sparse array or a"):
        read_variable(tmp_path / "a.mat", "data")
    with h5py.File(tmp_path / "b.mat", "w") as file:
        file.create_group("data").attrs["MATLAB_class"] = np.bytes_("struct")
    with pytest.raises(InputError, match=r"b.mat data: found no such array \(a sparse array, a"):
        read_variable(tmp_path / "b.mat", "data")


def test_the_command_writes_a_recording_or_one_sentence(tmp_path):
    np.savez(tmp_path / "a.npz", rates=RESPONSES, images=STIMULI, areas=AREAS)

    def run(stimuli):
        module = "workflow_scripts.brains.converters.arrays"
        command = [sys.executable, "-m", module, tmp_path / "a.npz", "--responses", "rates"]
        command += ["--stimuli", stimuli, "--areas", "areas", "--subject", "a"]
        command += ["--data-kind", "recorded", "--measurement", "fmri", "--units", "%"]
        command += ["--output", tmp_path / "monkeys/a.nc"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    wrong = run("x")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("option --stimuli: found 'x', expected a file")
    assert wrong.stderr.count("\n") == 1
    done = run("images")
    assert done.returncode == 0, done.stderr
    path = tmp_path / "monkeys/a.nc"
    assert done.stderr == f"{path}: 3 stimuli, up to 4 trials, 2 units (1 IT, 1 V4)\n"
    with xr.open_dataset(path, engine="h5netcdf") as data:
        assert data["response"].attrs["units"] == "%"
        assert data.attrs["data_kind"] == "recorded"
