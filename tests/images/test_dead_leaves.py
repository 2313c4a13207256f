"""Generated pictures: reproducible, and with the statistics of photographs."""

import numpy as np
import pytest

from tests.benchmarks.pictures import image_statistics
from workflow_scripts.images.dead_leaves import SIDE, draw_pictures
from workflow_scripts.images.photographs import load_photographs, load_pictures


@pytest.fixture(scope="module")
def pictures():
    return draw_pictures(8, np.random.default_rng(0))


def test_a_picture_does_not_depend_on_how_many_there_are(pictures):
    first, second = draw_pictures(2, np.random.default_rng(0))
    assert first == pictures[0] and second == pictures[1]
    assert first != second and first.size == (SIDE, SIDE)


def test_generated_pictures_come_after_the_photographs_and_depend_on_the_master_seed():
    photographs = load_photographs()
    pictures, others = load_pictures(1, seed=0), load_pictures(1, seed=1)
    assert pictures[:-1] == others[:-1] == photographs
    assert pictures[-1] != others[-1]


def test_statistics_are_in_the_range_of_photographs(pictures):
    """The median of generated pictures lies within the range of the 18 photographs."""
    random = np.random.default_rng(0)
    natural = [image_statistics(picture, random) for picture in load_photographs()]
    drawn = [image_statistics(picture, random) for picture in pictures]
    for name in natural[0]:
        values = [statistics[name] for statistics in natural]
        assert min(values) < np.median([statistics[name] for statistics in drawn]) < max(values)
