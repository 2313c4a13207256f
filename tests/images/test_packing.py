"""Packed images: the right pixels, a reason for every other file, and exact after any failure."""

import json
import logging
import os
import pickle
import re
import resource
import signal
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import psutil
import pytest
import xarray as xr
import yaml
from PIL import Image

from workflow_scripts.common.checksums import sha256_of
from workflow_scripts.common.errors import InputError
from workflow_scripts.images import pack_images, packing, prepare_stimuli
from workflow_scripts.images.plan import ImagePlan
from workflow_scripts.images.sets import read_training
from workflow_scripts.images.squares import whole_square

ROW = 72 * 72 * 3
SUFFIXES = {"images": "npy", "labels": "npy", "manifest": "csv", "config": "json"}


class Pack:
    """Packed images of a folder of results."""

    def __init__(self, folder):
        self.output = SimpleNamespace(**{k: str(folder / f"{k}.{v}") for k, v in SUFFIXES.items()})
        self.partial = folder / "images.npy.part"
        self.journal = folder / "images.npy.part.jsonl"
        self.folder = folder

    @property
    def files(self):
        return [self.output.images, self.output.labels, self.output.manifest]

    @property
    def images(self):
        return np.load(self.output.images, mmap_mode="r")

    @property
    def table(self):
        return pd.read_csv(self.output.manifest, keep_default_na=False).set_index("path")

    @property
    def digests(self):
        return [sha256_of(path) for path in self.files]

    def final(self):
        """Names of files that are there as if they were whole."""
        return [name for name, suffix in SUFFIXES.items() if Path(vars(self.output)[name]).exists()]


def pack(tree, folder, subset="all", workers=1, shown=()):
    packed = Pack(folder)
    settings = {"path": str(tree), "subset": subset, "side": 72}
    pack_images.main(settings, packed.output, workers, shown)
    return packed


def save(image, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def colour_tree(folder, n, classes=("red", "green", "blue")):
    """`n` images, each of one shade of the colour that its class is called."""
    for i in range(n):
        name = classes[i % len(classes)]
        shade = [0, 0, 0]
        shade[("red", "green", "blue").index(name)] = 255 - i
        save(Image.new("RGB", (90, 80), tuple(shade)), folder / name / f"{i:03d}.png")
    return folder


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """Images of every odd kind, and files that are not images."""
    tree = tmp_path_factory.mktemp("odd")
    a, b = tree / "NA", tree / "b"
    (tree / "empty class").mkdir()
    save(Image.new("L", (100, 80), 77), a / "grey.png")
    save(Image.new("CMYK", (100, 90), (0, 255, 255, 0)), a / "cmyk.jpg", quality=95)
    half = np.full((90, 80), 32768, np.uint16)
    save(Image.fromarray(half), a / "deep" / "sixteen.png")
    save(Image.fromarray((half + 257).astype(">u2")), a / "sixteen_big_endian.tif")
    save(Image.new("RGB", (1, 1), (10, 200, 30)), a / "one_pixel.bmp")
    save(Image.new("P", (80, 80), 0), a / "palette.png", transparency=0)
    save(Image.new("RGBA", (80, 80), (10, 20, 30, 0)), a / "transparent.png")
    middle = Image.new("RGB", (300, 100), "red")
    # A little wider than the central square, whose edge a smooth filter blends.
    middle.paste((0, 255, 0), (95, 0, 205, 100))
    save(middle, a / "wide.png")
    turned = Image.new("RGB", (400, 400), "black")
    turned.paste("white", (0, 0, 400, 200))
    exif = Image.Exif()
    exif[0x0112] = 6
    save(turned, a / "turned.JPEG", exif=exif)
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    save(Image.fromarray(noise), b / "whole.jpg")
    (b / "truncated.jpg").write_bytes((b / "whole.jpg").read_bytes()[:-3000])
    (b / "corrupt.jpg").write_bytes(b"no image")
    (b / "empty.png").touch()
    save(Image.new("1", (20000, 10000)), b / "huge.png")
    save(Image.new("F", (80, 80), 0.5), b / "float.tif")
    (b / "notes.txt").write_text("no image by its name")
    return tree


@pytest.fixture(scope="module")
def packed(odd, tmp_path_factory):
    return pack(odd, tmp_path_factory.mktemp("packed"))


def square(packed, name):
    return packed.images[int(packed.table.loc[name, "row"])]


def test_all_images_and_no_others_are_packed(packed):
    table = packed.table
    readable = table[table["reason"] == ""]
    assert len(table) == 15 and len(readable) == 10
    assert packed.images.shape == (10, 72, 72, 3) and packed.images.dtype == np.uint8
    assert isinstance(packed.images, np.memmap)
    assert list(readable["row"].astype(int)) == list(range(10))
    np.testing.assert_array_equal(np.load(packed.output.labels), readable["label"])
    # Classes count in the order of all sub-folders.
    assert set(zip(table["class"], table["label"], strict=True)) == {("NA", 0), ("b", 1)}
    assert not packed.partial.exists() and not packed.journal.exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("truncated.jpg", "truncated"),
        ("corrupt.jpg", "not in a known image format"),
        ("empty.png", "not in a known image format"),
        ("huge.png", "200000000 pixels"),
        ("float.tif", "mode F have no defined range"),
    ],
)
def test_the_manifest_says_why_a_file_is_left_out(packed, name, reason):
    row = packed.table.loc[f"b/{name}"]
    assert re.search(reason, row["reason"])
    assert row["row"] == ""


