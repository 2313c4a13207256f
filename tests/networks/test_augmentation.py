"""Augmentation of a batch is torchvision's of each image, with the same parameters."""

import pytest
import torch
from torchvision.transforms import v2

from workflow_scripts.networks.augmentation import augment, draw_augmentation
from workflow_scripts.networks.blocks import torch_generator

SETTINGS = {"crop_scale": [0.2, 1.0], "flip": 0.5, "jitter": 0.4, "greyscale": 0.2}


@pytest.fixture(scope="module")
def images():
    """Smooth random colours, among them images of one colour and of greys alone."""
    coarse = torch.randint(256, (48, 3, 9, 9), generator=torch_generator(0)).float()
    images = torch.nn.functional.interpolate(coarse, 72, mode="bicubic").clamp(0, 255)
    images[0] = 200
    images[1] = images[1, :1]
    images[2] = torch.tensor([250.0, 10, 30]).view(3, 1, 1)
    return images.permute(0, 2, 3, 1).to(torch.uint8)


@pytest.mark.parametrize("side", [72, 64])
def test_every_image_is_as_torchvision_makes_it(images, side):
    images = images[:, :side, :side]
    drawn = draw_augmentation(len(images), side, SETTINGS, torch_generator(1))
    result = augment(images, drawn, 64)
    for number, image in enumerate(images):
        image = v2.functional.to_dtype(image.permute(2, 0, 1), torch.float32, scale=True)
        box = drawn.box[number].tolist()
        image = v2.functional.resized_crop(image, *box, [64, 64], antialias=True)
        if drawn.flip[number]:
            image = v2.functional.horizontal_flip(image)
        brightness, contrast, saturation, hue = (x[number].item() for x in drawn.jitter)
        image = v2.functional.adjust_brightness(image, brightness)
        image = v2.functional.adjust_contrast(image, contrast)
        image = v2.functional.adjust_saturation(image, saturation)
        image = v2.functional.adjust_hue(image, hue)
        if drawn.grey[number]:
            image = v2.functional.rgb_to_grayscale(image, 3)
        torch.testing.assert_close(result[number], image, rtol=0, atol=2e-6)


def test_crops_are_drawn_as_torchvision_draws_them():
    """Sizes and corners have the same quantiles, and none leaves the image."""
    box = draw_augmentation(4000, 72, SETTINGS, torch_generator(0)).box
    theirs = v2.RandomResizedCrop(64, scale=SETTINGS["crop_scale"])
    torch.manual_seed(0)
    image = torch.empty(3, 72, 72)
    draws = [theirs.make_params([image]) for _ in range(4000)]
    for column, name in enumerate(("top", "left", "height", "width")):
        expected = torch.tensor([draw[name] for draw in draws]).float()
        for quantile in (0.1, 0.5, 0.9):
            ours = box[:, column].float().quantile(quantile)
            assert abs(ours - expected.quantile(quantile)) <= 2
    top, left, height, width = box.T
    assert (top >= 0).all() and (left >= 0).all()
    assert (top + height).max() == (left + width).max() == 72


def test_shares_and_ranges_are_those_of_the_settings():
    drawn = draw_augmentation(20_000, 72, SETTINGS, torch_generator(0))
    assert drawn.flip.float().mean().item() == pytest.approx(0.5, abs=0.02)
    assert drawn.grey.float().mean().item() == pytest.approx(0.2, abs=0.02)
    for values, middle in zip(drawn.jitter, (1, 1, 1, 0), strict=True):
        assert values.min().item() == pytest.approx(middle - 0.4, abs=0.01)
        assert values.max().item() == pytest.approx(middle + 0.4, abs=0.01)


def test_a_whole_crop_without_changes_is_the_image(images):
    settings = {"crop_scale": [1.0, 1.0], "flip": 0.0, "jitter": 0.0, "greyscale": 0.0}
    drawn = draw_augmentation(len(images), 72, settings, torch_generator(0))
    drawn.box[:] = torch.tensor([0, 0, 72, 72])
    expected = images.permute(0, 3, 1, 2) / 255
    torch.testing.assert_close(augment(images, drawn, 72), expected)


def test_where_no_crop_fits_the_whole_image_is_taken():
    """An area of the whole image fits at an aspect of one alone, which is hardly ever drawn."""
    settings = {**SETTINGS, "crop_scale": [1.0, 1.0]}
    box = draw_augmentation(500, 64, settings, torch_generator(0)).box
    assert (box == torch.tensor([0, 0, 64, 64])).all()
