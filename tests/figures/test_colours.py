"""Colours of the default methods can be told apart by everybody who sees them next to each other.

Dichromats: Machado, Oliveira and Fernandes 2009, IEEE Trans Vis Comput Graph 15: 1291-1298, full
severity. Differences: CIEDE2000, of which 1 is just noticeable and 10 is seen at a glance.
"""

from itertools import combinations

import numpy as np
import pytest
import yaml
from matplotlib.colors import to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

from tests.harness.mini import ROOT
from workflow_scripts.alignment.method import METHODS

LEAST = 10
SEEN_BY = {
    "everybody": np.eye(3),
    "protanopes": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopes": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "a black and white printer": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
}
CARDS = {
    name: METHODS.card(name)
    for name in yaml.safe_load((ROOT / "config.yaml").read_text())["methods"]
}
IN_BARS = {name: card for name, card in CARDS.items() if not card.control}
SIDE_BY_SIDE = {
    "predictivity between networks": [n for n, card in IN_BARS.items() if card.kind == "mapping"],
    "separability of models": [n for n, card in IN_BARS.items() if card.on_brains],
}
"""Methods that only their colours tell apart. Controls are lines or squares, and elsewhere names
stand beside the colours."""


def difference(one, other, matrix):
    """CIEDE2000 between two colours as somebody sees them, from linear RGB."""
    seen = []
    for colour in (one, other):
        rgb = np.array(to_rgb(CARDS[colour].colour))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        linear = np.clip(np.asarray(matrix) @ linear, 0, 1)
        again = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
        seen.append(rgb2lab(again))
    return float(deltaE_ciede2000(*seen))


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize("place", SIDE_BY_SIDE)
def test_methods_side_by_side_differ_for(place, seen_by):
    close = {
        pair: round(found, 1)
        for pair in combinations(SIDE_BY_SIDE[place], 2)
        if (found := difference(*pair, SEEN_BY[seen_by])) < LEAST
    }
    assert not close


@pytest.mark.parametrize("seen_by", [name for name in SEEN_BY if "printer" not in name])
def test_all_default_methods_differ_in_colour_for(seen_by):
    close = [pair for pair in combinations(CARDS, 2) if difference(*pair, SEEN_BY[seen_by]) < LEAST]
    assert not close
