"""How often specificity of pseudo-subjects has p below .05 where there is none.

Run ``uv run python tests/benchmarks/groupings.py [--repetitions N]``. Subjects have the same signal
in all areas, and each area of each subject has one of its own besides, so that no area of one
subject is more like the same area of another one. Subjects are dealt into three groups ten times,
and pseudo-subjects compared by linear CKA. The columns are shares of the populations with p of at
most .05, which should not be above .05:

- ``one``: in a single grouping, where p is that of a permutation test;
- ``drawn anew``: of the mean over groupings, among means over permutations that are drawn for each
  grouping. Groupings share their subjects, so that such means vary too little;
- ``equal rank``: among means over values of equal rank, as in specificity.csv.

The last column is the mean correlation of two groupings over populations.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))  # the workflow is not an installed package

from workflow_scripts.alignment.cells import pseudo_subjects
from workflow_scripts.common.profile import Profile
from workflow_scripts.evaluation.metrics.specificity import (
    against_permutations,
    between_readings,
    mean_of_ranks,
    silhouettes,
    with_permutations,
)
from workflow_scripts.evaluation.similarity import distance_matrix

N_STIMULI, N_UNITS, DIMENSIONS = 118, 12, 8
N_GROUPS, N_GROUPINGS, N_DRAWS = 3, 10, 199

KINDS = ((8, 6, 0.5), (8, 3, 1.0), (24, 6, 1.0))
"""Numbers of subjects and areas, and the size of the areas' own signals, of each population."""


def population(n_subjects, n_areas, own, random):
    """Subjects whose areas have one signal in common, and another one of this size of their own."""
    common = random.normal(size=(N_STIMULI, DIMENSIONS))
    subjects = []
    for number in range(n_subjects):
        areas = {}
        for area in range(n_areas):
            signal = common @ random.normal(size=(DIMENSIONS, N_UNITS))
            latent = random.normal(size=(N_STIMULI, DIMENSIONS))
            signal += own * latent @ random.normal(size=(DIMENSIONS, N_UNITS))
            values = signal + 2 * random.normal(size=signal.shape)
            areas[str(area)] = Profile(f"{number:02d}", str(area), values)
        subjects.append(areas)
    return subjects


def similarities(profiles):
    """Linear CKA of all pairs of profiles, NaN on the diagonal."""
    kernels = []
    for profile in profiles:
        centred = profile.values - profile.values.mean(axis=0)
        kernel = centred @ centred.T
        kernels.append(kernel.ravel() / np.linalg.norm(kernel))
    similarity = np.array(kernels) @ np.array(kernels).T
    np.fill_diagonal(similarity, np.nan)
    return similarity


def readings(subjects, random):
    """Each reading of every grouping, with the true labels and with permuted ones."""
    found = []
    for _ in range(N_GROUPINGS):
        groups = pseudo_subjects(subjects, N_GROUPS, "grouping", random)
        profiles = [profile for group in groups for profile in group.values()]
        names, parts = zip(*((one.subject, one.part) for one in profiles), strict=True)
        labels = with_permutations(names, parts, N_DRAWS, random)
        similarity = similarities(profiles)
        distance = distance_matrix(similarity)
        of_grouping = {
            **silhouettes(distance, names, labels),
            **between_readings(similarity, names, labels),
        }
        found.append(of_grouping)
    return {name: np.array([one[name] for one in found]) for name in found[0]}


def measure(n_subjects, n_areas, own, repetitions):
    """Rows of a kind of populations, one for each reading, from that many of them."""
    random = np.random.default_rng(0)
    drawn = [
        readings(population(n_subjects, n_areas, own, random), random) for _ in range(repetitions)
    ]
    for name in drawn[0]:
        values = [one[name] for one in drawn]
        p = {
            "one": [against_permutations(one[0])["p"] for one in values],
            "drawn anew": [against_permutations(one.mean(axis=0))["p"] for one in values],
            "equal rank": [against_permutations(mean_of_ranks(one))["p"] for one in values],
        }
        true = np.corrcoef([one[:, 0] for one in values], rowvar=False)
        yield {
            **{"subjects": n_subjects, "areas": n_areas, "own": own, "reading": name},
            **{column: np.mean(np.array(of) <= 0.05) for column, of in p.items()},
            "correlation": true[np.triu_indices(N_GROUPINGS, 1)].mean(),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=300)
    repetitions = parser.parse_args().repetitions
    rows = [row for kind in KINDS for row in measure(*kind, repetitions)]
    print(pd.DataFrame(rows).to_string(index=False, float_format="%.3f"))


if __name__ == "__main__":
    main()
