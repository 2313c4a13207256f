"""Assemblies and stimulus sets of Brain-Score, of old and new form, become a brain's folder."""

import csv
import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

from tests.harness.loopback import Loopback
from workflow_scripts.brains.converters.brainio import Part, convert
from workflow_scripts.brains.converters.brainio_sets import (
    PublicSet,
    Remote,
    RemotePart,
    fetch,
    read_sets,
)
from workflow_scripts.brains.download import DownloadError, Patience
from workflow_scripts.common.errors import InputError

ROOT = Path(__file__).parents[3]
SOURCE = {"data_kind": "recorded", "measurement": "mua", "units": "a.u."}
QUICK = Patience(connect_s=1, read_s=1, tries=3, backoff_s=0.01, longest_pause_s=0.05)
N_STIMULI = 6
IDS = [f"{number:04d}" for number in range(N_STIMULI)]


def responses_of(n_presentations, n_neuroids, n_bins=1):
    return np.random.default_rng(0).normal(size=(n_presentations, n_neuroids, n_bins))


def new_form(path, values, stimuli, *, subject="animal", **neuroids):
    """An assembly as today's Brain-Score writes it: compressed, called data."""
    n_neuroids, n_bins = values.shape[1:]
    names = [("Chabo", "Tito")[number % 2] for number in range(n_neuroids)]
    coordinates = {
        "stimulus_id": ("presentation", stimuli),
        "repetition": ("presentation", np.zeros(len(stimuli), int)),
        "neuroid_id": ("neuroid", [f"n{number}" for number in range(n_neuroids)]),
        "region": ("neuroid", (["V4"] + ["IT"] * n_neuroids)[:n_neuroids]),
        subject: ("neuroid", names),
        "time_bin_start": ("time_bin", 70 + 10 * np.arange(n_bins)),
        "time_bin_end": ("time_bin", 80 + 10 * np.arange(n_bins)),
        **{name: ("neuroid", labels) for name, labels in neuroids.items()},
    }
    array = xr.DataArray(values, coordinates, ("presentation", "neuroid", "time_bin"))
    array.to_dataset(name="data").to_netcdf(
        path, engine="h5netcdf", encoding={"data": {"zlib": True, "complevel": 9}}
    )
    return path


def old_form(path, values, stimuli):
    """An assembly as xarray once wrote it: no name, image_id, other axes, and no animal."""
    coordinates = {
        "image_id": ("presentation", stimuli),
        "repetition": ("presentation", np.zeros(len(stimuli), int)),
        "neuroid_id": ("neuroid", np.arange(1, values.shape[1] + 1)),
        "region": ("neuroid", ["V1"] + ["V2"] * (values.shape[1] - 1)),
        "time_bin_start": ("time_bin", np.arange(values.shape[2])),
        "time_bin_end": ("time_bin", np.arange(values.shape[2]) + 1),
    }
    array = xr.DataArray(values, coordinates, ("presentation", "neuroid", "time_bin"))
    array.transpose("neuroid", "time_bin", "presentation").to_netcdf(path, engine="h5netcdf")
    return path


def stimulus_set(folder, ids=IDS, *, name="set", id_name="stimulus_id"):
    """CSV file with a column that is no number although it looks like one, and ZIP file."""
    names = [f"im_{number}.png" for number in ids]
    families = [f"family_{number // 2}" for number in range(len(ids))]
    table = pd.DataFrame({id_name: ids, "filename": names, "texture_family": families})
    table.to_csv(folder / f"{name}.csv", index=False)
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
        for grey, image in enumerate(names):
            with archive.open(image, "w") as file:
                Image.new("L", (4, 4), grey).save(file, "png")
    return {"stimuli": folder / f"{name}.csv", "images": folder / f"{name}.zip"}


def read(path):
    with xr.open_dataset(path, engine="h5netcdf") as data:
        return data.load()


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def folder(tmp_path):
    """Where brains are written."""
    return tmp_path / "brain"


