"""How often the workflow's 95 % intervals contain the true value of simulated populations.

Run ``uv run python tests/benchmarks/interval_coverage.py [--repetitions N] [--csv FILE]``. Every
row draws populations of n subjects with their stimuli. The true value is known, or it is the mean
over all draws of the row, as a statistic such as the silhouette depends on n. The columns:

- ``jackknife``: share of the populations in which the interval over subjects and stimuli contains
  the true value; ``subjects only``: the same for the interval over subjects;
- ``bootstrap``: the same for the percentile bootstrap over subjects, for comparison;
- ``width``: median width of the interval over both, relative to that of an interval from the true
  standard error; ``error``: Monte-Carlo standard error of a share of .95.

In the pooled brains, ridge regression predicts every subject from the units of all others. The row
``targets`` leaves a subject out as a target only, and the row ``pools`` also its units out of the
pools of the others, as the workflow does: what a subject does to the scores of all others is most
of the variance in a small population. In ``crops``, the test stimuli are crops of that many
pictures; the embedded run tests with crops of twelve.
"""

import argparse
import sys
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[2]))  # the workflow is not an installed package

from workflow_scripts.alignment.cells import MAX_SUBJECT_GROUPS
from workflow_scripts.alignment.scoring import r2_per_unit, r2_without_groups
from workflow_scripts.evaluation.jackknife import COVERAGE, intervals
from workflow_scripts.evaluation.metrics.silhouette import silhouette
from workflow_scripts.evaluation.similarity import distance_matrix

N_SUBJECTS = (3, 5, 8, 12, 31)
N_GROUPS = 20
"""Jackknife groups of stimuli, as in the workflow's shards."""

N_TESTED = 12
"""Groups among them that have test stimuli in the scores of pairs."""

N_DRAWS = 300
"""Draws of a bootstrap."""

TAIL = (1 - COVERAGE) / 2


def without_each(values):
    """Mean over the first axis without each of its entries."""
    return (values.sum(axis=0) - values) / (len(values) - 1)


def limits(drawn):
    """Limits of the percentile bootstrap."""
    return np.quantile(drawn, [TAIL, 1 - TAIL])


def counts_of(n, random, least_different=1):
    """How often each subject is in each draw with replacement."""
    counts = random.multinomial(n, np.full(n, 1 / n), N_DRAWS)
    return counts[(counts > 0).sum(axis=1) >= least_different]


def matrices(n, random, subject, pair, stimulus):
    """Scores (tested group of stimuli, source, target) of all pairs of networks, with mean 0.

    The effects of sources and of targets are skewed. Those of a group of stimuli are half the same
    in all pairs, half a pair's own. Arguments are standard deviations; `stimulus` is that of the
    mean over groups.
    """
    source, target = subject * (random.exponential(size=(2, n)) - 1)
    of_group = stimulus * np.sqrt(N_TESTED)
    shared = of_group * random.normal(size=(N_TESTED, 1, 1))
    own = of_group * random.normal(size=(N_TESTED, n, n))
    return source[:, None] + target + pair * random.normal(size=(n, n)) + shared + own


def mean_of_pairs(scores, random):
    """Mean score over pairs of different subjects, its replicates and its bootstrap."""
    n = scores.shape[1]
    scores = np.where(np.eye(n, dtype=bool), 0, scores)
    by_group, matrix = scores.sum(axis=(1, 2)) / (n * (n - 1)), scores.mean(axis=0)
    value = by_group.mean()
    remaining = matrix.sum() - matrix.sum(axis=0) - matrix.sum(axis=1)
    without_stimuli = np.full(N_GROUPS, value)
    without_stimuli[:N_TESTED] = without_each(by_group)
    counts = counts_of(n, random, least_different=2)
    drawn = ((counts @ matrix) * counts).sum(axis=1) / (n**2 - (counts**2).sum(axis=1))
    return value, remaining / ((n - 1) * (n - 2)), without_stimuli, limits(drawn)


def pairs(*deviations):
    """Function that draws a population of pairs with these arguments of `matrices`."""

    def draw(n, random):
        return {"": mean_of_pairs(matrices(n, random, *deviations), random)}

    return draw


