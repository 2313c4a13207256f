"""What metrics are given, and what the Snakefile pays for reading their cards."""

import subprocess
import sys

import numpy as np

from tests.evaluation.made_up import make_population
from workflow_scripts.common.random_streams import derive_seed, generator
from workflow_scripts.evaluation.metric import METRICS, Random

HEAVY = ("numpy", "pandas", "scipy", "sklearn", "torch", "matplotlib")


def test_cards_are_read_without_a_heavy_import():
    """Snakemake does so in every job."""
    code = (
        "import sys; from workflow_scripts.evaluation.metric import METRICS; "
        "[(METRICS.card(name), METRICS.parameters(name)) for name in METRICS.names()]; "
        f"print(*(name for name in {HEAVY} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_gallery_holds_the_metrics_of_the_paper():
    assert {"predictivity", "silhouette", "separability", "mds"} <= set(METRICS.names())


def test_random_numbers_depend_on_the_seed_and_the_name_alone():
    random = Random(seed=5, n_draws=10)
    assert random.seed_of("maps", "ridge") == derive_seed(5, "maps", "ridge")
    for _ in range(2):
        drawn = random.generator("maps").random(3)
        np.testing.assert_array_equal(drawn, generator(5, "maps").random(3))


def test_streams_of_networks_keep_the_name_with_which_results_were_computed():
    assert make_population("networks").stream == "models"
    assert make_population("brain").stream == "macaque"
