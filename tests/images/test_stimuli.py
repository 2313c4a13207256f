"""Stimuli: disjoint seeded streams, squares of images, and what is said of a bad one."""

import numpy as np
import pytest
from PIL import Image

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import write_netcdf
from workflow_scripts.images import prepare_stimuli
from workflow_scripts.images.photographs import load_photographs
from workflow_scripts.images.prepare_stimuli import photograph_crops
from workflow_scripts.images.squares import central_square, load_squares
from workflow_scripts.images.stimulus_file import image_dataset, read_images

PICTURES = {
    "n": {"training": 30, "validation": 20, "population": 30},
    "n_generated": 2,
    "crop_scale": [0.2, 0.6],
    "seed": 0,
}


def test_photographs_are_packaged_and_large_enough():
    photographs = load_photographs()
    assert len(photographs) == 18
    assert min(min(photograph.size) for photograph in photographs) >= 180


def test_sets_are_reproducible_and_differ():
    crops = {name: photograph_crops(name, PICTURES) for name in ("training", "population")}
    again, labels = photograph_crops("training", PICTURES)
    np.testing.assert_array_equal(crops["training"][0], again)
    assert again.shape == (30, 64, 64, 3)
    assert labels.max() < 20
    assert not np.array_equal(crops["training"][0], crops["population"][0])
    other, _ = photograph_crops("training", {**PICTURES, "seed": 1})
    assert not np.array_equal(other, again)


def test_an_unreadable_image_is_named(tmp_path):
    path = tmp_path / "1.png"
    path.write_bytes(b"no image")
    with pytest.raises(InputError, match=r"1\.png: found .*, expected an image"):
        load_squares([path])


@pytest.mark.parametrize("size", [32, 64, 224])
def test_squares_have_the_size_that_is_asked_for(tmp_path, size):
    path = tmp_path / "1.png"
    Image.new("RGB", (300, 100), "white").save(path)
    squares = load_squares([path, path], size)
    assert squares.shape == (2, size, size, 3) and squares.min() == 255


def test_images_are_named_and_those_of_one_picture_are_a_group(tmp_path):
    path = tmp_path / "set.nc"
    settings = {**PICTURES, "source": "photographs"}
    prepare_stimuli.main("population", settings, [], path)
    data = read_images(path)
    assert data["stimulus"].values.tolist() == [str(number) for number in range(30)]
    assert data["group"].values.tolist() == [str(label) for label in data["label"].values]
    named = image_dataset(data["image"].values[:2], names=["a/1.png", "b/1.png"])
    assert named["stimulus"].values.tolist() == ["a/1.png", "b/1.png"]
    assert "group" not in named and "label" not in named


def test_central_square_cuts_the_longer_side_evenly():
    image = Image.new("RGB", (300, 100), "black")
    image.paste("white", (100, 0, 200, 100))  # the central square is inside the white one
    assert central_square(image).min() == 255


def test_a_wrong_dtype_is_named(tmp_path):
    path = tmp_path / "set.nc"
    write_netcdf(image_dataset(np.zeros((2, 64, 64, 3), np.float32)), path)
    with pytest.raises(InputError, match=r"set\.nc: found float32"):
        read_images(path)