def paired_difference(n, random):
    """Two methods on the same subjects and stimuli, whose scores share most of their effects."""
    both = matrices(n, random, 0.1, 0.03, 0.03)
    first, second = (both + matrices(n, random, 0.03, 0.03, 0.01) for _ in range(2))
    return {"": mean_of_pairs(first - second, random)}


def silhouettes(n, random, n_parts=3):
    """Mean silhouette of profiles whose parts lie on a line, each of them near its neighbour."""
    subjects, parts = np.repeat(np.arange(n), n_parts), np.tile(np.arange(n_parts), n)
    place = 0.35 * random.normal(size=(len(parts), 4)) + 0.2 * random.normal(size=(n, 4))[subjects]
    place[:, 0] += parts
    similarity = np.exp(-((place[:, None] - place) ** 2).sum(axis=-1) / 2)
    similarity += 0.03 * random.normal(size=similarity.shape)
    of_part = random.normal(size=(N_GROUPS, 1, n_parts))[:, :, parts]
    own = random.normal(size=(N_GROUPS, len(parts), len(parts)))
    by_group = similarity + 0.2 * (of_part + own)

    def samples(similarity, chosen=slice(None)):
        distance = distance_matrix(similarity[chosen][:, chosen])
        return silhouette(distance, subjects[chosen], parts[chosen])[2]

    matrix = by_group.mean(axis=0)
    values = samples(matrix)
    without_subject = [samples(matrix, subjects != subject).mean() for subject in range(n)]
    without_stimuli = [samples(similarity).mean() for similarity in without_each(by_group)]
    drawn = counts_of(n, random) @ values.reshape(n, n_parts).mean(axis=1) / n
    return {"": (values.mean(), without_subject, without_stimuli, limits(drawn))}