@pytest.mark.parametrize(
    ("name", "colour", "tolerance"),
    [
        ("grey.png", (77, 77, 77), 0),
        ("cmyk.jpg", (255, 0, 0), 3),
        ("deep/sixteen.png", (128, 128, 128), 0),
        ("sixteen_big_endian.tif", (129, 129, 129), 0),
        ("one_pixel.bmp", (10, 200, 30), 0),
        ("transparent.png", (10, 20, 30), 0),
        ("wide.png", (0, 255, 0), 0),
    ],
)
def test_colours_are_right(packed, name, colour, tolerance):
    difference = np.abs(square(packed, f"NA/{name}").astype(int) - colour)
    assert difference.max() <= tolerance


def test_an_orientation_is_not_applied(packed):
    turned = square(packed, "NA/turned.JPEG")
    assert turned[:30].min() > 250 and turned[42:].max() < 5


def test_a_draft_is_almost_the_whole_image():
    """Against the whole image averaged in floating point, by a smooth one of an odd size."""
    y, x = np.mgrid[:601, :803] / 100
    image = np.stack([np.sin(x + c) * np.cos(2 * y - c) for c in range(3)], -1)
    whole = Image.fromarray(np.round(127 + 120 * image).astype(np.uint8))
    file = BytesIO()
    whole.save(file, "JPEG", quality=98)
    left = (803 - 601) / 2
    expected = whole.resize((72, 72), Image.Resampling.BICUBIC, (left, 0, left + 601, 601))
    difference = whole_square(file.getvalue(), 72).astype(int) - np.asarray(expected)
    assert np.abs(difference).max() <= 3
    assert abs(difference.mean()) < 0.1


def test_a_pack_says_what_made_it(packed):
    facts = json.loads(Path(packed.output.config).read_text())
    assert facts["parameters"]["side"] == 72 and facts["seed"] is None
    assert "pillow" in facts["library_versions"]


