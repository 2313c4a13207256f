"""Templates of scenes: written as the Allen Institute's, read back, and named where wrong."""

import struct

import numpy as np
import pytest
from PIL import Image

from workflow_scripts.brains.allen.release import TEMPLATE_SHAPE
from workflow_scripts.brains.allen.scenes import read_template, template_path, write_templates
from workflow_scripts.common.errors import InputError


@pytest.fixture
def folder(tmp_path):
    images = np.random.default_rng(0).integers(0, 255, (2, *TEMPLATE_SHAPE), dtype=np.uint8)
    write_templates(images, tmp_path)
    return tmp_path, images


def test_templates_are_read_as_written(folder):
    path, images = folder
    for scene in (0, 1):
        np.testing.assert_array_equal(read_template(template_path(path, scene)), images[scene])


def test_a_missing_template_is_named(folder):
    expected = (
        r"natural_scene_2\.tiff: found no readable image .*, expected the template of a scene"
    )
    with pytest.raises(InputError, match=expected):
        read_template(template_path(folder[0], 2))


def test_a_template_of_another_shape_is_named(folder):
    Image.new("L", (10, 20)).save(template_path(folder[0], 1))
    with pytest.raises(InputError, match=r"natural_scene_1\.tiff: found uint8 of shape \(20, 10\)"):
        read_template(template_path(folder[0], 1))


# Types of a number in the header of a TIFF file.
SHORT, LONG, FLOAT = 3, 4, 11


@pytest.mark.parametrize(
    ("width", "found"),
    [
        (struct.pack("<HHIf", 256, FLOAT, 1, 1174.5), "Invalid dimensions"),
        (struct.pack("<HHII", 256, LONG, 1, 10**6), "exceeds limit of"),
    ],
)
def test_a_template_whose_header_gives_a_wrong_size_is_named(folder, width, found):
    path = template_path(folder[0], 1)
    content = path.read_bytes()
    right = struct.pack("<HHIHH", 256, SHORT, 1, TEMPLATE_SHAPE[1], 0)
    assert content.count(right) == 1
    path.write_bytes(content.replace(right, width))
    with pytest.raises(InputError, match=rf"natural_scene_1\.tiff: found no readable .*{found}"):
        read_template(path)
