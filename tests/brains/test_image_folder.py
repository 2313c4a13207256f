"""Images of stimuli: each is there, can be read, and is in one group only."""

import zlib
from io import BytesIO
from struct import pack

import pytest
from PIL import Image

from tests.brains.examples import names, write_image
from workflow_scripts.brains.image_folder import check_images, list_images
from workflow_scripts.common.errors import InputError
from workflow_scripts.images.squares import load_squares


@pytest.fixture
def images(tmp_path):
    """A folder of files in sub-folders; the first two are the same image."""
    for number, name in enumerate(names(4)):
        write_image(tmp_path / "images" / name, max(number, 1))
    return tmp_path / "images"


def test_an_image_that_is_missing_is_named(images):
    check_images(images, dict.fromkeys(names(4), "g"))
    expected = (
        "faces/4.png: found no readable image .*, expected the image of stimulus 'faces/4.png'"
    )
    with pytest.raises(InputError, match=expected):
        check_images(images, dict.fromkeys(names(5), "g"))


def test_one_image_in_two_groups_is_refused_and_in_one_group_is_not(images):
    groups = dict(zip(names(4), ["g", "g", "h", "h"], strict=True))
    check_images(images, groups)
    with pytest.raises(InputError) as error:
        check_images(images, {**groups, "faces/1.png": "h"})
    assert str(error.value) == (
        f"{images}/faces/1.png: found the same image as faces/0.png, expected different images, or "
        "one group for both in stimuli.csv, as otherwise a map could be tested on an image that it "
        "was fitted to"
    )


def test_images_are_found_in_sub_folders_in_natural_order(tmp_path):
    for name in ("b.PNG", "a/10.png", "a/9.png", "a/notes.txt", "a/._9.png", "c.jpeg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list_images(tmp_path, (".png", ".jpeg")) == ["a/9.png", "a/10.png", "b.PNG", "c.jpeg"]


def test_a_file_that_is_no_image_is_named(images):
    (images / names(4)[3]).write_text("no image")
    expected = (
        r"faces/3.png: found no readable image \(not in a known format\), expected the image of"
    )
    with pytest.raises(InputError, match=expected):
        check_images(images, dict.fromkeys(names(4), "g"))


def png(kind, content):
    """A PNG file of one pixel with this chunk behind its header, which has 33 bytes."""
    file = BytesIO()
    Image.new("L", (1, 1)).save(file, "PNG")
    chunk = kind + content
    chunk = pack(">I", len(content)) + chunk + pack(">I", zlib.crc32(chunk))
    return file.getvalue()[:33] + chunk + file.getvalue()[33:]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png(b"IHDR", pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)), "Image size"),
        (png(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**24))), "Decompressed data too large"),
    ],
)
def test_an_image_that_is_larger_than_it_looks_is_named(tmp_path, content, reason):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=rf"a.png: found no readable image \({reason}"):
        check_images(tmp_path, {"a.png": "a"})
    with pytest.raises(InputError, match=f"a.png: found {reason}"):
        load_squares([tmp_path / "a.png"])


@pytest.mark.parametrize("name", ["../outside.png", "/outside.png", "faces/../../outside.png"])
def test_an_image_elsewhere_is_refused(images, name):
    write_image(images.parent / "outside.png", 0)
    with pytest.raises(InputError, match="expected names of images in this folder"):
        check_images(images, {name: "g"})


def test_no_program_is_started_for_a_file_that_is_called_an_image(tmp_path):
    """PIL would start Ghostscript for PostScript, whatever the name of the file."""
    page = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"
    (tmp_path / "a.png").write_bytes(page)
    with pytest.raises(InputError, match="no readable image .not in a known format"):
        check_images(tmp_path, {"a.png": "a"})
