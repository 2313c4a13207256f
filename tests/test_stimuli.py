"""Stimuli: disjoint seeded streams, folders of images, and what is said of a bad one."""

import numpy as np
import pytest
from PIL import Image

from workflow_scripts.errors import InputError
from workflow_scripts.files import write_netcdf
from workflow_scripts.prepare_stimuli import SOURCES
from workflow_scripts.stimuli import central_square, image_dataset, load_photographs, read_images

PHOTOGRAPHS = {
    "n": {"training": 30, "validation": 20, "population": 30},
    "crop_scale": [0.2, 0.6],
    "path": None,
    "seed": 0,
}


@pytest.fixture
def image_folder(tmp_path):
    random = np.random.default_rng(0)
    for index, name in enumerate(["a/1.png", "a/2.jpg", "b/3.png", "b/deep/4.png", "b/5.png"]):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 255, (70 + index, 90), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    return tmp_path


def test_photographs_are_packaged_and_large_enough():
    photographs = load_photographs()
    assert len(photographs) == 18
    assert min(min(photograph.size) for photograph in photographs) >= 180


def test_sets_are_reproducible_and_differ():
    crops = {name: SOURCES["photographs"](name, PHOTOGRAPHS) for name in ("training", "population")}
    again, labels = SOURCES["photographs"]("training", PHOTOGRAPHS)
    np.testing.assert_array_equal(crops["training"][0], again)
    assert again.shape == (30, 64, 64, 3)
    assert labels.max() < 18
    assert not np.array_equal(crops["training"][0], crops["population"][0])
    other, _ = SOURCES["photographs"]("training", {**PHOTOGRAPHS, "seed": 1})
    assert not np.array_equal(other, again)


def test_folder_sets_share_no_image(image_folder):
    settings = {"n": {"training": 3, "population": 2}, "path": str(image_folder), "seed": 0}
    sets = [SOURCES["folder"](name, settings) for name in ("training", "population")]
    images = np.concatenate([images for images, _ in sets])
    assert len(np.unique(images.reshape(5, -1), axis=0)) == 5
    assert sorted(np.concatenate([labels for _, labels in sets])) == [0, 0, 1, 1, 1]


def test_imagenet_trains_on_train_and_shows_val(image_folder, tmp_path_factory):
    root = tmp_path_factory.mktemp("imagenet")
    (root / "train").symlink_to(image_folder)
    (root / "val").symlink_to(image_folder)
    settings = {"n": {"training": 5, "validation": 2, "population": 3}, "path": root, "seed": 0}
    sizes = {name: len(SOURCES["imagenet"](name, settings)[0]) for name in settings["n"]}
    assert sizes == settings["n"]


def test_too_few_images_are_counted(image_folder):
    settings = {"n": {"training": 9}, "path": str(image_folder), "seed": 0}
    with pytest.raises(InputError, match=r"stimuli.n: asks for 9 images, .* has 5"):
        SOURCES["folder"]("training", settings)


def test_an_unreadable_image_is_named(image_folder):
    (image_folder / "a" / "1.png").write_bytes(b"no image")
    settings = {"n": {"training": 5}, "path": str(image_folder), "seed": 0}
    with pytest.raises(InputError, match=r"1\.png: expected an image"):
        SOURCES["folder"]("training", settings)


def test_central_square_cuts_the_longer_side_evenly():
    image = Image.new("RGB", (300, 100), "black")
    image.paste("white", (100, 0, 200, 100))  # the central square is inside the white one
    assert central_square(image).min() == 255


def test_a_wrong_dtype_is_named(tmp_path):
    path = tmp_path / "set.nc"
    write_netcdf(image_dataset(np.zeros((2, 64, 64, 3), np.float32)), path)
    with pytest.raises(InputError, match=r"set\.nc: found float32"):
        read_images(path)
