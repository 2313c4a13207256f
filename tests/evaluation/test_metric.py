"""What metrics are given, and what the Snakefile pays for reading their cards."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd

from tests.evaluation.made_up import make_population, make_scores
from workflow_scripts.common.random_streams import derive_seed, generator
from workflow_scripts.evaluation.metric import METRICS, Random, data_kind

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


def test_a_number_with_something_simulated_in_it_says_so():
    for kinds, expected in (
        (["recorded", "recorded"], "recorded"),
        (["recorded", "simulated"], "simulated"),
        (["networks"], "networks"),
    ):
        assert data_kind(pd.DataFrame({"data_kind": kinds})) == expected


class TestScores:
    """Replicates: the same scores without a subject, or without a group of stimuli."""

    def test_without_subjects_no_row_names_them(self):
        scores = make_scores(make_population("networks"), ["networks"])
        left = scores.without_subjects(1)
        assert set(left.cells["source_subject"]) == {"alexnet/0", "alexnet/2"}
        assert len(left.cells) == sum(
            "alexnet/1" not in pair
            for pair in zip(
                scores.cells["source_subject"], scores.cells["target_subject"], strict=True
            )
        )

    def test_a_pool_is_without_them_as_well(self):
        comparisons = ["brain", "model_to_brain", "brain_to_model"]
        scores = make_scores(make_population("brain"), comparisons)
        left = scores.without_subjects(0)
        assert "007" not in set(left.cells["target_subject"])
        is_pool = left.cells["source_subject"] == "pool"
        pooled = left.cells[is_pool]
        expected = scores.without["score_without_subjects"][pooled.index, 0]
        np.testing.assert_array_equal(pooled["score"], expected)
        kept = left.cells[~is_pool]
        np.testing.assert_array_equal(kept["score"], scores.cells["score"][kept.index])

    def test_without_a_group_every_row_has_the_score_of_the_other_stimuli(self):
        scores = make_scores(make_population("networks"), ["networks"])
        rows = scores.cells["method"] == "rsa"
        chosen = replace(scores, cells=scores.cells[rows])
        left = chosen.without_stimuli(2)
        without = scores.without
        np.testing.assert_array_equal(
            left.cells["score"], without["score_without_stimuli"][rows, 2]
        )
        np.testing.assert_array_equal(
            left.splits["split_score"], without["split_score_without_stimuli"][:, 2]
        )
        pd.testing.assert_series_equal(left.cells["reason"], chosen.cells["reason"])
