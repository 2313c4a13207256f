"""Every row of the benchmark at tiny sizes: both sides find the same; times are not looked at."""

import math
import runpy
from pathlib import Path

import pytest

ROWS = runpy.run_path(str(Path(__file__).parent / "benchmarks/alignment.py"))["ROWS"]
MODELS = {"n_train": 60, "n_test": 30, "n_units": 12, "n_targets": 3}
GLM = {"n_train": 60, "n_units": 8, "n_targets": 3, "n_fitted": 2, "n_sample": 5}
RSA = {"n_profiles": 4, "n_stimuli": 30, "n_units": 12}
# Sizes of each row, and the largest disagreement.
TINY = {
    "ridge_models": (MODELS, 1e-8),
    # It chooses penalties by another criterion.
    "ridge_models_himalaya": (MODELS, 0.05),
    "ridge_mice": ({**MODELS, "n_units": 100, "n_target_units": 6}, 1e-8),
    "linear_nonlinear": (GLM, 1e-4),
    "linear_softplus": (GLM, 1e-4),
    "pre_linear_softplus": (GLM, 1e-4),
    "yeo_johnson": ({"n_stimuli": 60, "n_units": 8}, 1e-4),
    "soft_matching_1000": ({"n_units": 30, "n_stimuli": 40}, 1e-10),
    "soft_matching_2000": ({"n_units": 60, "n_stimuli": 40}, 1e-10),
    "rsa_rsatoolbox": (RSA, 1e-10),
    "rsa_scipy": ({**RSA, "n_sample": 3}, 1e-10),
}


@pytest.mark.parametrize("row", ROWS)
def test_both_sides_find_the_same(row):
    sizes, limit = TINY[row]
    measured = ROWS[row][-1](**sizes)
    assert measured["seconds"] > 0 and measured["alternative_seconds"] > 0
    assert math.isfinite(measured["disagreement"])
    assert abs(measured["disagreement"]) <= limit, measured