@pytest.mark.parametrize("subject", ["animal", "subject"])
def test_an_assembly_becomes_recordings_images_and_a_list(tmp_path, folder, subject):
    stimuli = np.random.default_rng(1).permutation(np.repeat(IDS, 3))
    values = responses_of(len(stimuli), 5)
    assembly = new_form(tmp_path / "a.nc", values, stimuli, subject=subject)
    part = Part(assembly, **stimulus_set(tmp_path))
    convert([part], folder, group="texture_family", **SOURCE)
    assert sorted(path.name for path in folder.iterdir()) == [
        *("Chabo.nc", "Tito.nc", "images", "stimuli.csv"),
    ]
    for name, neuroids, areas in (
        ("Chabo", [0, 2, 4], ["V4", "IT", "IT"]),
        ("Tito", [1, 3], ["IT", "IT"]),
    ):
        recording = read(folder / f"{name}.nc").sortby("stimulus")
        assert recording.attrs["subject"] == name
        assert recording.attrs["data_kind"] == "recorded"
        assert recording.attrs["measurement"] == "mua"
        assert recording["area"].values.tolist() == areas
        assert recording["unit"].values.tolist() == [f"n{number}" for number in neuroids]
        assert recording["stimulus"].values.tolist() == [f"im_{name}.png" for name in IDS]
        means = [values[stimuli == name][:, neuroids, 0].mean(axis=0) for name in IDS]
        np.testing.assert_allclose(recording["response"], means)
        assert recording["trial_response"].shape == (N_STIMULI, 3, len(neuroids))
    for grey, name in enumerate(IDS):
        with Image.open(folder / f"images/im_{name}.png") as image:
            assert image.getpixel((0, 0)) == grey
    listed = {row["stimulus"]: row["group"] for row in rows(folder / "stimuli.csv")}
    assert listed == {f"im_{name}.png": f"family_{int(name) // 2}" for name in IDS}


def test_an_assembly_of_the_old_form_is_one_subject_in_a_window(tmp_path, folder):
    stimuli = np.repeat(IDS, 2)
    values = responses_of(12, 3, n_bins=20)
    assembly = old_form(tmp_path / "a.nc", values, stimuli)
    assert "__xarray_dataarray_variable__" in read(assembly)
    part = Part(assembly, **stimulus_set(tmp_path, id_name="image_id"))
    convert([part], folder, subject="pooled", window=(5, 15), **SOURCE)
    recording = read(folder / "pooled.nc")
    expected = values[:, :, 5:15].mean(axis=2).reshape(N_STIMULI, 2, 3)
    np.testing.assert_allclose(recording["trial_response"], expected, rtol=1e-5)
    assert recording["area"].values.tolist() == ["V1", "V2", "V2"]
    assert recording["unit"].values.tolist() == ["1", "2", "3"]
    assert not (folder / "stimuli.csv").exists()


def test_a_large_assembly_is_read_in_runs_of_neuroids(tmp_path, folder, monkeypatch):
    monkeypatch.setattr("workflow_scripts.brains.converters.brainio.BLOCK", 2 * 12 * 4)
    values = responses_of(12, 5, n_bins=4)
    assembly = old_form(tmp_path / "a.nc", values, np.repeat(IDS, 2))
    convert([Part(assembly)], folder, subject="pooled", window=(0, 4), **SOURCE)
    expected = values.mean(axis=2).reshape(N_STIMULI, 2, 5)
    np.testing.assert_allclose(read(folder / "pooled.nc")["trial_response"], expected, rtol=1e-5)


def test_trials_are_those_of_each_animal(tmp_path, folder):
    """Chabo was shown the first stimulus twice, Tito all three times."""
    stimuli = np.repeat(IDS, 3)
    values = responses_of(18, 4)
    values[1, ::2] = np.nan
    assembly = new_form(tmp_path / "a.nc", values, stimuli)
    convert([Part(assembly, **stimulus_set(tmp_path))], folder, **SOURCE)
    chabo, tito = read(folder / "Chabo.nc"), read(folder / "Tito.nc")
    missing = np.isnan(chabo["trial_response"]).all("unit").sum("trial")
    assert missing.values.tolist() == [1, 0, 0, 0, 0, 0]
    np.testing.assert_allclose(chabo["response"][0], values[[0, 2]][:, ::2, 0].mean(axis=0))
    assert not np.isnan(tito["trial_response"]).any()


def test_single_presentations_keep_the_reliability_of_the_file(tmp_path, folder):
    reliability = np.array([0.9, 0.2, np.nan], np.float32)
    assembly = new_form(
        tmp_path / "a.nc", responses_of(N_STIMULI, 3), IDS, reliability_window=reliability
    )
    convert([Part(assembly)], folder, reliability="reliability_window", **SOURCE)
    chabo = read(folder / "Chabo.nc")
    assert "trial_response" not in chabo
    np.testing.assert_array_equal(chabo["reliability"], reliability[::2])
    assert chabo["stimulus"].values.tolist() == IDS
    assert not (folder / "images").exists()


