"""The default configuration is a simulation of the release."""

from pathlib import Path

import yaml

from workflow_scripts.brains.allen.limits import AREAS, N_SCENES

ROOT = Path(__file__).parents[3]


def test_areas_and_scenes_are_those_of_the_configuration():
    brain = yaml.safe_load((ROOT / "config.yaml").read_text())["brains"]["mouse"]
    assert brain["areas"] == list(AREAS)
    assert brain["n_scenes"] == N_SCENES
