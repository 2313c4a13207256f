"""Images of a brain come into the form that networks see, under the names of the stimuli."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from workflow_scripts.brains.prepare_images import main
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import write_table
from workflow_scripts.images.squares import central_square
from workflow_scripts.images.stimulus_file import read_images

SETTINGS = {"seed": 0, "data_kind": "recorded"}
NAMES = ["a/2.png", "a/10.jpg", "b.tiff"]


@pytest.fixture
def folder(tmp_path):
    """Images of several sizes and formats, one of them grey, in sub-folders."""
    random = np.random.default_rng(0)
    for name, shape in zip(NAMES, [(90, 70, 3), (64, 64, 3), (120, 300)], strict=True):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, shape, dtype=np.uint8)).save(path)
    (tmp_path / "images/notes.txt").touch()
    return tmp_path / "images"


def squares(folder, names, size):
    return [central_square(Image.open(folder / name), size) for name in names]


@pytest.mark.parametrize("size", [32, 64])
def test_all_images_of_a_folder_are_taken_in_natural_order(folder, tmp_path, size):
    main(folder, None, size, SETTINGS, tmp_path / "set.nc")
    data = read_images(tmp_path / "set.nc")
    assert data["stimulus"].values.tolist() == NAMES
    assert data["image"].shape == (3, size, size, 3)
    np.testing.assert_array_equal(data["image"], squares(folder, NAMES, size))
    assert data.attrs["data_kind"] == "recorded"


def tabulate(path, *chosen):
    """Write a table of stimuli in which these take part, and one that does not."""
    rows = [{"stimulus": name, "takes_part": name in chosen} for name in (*chosen, "broken.png")]
    write_table(pd.DataFrame(rows).assign(group="g", split=""), path)


def test_with_a_table_the_images_that_take_part_are_taken(folder, tmp_path):
    (folder / "broken.png").write_text("no image")
    tabulate(tmp_path / "stimuli.csv", "a/2.png", "b.tiff")
    main(folder, tmp_path / "stimuli.csv", 64, SETTINGS, tmp_path / "set.nc")
    data = read_images(tmp_path / "set.nc")
    assert data["stimulus"].values.tolist() == ["a/2.png", "b.tiff"]
    np.testing.assert_array_equal(data["image"], squares(folder, ["a/2.png", "b.tiff"], 64))


def test_a_folder_without_an_image_is_named(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=f"^{tmp_path}: found no image, expected files that end"):
        main(tmp_path, None, 64, SETTINGS, tmp_path / "set.nc")


@pytest.mark.parametrize("content", [b"no image", None])
def test_an_image_that_cannot_be_read_is_named(folder, tmp_path, content):
    (folder / "b.tiff").unlink()
    if content:
        (folder / "b.tiff").write_bytes(content)
    tabulate(tmp_path / "stimuli.csv", "a/2.png", "b.tiff")
    with pytest.raises(InputError, match=r"images/b\.tiff: found .*, expected an image"):
        main(folder, tmp_path / "stimuli.csv", 64, SETTINGS, tmp_path / "set.nc")