def test_two_workers_pack_the_same(odd, packed, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(packing, "CHUNK", 2)
    assert pack(odd, tmp_path, workers=2).digests == packed.digests
    assert "5 of 15 files could not be decoded or are copies" in caplog.text
    assert "b/corrupt.jpg: not in a known image format" in caplog.text


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def test_after_a_kill_only_the_rest_is_decoded(tmp_path, monkeypatch, caplog):
    """What was on the disk is not an image any more when the second job continues."""
    monkeypatch.setattr(packing, "CHUNK", 4)
    random = np.random.default_rng(0)
    large = random.integers(0, 255, (1000, 1300, 3), dtype=np.uint8)
    tree = tmp_path / "tree"
    (tree / "a").mkdir(parents=True)
    for i in range(120):
        # The last ones have the pixels of the first ones.
        large[:500] = 2 * (i % 100)
        path = save(Image.fromarray(large), tree / "a" / f"{i:03d}.jpg", quality=50)
        if i % 7 == 0:
            path.write_bytes(b"no image")
    undisturbed = pack(tree, tmp_path / "undisturbed")

    reasons = undisturbed.table["reason"]
    assert reasons["a/101.jpg"] == "same pixels as a/001.jpg"
    assert reasons["a/107.jpg"] == ""
    assert sum(reasons.str.startswith("same pixels as")) == 14

    killed = Pack(tmp_path / "killed")
    settings = {"path": str(tree), "subset": "all", "side": 72}
    command = (
        "from types import SimpleNamespace\n"
        "from workflow_scripts.images import pack_images, packing\n"
        "packing.CHUNK = 4\n"
        f"pack_images.main({settings}, SimpleNamespace(**{vars(killed.output)}), 2)"
    )
    process = subprocess.Popen([sys.executable, "-c", command], stderr=subprocess.DEVNULL)
    wait_for(lambda: killed.journal.exists() and len(killed.journal.read_text().splitlines()) > 3)
    workers = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(workers) >= 2
    assert psutil.wait_procs(workers, timeout=20)[1] == []
    n_done = 4 * (killed.journal.read_text().count("\n") - 1)
    assert 0 < n_done < 120
    assert killed.final() == []

    # A line and a chunk that the kill cut.
    with open(killed.journal, "a") as journal, open(killed.partial, "ab") as array:
        journal.write('{"n": 4, "rea')
        array.write(b"half a chunk")
    for path in sorted((tree / "a").iterdir())[:n_done]:
        stat = path.stat()
        path.write_bytes(bytes(stat.st_size))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    caplog.set_level(logging.INFO)
    resumed = pack(tree, killed.folder)
    assert f"continuing after {n_done} of 120 files" in caplog.text
    assert resumed.digests == undisturbed.digests
    assert not killed.partial.exists() and not killed.journal.exists()


@contextmanager
def room_for(n_bytes):
    """No file can grow beyond this size, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def interrupted(tmp_path, monkeypatch):
    """A tree of 30 images, two chunks of which were packed before the disk was full."""
    monkeypatch.setattr(packing, "CHUNK", 4)
    tree = colour_tree(tmp_path / "tree", 30)
    with room_for(10 * ROW), pytest.raises(InputError) as error:
        pack(tree, tmp_path / "packed")
    assert "images.npy.part: found File too large, expected a file that can be" in str(error.value)
    assert Pack(tmp_path / "packed").journal.read_text().count("\n") == 3
    assert Pack(tmp_path / "packed").final() == []
    return tree, tmp_path / "packed"


def test_after_a_full_disk_the_next_job_continues(interrupted, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    resumed = pack(*interrupted)
    assert "continuing after 8 of 30 files" in caplog.text
    assert resumed.digests == pack(interrupted[0], tmp_path / "again").digests


def test_a_changed_tree_is_packed_again(interrupted, tmp_path, caplog):
    tree, folder = interrupted
    save(Image.new("RGB", (80, 80), "white"), tree / "blue" / "002.png")
    caplog.set_level(logging.INFO)
    again = pack(tree, folder)
    assert "starting again" in caplog.text and "continuing" not in caplog.text
    assert again.digests == pack(tree, tmp_path / "alone").digests
    assert again.images[0].min() == 255


def test_a_killed_worker_ends_in_one_sentence(tmp_path):
    tree = colour_tree(tmp_path / "tree", 3)

    def kill_worker():
        def workers():
            children = psutil.Process().children()
            return [child for child in children if "spawn_main" in " ".join(child.cmdline())]

        wait_for(workers)
        workers()[0].kill()

    thread = threading.Thread(target=kill_worker)
    thread.start()
    with pytest.raises(InputError, match="a worker process: found that the system ended it"):
        pack(tree, tmp_path / "packed")
    thread.join()
    assert Pack(tmp_path / "packed").final() == []


def test_a_tree_without_an_image_is_refused(tmp_path):
    with pytest.raises(InputError, match="found no folder"):
        pack(tmp_path / "missing", tmp_path / "packed")
    (tmp_path / "tree" / "a").mkdir(parents=True)
    with pytest.raises(InputError, match=r"found no image in the sub-folders of .*tree"):
        pack(tmp_path / "tree", tmp_path / "packed")
    (tmp_path / "tree" / "a" / "bad.png").touch()
    with pytest.raises(InputError, match=r"no image that can be decoded among 1 .*a/bad\.png: not"):
        pack(tmp_path / "tree", tmp_path / "packed")
    assert Pack(tmp_path / "packed").final() == []


def test_a_file_that_is_not_there_is_not_a_bad_image(tmp_path):
    """A drive that is lost must not end in a pack of the few files before."""
    tree = colour_tree(tmp_path / "tree", 3)
    (tree / "red" / "link.png").symlink_to("nowhere")
    with pytest.raises(
        InputError, match=r"red/link\.png: found .*, expected a file that can be read"
    ):
        pack(tree, tmp_path / "packed")


# Sets


def stimuli(source, path, **n):
    return {"source": source, "path": str(path), "n": n, "seed": 0}


def prepared(name, settings, packed, tmp_path):
    prepare_stimuli.main(name, settings, packed.files, tmp_path / f"{name}.nc")
    return xr.load_dataset(tmp_path / f"{name}.nc")


def assert_labels_are_the_colours(images, labels):
    """Classes are sorted: blue, green, red."""
    np.testing.assert_array_equal(np.argmax(images[:, 0, 0], -1), 2 - np.asarray(labels))


def test_the_sets_of_a_folder_share_no_image_and_have_no_bad_one(tmp_path):
    tree = colour_tree(tmp_path / "tree", 30)
    for name in ("000", "010", "020"):
        (tree / "red" / f"{name}.jpg").write_bytes(b"no image")
    # Names of files may look like numbers, or be invalid text.
    (tree / "red" / "000.png").rename(tree / "red" / os.fsdecode(b"caf\xe9.png"))
    packed = pack(tree, tmp_path / "packed")
    settings = stimuli("folder", tree, training=17, validation=6, population=7)
    training = read_training(packed.files[:2], settings, seed=0)
    shown = [training.images[training.index][:, :64, :64]]
    assert_labels_are_the_colours(shown[0], training.labels[training.index])
    for name in ("validation", "population"):
        data = prepared(name, settings, packed, tmp_path)
        assert_labels_are_the_colours(data["image"].values, data["label"])
        shown.append(data["image"].values)
    assert [len(images) for images in shown] == [17, 6, 7]
    assert len(np.unique(np.concatenate(shown)[:, 0, 0], axis=0)) == 30
    with pytest.raises(
        InputError, match=r"config stimuli\.n: found 31 images .* at most 30, .* that can be"
    ):
        larger = stimuli("folder", tree, training=18, validation=6, population=7)
        prepared("population", larger, packed, tmp_path)


def test_a_picture_in_two_classes_is_used_once(tmp_path):
    tree = colour_tree(tmp_path / "tree", 6)
    save(Image.open(tree / "red" / "000.png"), tree / "blue" / "zero.bmp")
    packed = pack(tree, tmp_path / "packed")
    assert packed.table["reason"]["red/000.png"] == "same pixels as blue/zero.bmp"
    assert len(packed.images) == len(np.load(packed.output.labels)) == 6
    assert len(np.unique(packed.images[:, 0, 0], axis=0)) == 6
    training = read_training(
        packed.files[:2], stimuli("folder", tree, training=6, validation=0, population=0), seed=0
    )
    # It has the class that is first.
    assert sorted(training.labels[training.index]) == [0, 0, 0, 1, 1, 2]


def test_no_network_is_trained_on_a_picture_of_val(tmp_path):
    """Copies in train/ alone stay: they are all trained on."""
    colour_tree(tmp_path / "val", 6)
    tree = colour_tree(tmp_path / "train", 12)
    save(Image.open(tree / "red" / "009.png"), tree / "blue" / "nine.png")
    val = pack(tmp_path, tmp_path / "packed/val", "val")
    train = pack(tmp_path, tmp_path / "packed/train", "train", shown=[val.output.images])
    reason = train.table["reason"]
    assert sum(reason != "") == 6
    row = val.table["row"]["green/001.png"]
    assert reason["green/001.png"] == f"same pixels as row {row} of {val.output.images}"
    assert len(train.images) == 7 and len(np.unique(train.images[:, 0, 0], axis=0)) == 6
    shown = {tuple(image[0, 0]) for image in val.images}
    assert not shown & {tuple(image[0, 0]) for image in train.images}


def test_only_train_waits_for_another_pack(tmp_path):
    stimuli = SimpleNamespace(source="imagenet", path=str(tmp_path))
    plan = ImagePlan(SimpleNamespace(seed=0, stimuli=stimuli))
    shown = {name: plan.shown_pack(SimpleNamespace(subset=name)) for name in ("train", "val")}
    assert shown == {"train": ["results/images/val/images.npy"], "val": []}


def test_imagenet_trains_on_train_and_shows_val(tmp_path):
    colour_tree(tmp_path / "train", 12)
    colour_tree(tmp_path / "val", 9)
    train, val = (
        pack(tmp_path, tmp_path / "packed" / subset, subset) for subset in ("train", "val")
    )
    settings = stimuli("imagenet", tmp_path, training=12, validation=4, population=5)
    training = read_training(train.files[:2], settings, seed=0)
    assert sorted(training.index) == list(range(12))
    validation = prepared("validation", settings, val, tmp_path)
    population = prepared("population", settings, val, tmp_path)
    assert (validation.sizes["stimulus"], population.sizes["stimulus"]) == (4, 5)
    assert_labels_are_the_colours(validation["image"].values, validation["label"])


def test_subsets_must_have_the_same_classes(tmp_path):
    colour_tree(tmp_path / "train", 3)
    colour_tree(tmp_path / "val", 3, classes=("red", "blue"))
    with pytest.raises(InputError, match="the class 'green' only in train/"):
        pack(tmp_path, tmp_path / "packed", "val")


# Archives of downsampled ImageNet


@pytest.fixture
def archives(tmp_path):
    """Three archives, one of them of validation images, as the site offers them."""
    random = np.random.default_rng(0)
    content = {}
    for name, n in (("train_data_batch_2", 5), ("train_data_batch_10", 4), ("val_data", 6)):
        images = random.integers(0, 255, (n, 64, 64, 3), dtype=np.uint8)
        data = images.transpose(0, 3, 1, 2).reshape(n, -1)
        labels = (np.arange(n) * 7 % 3 + 1) * 250
        np.savez(tmp_path / f"{name}.npz", data=data, labels=labels, mean=data.mean(0))
        content[name] = images, labels // 250 - 1
    return tmp_path, content


@pytest.mark.parametrize("in_folders", [False, True])
def test_archives_are_packed_at_their_own_side(archives, in_folders, tmp_path):
    folder, content = archives
    if in_folders:
        for path in list(folder.glob("*.npz")):
            subset = folder / path.name.split("_")[0]
            subset.mkdir(exist_ok=True)
            path.rename(subset / path.name)
    train, val = (pack(folder, tmp_path / "packed" / subset, subset) for subset in ("train", "val"))
    batches = [content["train_data_batch_2"], content["train_data_batch_10"]]
    np.testing.assert_array_equal(train.images, np.concatenate([images for images, _ in batches]))
    labels = np.concatenate([labels for _, labels in batches])
    np.testing.assert_array_equal(np.load(train.output.labels), labels)
    assert train.table.loc["train_data_batch_10.npz/0", "row"] == 5
    settings = stimuli("imagenet", folder, training=9, validation=0, population=6)
    shown = prepared("population", settings, val, tmp_path)
    images, labels = content["val_data"]
    order = [
        int(np.argmin(np.abs(images - image).sum((1, 2, 3)))) for image in shown["image"].values
    ]
    assert sorted(order) == list(range(6))
    np.testing.assert_array_equal(shown["image"], images[order])
    np.testing.assert_array_equal(shown["label"], labels[order])


def test_copies_in_archives_are_left_out(archives, tmp_path):
    folder, _ = archives
    with np.load(folder / "val_data.npz") as archive:
        data, labels = archive["data"], archive["labels"]
    data[4] = data[1]
    np.savez(folder / "val_data.npz", data=data, labels=labels)
    packed = pack(folder, tmp_path / "packed", "val")
    assert packed.table["reason"]["val_data.npz/4"] == "same pixels as val_data.npz/1"
    assert packed.table["row"]["val_data.npz/5"] == "4"
    np.testing.assert_array_equal(packed.images[4], data[5].reshape(3, 64, 64).transpose(1, 2, 0))


def test_a_folder_of_archives_is_one_subset(archives, tmp_path):
    assert len(pack(archives[0], tmp_path / "packed").images) == 15


@pytest.mark.parametrize(("n_images", "n_labels"), [(5, 3), (3, 5), (5, 0)])
def test_archives_with_more_or_fewer_labels_than_images_are_refused(
    archives, tmp_path, n_images, n_labels
):
    """Otherwise the labels of all later images would be those of others."""
    folder, _ = archives
    data = np.zeros((n_images, 12288), np.uint8)
    labels = np.full(n_labels, 250)
    np.savez(folder / "train_data_batch_2.npz", data=data, labels=labels)
    expected = f"found {n_images} images and {n_labels} labels, expected equal numbers"
    with pytest.raises(InputError, match=f"train_data_batch_2.npz: {expected}"):
        pack(folder, tmp_path / "packed", "train")
    assert not (tmp_path / "packed/images.npy").exists()


@pytest.mark.parametrize("name", ["data", "labels"])
def test_sizes_that_an_archive_does_not_have_are_not_believed(archives, tmp_path, name):
    """A header of a few bytes that says 12 TB."""
    folder, _ = archives
    shape, descr = ((10**9, 12288), "|u1") if name == "data" else ((10**12,), "<i8")
    header = BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    with zipfile.ZipFile(folder / "val_data.npz") as whole:
        members = {other: whole.read(other) for other in whole.namelist()}
    with zipfile.ZipFile(folder / "val_data.npz", "w") as file:
        for other, content in {**members, f"{name}.npy": header.getvalue()}.items():
            file.writestr(other, content)
    with pytest.raises(InputError, match=r"val_data.npz: found .* of shape .* in 0 bytes, expect"):
        pack(folder, tmp_path / "packed", "val")


def test_no_pickle_is_read(archives, tmp_path):
    folder, _ = archives

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    with open(folder / "val_data.npz", "wb") as file:
        np.savez(file, data=np.array([Trap()]), labels=np.array([1, 2, 3]) * 250)
    with pytest.raises(InputError, match=r"val_data\.npz: found .*, expected data as uint8"):
        pack(folder, tmp_path / "packed", "val")
    (folder / "val_data.npz").write_bytes(pickle.dumps({"data": Trap()}))
    with pytest.raises(InputError, match=r"val_data\.npz: found .*, expected labels as integers"):
        pack(folder, tmp_path / "packed", "val")
    (folder / "val_data.npz").rename(folder / "val_data")
    with pytest.raises(InputError, match=r"val_data: found a pickled archive, .* as npz"):
        pack(folder, tmp_path / "packed", "val")
    assert not (tmp_path / "sprung").exists()


# The workflow


@pytest.fixture(scope="module")
def trained(workflow):
    """A network trained in the workflow on a folder of images, and how to plan what is left."""
    tree = colour_tree(workflow.folder / "images", 80)
    (tree / "red" / "bad.jpg").write_bytes(b"no image")
    stimuli = {"source": "folder", "path": str(tree)}
    stimuli["n"] = {"training": 40, "validation": 10, "population": 12}

    def run(act, **changes):
        override = workflow.folder / "folder.yaml"
        override.write_text(yaml.safe_dump({"stimuli": {**stimuli, **changes}}))
        network = "results/models/alexnet/0.safetensors"
        return act("--directory", "packed", network, configfiles=[override.name])

    run(workflow.snakemake)
    return workflow.folder / "packed", partial(run, workflow.dry_run)


def test_a_folder_is_packed_and_trained_on(trained):
    folder, plan = trained
    images = np.load(folder / "results/images/all/images.npy", mmap_mode="r")
    assert images.shape == (80, 72, 72, 3)
    assert (folder / "results/models/alexnet/0.csv").exists()
    assert not (folder / "results/stimuli/training.nc").exists()
    log = (folder / "results/logs/pack_images/all.log").read_text()
    assert "1 of 81 files could not be decoded or are copies" in log
    assert "Nothing to be done" in plan()


@contextmanager
def replaced(path):
    """A picture with other content and an older time, as it was before afterwards."""
    before, found = path.read_bytes(), path.stat()
    save(Image.new("RGB", (90, 80), "white"), path)
    os.utime(path, (0, 0))
    yield
    path.write_bytes(before)
    os.utime(path, (found.st_atime, found.st_mtime))


@contextmanager
def removed(path):
    before = path.read_bytes()
    path.unlink()
    yield
    path.write_bytes(before)


def test_other_pictures_are_packed_again(trained):
    folder, plan = trained
    for change in (replaced, removed):
        with change(folder.parent / "images/red/000.png"):
            assert "rule pack_images" in plan()
    assert "Nothing to be done" in plan()


@pytest.mark.parametrize(
    ("changes", "repacks"),
    [
        ({"n": {"training": 50, "validation": 10, "population": 12}}, False),
        ({"pack_side": 80}, True),
    ],
)
def test_only_what_changes_images_packs_them_again(trained, changes, repacks):
    _, plan = trained
    planned = plan(**changes)
    assert "rule train_model" in planned
    assert ("rule pack_images" in planned) == repacks
