"""How like photographs are the generated pictures? Statistics of natural images, side by side.

    uv run python tests/benchmarks/pictures.py
    uv run python tests/benchmarks/pictures.py --show pictures.png

prints, for random crops as the networks see them, medians over pictures and the range of the middle
half. ``--show`` also draws crops of both.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.harness.mini import DEFAULT
from workflow_scripts.images.dead_leaves import draw_pictures
from workflow_scripts.images.photographs import load_photographs, random_crops
from workflow_scripts.images.squares import SIZE

N_CROPS = 24
"""Crops of a picture over which a statistic is averaged."""


def image_statistics(picture, random):
    """Statistics of natural images (Simoncelli and Olshausen 2001, Annu Rev Neurosci 24: 1193).

    Returns
    -------
    dict of str to float
        ``power slope``: exponent of power over spatial frequency, near -2 in nature.
        ``kurtosis of gradients``: 3 for Gaussian noise; edges make it larger.
        ``contrast``: deviation of the luminance in a crop, of a range of 0 to 1.
        ``luminance``, ``spread of luminance``: mean and deviation of the means of crops.
        ``saturation``: mean distance between the largest and the smallest colour channel.
    """
    scale = DEFAULT["stimuli"]["crop_scale"]
    crops = random_crops([picture], N_CROPS, (SIZE, SIZE), scale, random)[0] / 255
    grey = crops.mean(axis=-1)
    gradients = np.diff(grey, axis=2)
    spread = gradients.std()
    means = grey.mean(axis=(1, 2))
    return {
        "power slope": power_slope(grey),
        "kurtosis of gradients": float(np.mean(gradients**4) / spread**4),
        "contrast": float(grey.std(axis=(1, 2)).mean()),
        "luminance": float(means.mean()),
        "spread of luminance": float(means.std()),
        "saturation": float(np.ptp(crops, axis=-1).mean()),
    }


def power_slope(grey):
    """Slope of the logarithms of power, averaged over crops and directions, and frequency."""
    window = np.hanning(SIZE)[:, None] * np.hanning(SIZE)
    centred = (grey - grey.mean(axis=(1, 2), keepdims=True)) * window
    power = np.mean(np.abs(np.fft.fft2(centred)) ** 2, axis=0)
    frequency = np.hypot(np.fft.fftfreq(SIZE)[:, None], np.fft.fftfreq(SIZE)) * SIZE
    rings = np.arange(2, SIZE // 2 - 6)
    of_ring = [power[(frequency >= ring - 0.5) & (frequency < ring + 0.5)].mean() for ring in rings]
    return float(np.polyfit(np.log(rings), np.log(of_ring), 1)[0])


def show(pictures, path):
    """Draw rows of crops, eight of each kind."""
    scale = DEFAULT["stimuli"]["crop_scale"]
    crops = [
        random_crops(kind, 32, (SIZE, SIZE), scale, np.random.default_rng(1))[0]
        for kind in pictures.values()
    ]
    sheet = np.concatenate(crops).reshape(8, 8, SIZE, SIZE, 3).swapaxes(1, 2)
    Image.fromarray(sheet.reshape(8 * SIZE, 8 * SIZE, 3)).save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--show", metavar="FILE")
    arguments = parser.parse_args()
    n_generated = DEFAULT["stimuli"]["n_generated"]
    pictures = {
        "photographs": load_photographs(),
        "generated": draw_pictures(n_generated, np.random.default_rng(0)),
    }
    if arguments.show:
        show(pictures, arguments.show)
    random = np.random.default_rng(2)
    columns = {}
    for name, kind in pictures.items():
        values = pd.DataFrame([image_statistics(picture, random) for picture in kind])
        low, middle, high = (values.quantile(share) for share in (0.25, 0.5, 0.75))
        columns[f"{name} ({len(kind)})"] = [
            f"{middle[item]:.2f} ({low[item]:.2f} to {high[item]:.2f})" for item in values
        ]
    print(pd.DataFrame(columns, index=list(values)).to_markdown())


if __name__ == "__main__":
    main()