def test_training_and_test_assemblies_become_one_recording_with_a_split(tmp_path, folder):
    values = responses_of(N_STIMULI + 12, 2)
    parts = []
    for split, first, last, repeats in (("train", 0, 6, 1), ("test", 6, 10, 3)):
        ids = [f"{number:04d}" for number in range(first, last)]
        of_split = values[: len(ids)] if split == "train" else values[N_STIMULI:]
        assembly = new_form(tmp_path / f"{split}.nc", of_split, np.repeat(ids, repeats))
        parts.append(Part(assembly, **stimulus_set(tmp_path, ids, name=split), split=split))
    convert(parts, folder, **SOURCE)
    recording = read(folder / "Chabo.nc")
    assert "trial_response" not in recording
    np.testing.assert_allclose(recording["response"][:6], values[:6, :1, 0])
    means = values[6:, :1, 0].reshape(4, 3, 1).mean(axis=1)
    np.testing.assert_allclose(recording["response"][6:], means)
    assert recording["reliability"].notnull().all()
    splits = [row["split"] for row in rows(folder / "stimuli.csv")]
    assert splits == ["train"] * 6 + ["test"] * 4
    assert len(list((folder / "images").iterdir())) == 10


def test_a_failed_conversion_can_be_tried_again(tmp_path, folder):
    assembly = new_form(tmp_path / "a.nc", responses_of(N_STIMULI, 2), IDS)
    part = Part(assembly, **stimulus_set(tmp_path))
    with pytest.raises(InputError, match="the coordinates .* of each neuroid, expected none"):
        convert([part], folder, reliability="none", **SOURCE)
    assert not (folder / "images").exists()
    convert([part], folder, **SOURCE)
    sentence = f"{folder}: found a folder images, expected none, as this command writes it"
    with pytest.raises(InputError, match=re.escape(sentence)):
        convert([part], folder, **SOURCE)


def test_what_is_no_assembly_ends_in_a_sentence(tmp_path, folder):
    (tmp_path / "a.nc").write_text("no netCDF")
    with pytest.raises(InputError, match=r"a.nc: found no readable netCDF-4 file"):
        convert([Part(tmp_path / "a.nc")], folder, **SOURCE)
    xr.Dataset({"data": ("event", [1.0])}).to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    sentence = (
        r"b.nc: found the variables data \(event\), expected one variable with the dimensions"
    )
    with pytest.raises(InputError, match=sentence):
        convert([Part(tmp_path / "b.nc")], folder, **SOURCE)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"window": None}, "a.nc: found 4 time bins from 0 to 4, expected the option --window"),
        ({"window": (9, 12)}, "option --window: found no time bin from 9 to 12, expected some of"),
        ({"subject": None}, "found no subject of the neuroids, expected the coordinate animal or"),
        ({"group": "family"}, "set.csv: found no column 'family', expected one of image_id, "),
        ({"reliability": "region"}, "found region of type .*, expected the reliability of each"),
    ],
    ids=["several bins", "window without bins", "no subject", "unknown group", "no reliability"],
)
def test_what_is_missing_ends_in_a_sentence(options, sentence, tmp_path, folder):
    assembly = old_form(tmp_path / "a.nc", responses_of(N_STIMULI, 3, n_bins=4), IDS)
    part = Part(assembly, **stimulus_set(tmp_path, id_name="image_id"))
    with pytest.raises(InputError, match=sentence):
        convert([part], folder, **{"subject": "pooled", "window": (0, 4), **options}, **SOURCE)
    assert not folder.exists() or not list(folder.glob("*.nc"))


def test_a_stimulus_set_that_does_not_fit_ends_in_a_sentence(tmp_path, folder):
    assembly = new_form(tmp_path / "a.nc", responses_of(N_STIMULI, 2), IDS)

    def refuse(sentence, **files):
        with pytest.raises(InputError, match=sentence):
            convert([Part(assembly, **files)], folder, **SOURCE)

    few = stimulus_set(tmp_path, IDS[1:], name="few")
    refuse("a.nc: found 1 stimuli that .*few.csv does not have, such as '0000'", **few)
    whole = stimulus_set(tmp_path)
    sentence = "few.zip: found no file 'im_0000.png', expected the images"
    refuse(sentence, stimuli=whole["stimuli"], images=few["images"])
    refuse("set.csv: found no readable ZIP file", stimuli=whole["stimuli"], images=whole["stimuli"])
    text = whole["stimuli"].read_text()
    whole["stimuli"].write_text(text.replace("im_0003.png", "im_0002.png"))
    refuse("set.csv: found 6 rows, 6 ids and 5 file names, expected one id and one", **whole)
    whole["stimuli"].write_text(text.replace("im_0003.png", "../im_0003.png"))
    refuse(r"found the file name '\.\./im_0003.png', expected a path below the folder", **whole)
    whole["stimuli"].write_text("a,b\n1,2\n")
    refuse("set.csv: found the columns a, b, expected stimulus_id and filename", **whole)