def recordings(n, random, n_train=60, n_test=40, n_units=12, n_latents=15):
    """Responses (subject, stimulus, unit) to training and to test stimuli, in standard deviations.

    All units read the same latent variables; every subject has its own emphasis on them and its own
    noise. Stimuli come in groups of two that are alike.
    """
    n_stimuli = n_train + n_test
    alike = np.repeat(random.normal(size=(n_stimuli // 2, n_latents)), 2, axis=0)
    latents = 0.7 * alike + 0.7 * random.normal(size=(n_stimuli, n_latents))
    emphasis = np.exp(random.normal(size=(n, n_latents, 1)))
    emphasis /= np.sqrt(np.arange(1, n_latents + 1))[:, None]
    signal = latents @ (emphasis * random.normal(size=(n, n_latents, n_units)))
    signal /= signal.std(axis=(1, 2), keepdims=True)
    noise = 0.5 * np.exp(0.5 * random.normal(size=(n, 1, 1)))
    responses = signal + noise * random.normal(size=signal.shape)
    train = responses[:, :n_train]
    responses = (responses - train.mean(axis=1, keepdims=True)) / train.std(axis=1, keepdims=True)
    return responses[:, :n_train], responses[:, n_train:]


def median_r2(observed, predicted):
    """Median over units of the coefficient of determination over stimuli, of each subject."""
    return np.array(
        [np.median(r2_per_unit(*pair)) for pair in zip(observed, predicted, strict=True)]
    )


def median_r2_without(observed, predicted, groups, n_groups):
    """The same without each group of stimuli, shape (n_groups, n_subjects)."""
    return np.transpose(
        [
            np.median(r2_without_groups(one, other, groups, n_groups), axis=1)
            for one, other in zip(observed, predicted, strict=True)
        ]
    )


def crops(n, random, n_pictures, n_stimuli=120, n_units=8):
    """Mean over pairs of networks of R2 in crops of a few pictures, which all networks saw.

    What a picture does to a unit, and how well it is predicted, is half the same in all pairs.
    """
    picture = np.repeat(np.arange(n_pictures), n_stimuli // n_pictures)
    shape = (n_pictures, n_units)
    effects = random.normal(size=shape) + random.normal(size=(n, *shape))
    observed = effects[:, picture] + random.normal(size=(n, len(picture), n_units))
    gain = 1 + 0.2 * (random.normal(size=shape) + random.normal(size=(n, n, *shape)))
    predicted = gain[:, :, picture] * observed
    predicted += 0.7 * random.normal(size=predicted.shape)
    source, target = np.nonzero(~np.eye(n, dtype=bool))
    pairs = observed[target], predicted[source, target]
    matrix = np.zeros((n, n))
    matrix[source, target] = median_r2(*pairs)
    same = np.repeat(matrix[None], N_TESTED, axis=0)
    value, without_subject, _, drawn = mean_of_pairs(same, random)
    without_stimuli = median_r2_without(*pairs, picture, n_pictures).mean(axis=1)
    return {"": (value, without_subject, without_stimuli, drawn)}


def pooled(n, random, penalty=10.0):
    """Mean over subjects of the score of a ridge regression from the units of all others."""
    train, test = recordings(n, random)
    gram, to_test = train @ train.swapaxes(1, 2), test @ train.swapaxes(1, 2)

    def predict(targets, others):
        """Predictions of `targets` from pools without the subjects in the rows of `others`."""
        pool = gram.sum(axis=0) - gram[others].sum(axis=1) + penalty * np.eye(train.shape[1])
        pool_to_test = to_test.sum(axis=0) - to_test[others].sum(axis=1)
        return pool_to_test @ np.linalg.solve(pool, train[targets])

    subjects = np.arange(n)
    predicted = predict(subjects, subjects[:, None])
    scores = median_r2(test, predicted)
    group = np.arange(test.shape[1]) * N_GROUPS // test.shape[1]
    without_stimuli = median_r2_without(test, predicted, group, N_GROUPS).mean(axis=1)
    without_pool = []
    for start in range(min(n, MAX_SUBJECT_GROUPS)):
        left = subjects[start::MAX_SUBJECT_GROUPS]
        kept = np.setdiff1d(subjects, left)
        others = np.column_stack([kept, np.tile(left, (len(kept), 1))])
        without_pool.append(median_r2(test[kept], predict(kept, others)).mean())
    drawn = counts_of(n, random) @ scores / n
    return {
        ", targets": (scores.mean(), without_each(scores), without_stimuli, limits(drawn)),
        ", pools": (scores.mean(), without_pool, without_stimuli, limits(drawn)),
    }


POPULATIONS = {
    "pairs, subjects vary most": (pairs(0.1, 0.03, 0.005), 0),
    "pairs, pairs vary most": (pairs(0.01, 0.1, 0.005), 0),
    "pairs, stimuli vary most": (pairs(0.02, 0.02, 0.03), 0),
    "paired difference": (paired_difference, 0),
    "silhouette": (silhouettes, None),
    "crops of 3 pictures": (partial(crops, n_pictures=3), None),
    "crops of 12 pictures": (partial(crops, n_pictures=12), None),
    "pooled brains": (pooled, None),
}
"""Function that draws a population, and its true value where that is known. The function returns,
by the rest of the row's name, the value, the values without each subject and without each group of
stimuli, and the limits of the bootstrap."""


def measure(name, n, repetitions, random):
    """Rows of a population, from that many draws of it."""
    draw, known = POPULATIONS[name]
    draws = [draw(n, random) for _ in range(repetitions)]
    for kind in draws[0]:
        columns = zip(*(of_kind[kind] for of_kind in draws), strict=True)
        values, subjects, stimuli, drawn = (np.array(column).T for column in columns)
        true = values.mean() if known is None else known
        both = intervals(values, subjects, stimuli)
        alone = intervals(values, subjects, np.empty((0, repetitions)))
        narrowest = 2 * stats.norm.ppf(1 - TAIL) * values.std()
        yield {
            "population": name + kind,
            "n": n,
            "true value": true,
            "jackknife": covered(both.low, both.high, true),
            "subjects only": covered(alone.low, alone.high, true),
            "bootstrap": covered(*drawn, true),
            "width": np.median(both.high - both.low) / narrowest,
            "error": np.sqrt(COVERAGE * (1 - COVERAGE) / repetitions),
        }


def covered(low, high, true):
    """Share of intervals that contain the true value; an unknown interval does not."""
    return np.mean((low <= true) & (true <= high))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--csv", type=Path)
    arguments = parser.parse_args()
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        row
        for name, n in product(POPULATIONS, N_SUBJECTS)
        for row in measure(name, n, arguments.repetitions, random)
    )
    print(table.to_string(index=False, float_format="%.3f"))
    if arguments.csv:
        table.to_csv(arguments.csv, index=False)


if __name__ == "__main__":
    main()
