"""The mini run of the tests: its configuration, and its plan, which says how many jobs it has."""

import copy
from pathlib import Path

import yaml

from workflow_scripts.plan import Plan

ROOT = Path(__file__).parents[2]
MINI_FILE = "tests/config.mini.yaml"


def merged(base, changes):
    """Configuration with the changes of another file, as Snakemake merges them."""
    both = {
        key: merged(base[key], value)
        for key, value in changes.items()
        if isinstance(value, dict) and isinstance(base.get(key), dict)
    }
    return copy.deepcopy(base | changes | both)


def read(path):
    """A configuration file of the repository."""
    return yaml.safe_load((ROOT / path).read_text())


DEFAULT = read("config.yaml")
MINI = merged(DEFAULT, read(MINI_FILE))
PLAN = Plan(MINI)