def test_assemblies_that_do_not_fit_each_other_end_in_a_sentence(tmp_path, folder):
    first = new_form(tmp_path / "a.nc", responses_of(N_STIMULI, 2), IDS)
    same = new_form(tmp_path / "b.nc", responses_of(N_STIMULI, 2), IDS)
    with pytest.raises(InputError, match=r"b.nc: found the stimulus '0000' in two assemblies"):
        convert([Part(first), Part(same)], folder, **SOURCE)
    other = new_form(tmp_path / "c.nc", responses_of(2, 3), ["x", "y"])
    with pytest.raises(InputError, match=r"c.nc: found other neuroids, expected those of .*a.nc"):
        convert([Part(first), Part(other)], folder, **SOURCE)


# Public sets.


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A set on a server: files with the version in their address, as in the bucket."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    folder = tmp_path / "served"
    folder.mkdir()
    new_form(folder / "set.nc", responses_of(N_STIMULI, 2), IDS)
    files = {"assembly": folder / "set.nc", **stimulus_set(folder)}
    with Loopback(folder) as server:
        remotes = {}
        for name, path in files.items():
            sha1 = hashlib.sha1(path.read_bytes()).hexdigest()
            path.rename(f"{path}?versionId=a.1")
            remotes[name] = Remote(url=f"{server.url}/{path.name}?versionId=a.1", sha1=sha1)
        yield server, RemotePart(**remotes)


def test_a_set_is_fetched_once_and_converted(served, tmp_path, folder):
    server, part = served
    server.fault("cut", "set.nc", share=0.5)
    paths = fetch(part, tmp_path / "downloads", QUICK)
    assert [path.name for path in paths.values()] == ["set.nc", "set.csv", "set.zip"]
    assert server.sent("set.nc") == paths["assembly"].stat().st_size
    assert fetch(part, tmp_path / "downloads", QUICK) == paths
    assert len(server.asked("set.nc")) == 2
    convert([Part(**paths)], folder, **SOURCE)
    assert (folder / "Tito.nc").exists()


def test_a_file_with_another_sha1_is_refused_in_one_sentence(served, tmp_path):
    _, part = served
    wrong = part.model_copy(update={"stimuli": Remote(url=part.stimuli.url, sha1="0" * 40)})
    with pytest.raises(DownloadError) as caught:
        fetch(wrong, tmp_path / "downloads", QUICK)
    assert re.fullmatch(
        rf"{re.escape(part.stimuli.url)}: found \d+ bytes that are not the file \(SHA-1 \w{{40}} "
        rf"instead of {'0' * 40}\), twice the same, expected the file; nothing is kept",
        str(caught.value),
    )
    assert not (tmp_path / "downloads/set.csv").exists()


def test_the_public_sets_are_whole():
    sets = read_sets()
    assert {"MajajHong2015.public", "FreemanZiemba2013.public", "Li2026"} <= set(sets)
    for entry in sets.values():
        assert isinstance(entry, PublicSet)
        assert len({part.split for part in entry.parts}) == len(entry.parts)
        for part in entry.parts:
            for remote, suffix in (
                (part.assembly, "nc"),
                (part.stimuli, "csv"),
                (part.images, "zip"),
            ):
                bucket = "https://brainscore-storage.s3.amazonaws.com"
                assert re.fullmatch(rf"{bucket}/[\w/.-]+\.{suffix}\?versionId=[\w.]+", remote.url)
                assert re.fullmatch("[0-9a-f]{40}", remote.sha1)


def run(*arguments):
    command = [sys.executable, "-m", "workflow_scripts.brains.converters.brainio", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_the_command_converts_files_or_ends_in_one_sentence(tmp_path, folder):
    assembly = new_form(tmp_path / "a.nc", responses_of(2 * N_STIMULI, 2), IDS * 2)
    files = stimulus_set(tmp_path)
    arguments = ["--assembly", assembly, "--stimuli", files["stimuli"], "--images", files["images"]]
    arguments += ["--output", folder]
    wrong = run(*arguments, "--measurement", "mua")
    assert wrong.returncode == 1
    sentence = "command line: found no --data-kind and no --units, expected all of them with "
    assert wrong.stderr == f"{sentence}--assembly\n"
    arguments += ["--data-kind", "simulated", "--measurement", "mua", "--units", "z"]
    done = run(*arguments, "--window", "70", "80")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        f"{folder}/Chabo.nc: 6 stimuli, up to 2 trials, 1 units (1 V4)",
        f"{folder}/Tito.nc: 6 stimuli, up to 2 trials, 1 units (1 IT)",
    ]
    assert read(folder / "Tito.nc").attrs["data_kind"] == "simulated"


def test_a_set_by_name_needs_no_files(tmp_path):
    done = run("--set", "Li2026", "--stimuli", "a.csv", "--output", tmp_path)
    assert done.stderr == "option --stimuli: found a file, expected none with --set\n"
