"""Separability of the candidate models under each method, in each direction and in both."""

from itertools import combinations

import numpy as np
import pandas as pd

from workflow_scripts.common.files import write_table
from workflow_scripts.common.job import job
from workflow_scripts.common.random_streams import generator
from workflow_scripts.evaluation.bootstrap import draw_counts, interval, weighted_mean

DIRECTIONS = {
    "model_to_mouse": ("source", "target"),
    "mouse_to_model": ("target", "source"),
}
"""Which side of a cell is the model and which the brain."""


def similarities(cells, direction, candidates, areas, layer_rule):
    """Similarity of every candidate to every area in every split.

    Parameters
    ----------
    cells : pandas.DataFrame
        Split scores of one method and direction.
    direction : str
        One of `DIRECTIONS`.
    candidates, areas : list of str
    layer_rule : str
        See `candidate_similarity`.

    Returns
    -------
    numpy.ndarray, shape (n_areas, n_candidates, n_splits)
    """
    model, brain = DIRECTIONS[direction]
    mean = cells.groupby([f"{brain}_part", f"{model}_subject", f"{model}_part", "split"])["score"]
    table = mean.mean().unstack("split")
    n_splits = table.shape[1]
    result = np.full((len(areas), len(candidates), n_splits), np.nan)
    for i, area in enumerate(areas):
        for k, candidate in enumerate(candidates):
            if (area, candidate) in table.index.droplevel(2):
                layers = table.loc[(area, candidate)].to_numpy()
                result[i, k] = candidate_similarity(layers, layer_rule)
    return result


def measures(by_split):
    """Separability of one area from similarities (n_candidates, n_splits), in three scales.

    Relative to a mean similarity that is not positive, a gap has no size: NaN.
    """
    mean = by_split.mean(axis=1)
    gap = separability(mean)
    overall = mean.mean()
    return {
        "separability": gap,
        "relative": gap / overall if overall > 0 else np.nan,
        "d_prime": discriminability(by_split),
    }


def main(scores_path, splits_path, settings, output):
    """Write separability.csv: each area, and their mean with an interval over areas."""
    kinds = pd.read_csv(scores_path, keep_default_na=False, na_values=[""])
    kinds = kinds.groupby("comparison")["data_kind"].first()
    splits = pd.read_csv(splits_path, keep_default_na=False, na_values=[""])
    splits = splits[splits["comparison"].isin(DIRECTIONS)]
    areas = settings["areas"]
    random = generator(settings["seed"], "bootstrap", "separability")
    counts = draw_counts(len(areas), settings["n_draws"], random)
    rows = []
    for method, of_method in splits.groupby("method", sort=False):
        by_direction = {
            direction: similarities(
                of_method[of_method["comparison"] == direction],
                direction,
                settings["candidates"],
                areas,
                settings["layer_rule"],
            )
            for direction in DIRECTIONS
        }
        results = {
            direction: [measures(by_split) for by_split in values]
            for direction, values in by_direction.items()
        }
        if settings["combine"] == "similarities":
            both = np.mean(list(by_direction.values()), axis=0)
            results["both"] = [measures(by_split) for by_split in both]
        else:
            results["both"] = [
                {key: np.mean([one[key], other[key]]) for key in one}
                for one, other in zip(*results.values(), strict=True)
            ]
        for direction, per_area in results.items():
            table = pd.DataFrame(per_area, index=areas)
            low, high = interval(weighted_mean(table["separability"].to_numpy(), counts))
            mean = {**table.mean(), "ci_low": low, "ci_high": high, "area": "mean"}
            for row in (*table.rename_axis("area").reset_index().to_dict("records"), mean):
                rows.append(
                    {
                        "method": method,
                        "direction": direction,
                        "area": row["area"],
                        "separability": row["separability"],
                        "ci_low": row.get("ci_low", np.nan),
                        "ci_high": row.get("ci_high", np.nan),
                        "relative": row["relative"],
                        "d_prime": row["d_prime"],
                        "data_kind": kinds["model_to_mouse"],
                    }
                )
    write_table(pd.DataFrame(rows), output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.scores,
            snakemake.input.splits,
            snakemake.params.settings,
            snakemake.output[0],
        )


def candidate_similarity(scores, layer_rule="best_cv"):
    """Similarity of one candidate to one area.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n_layers, n_splits)
        Score of each layer in each split.
    layer_rule : {"best_cv", "mean"}
        ``best_cv`` takes, in each split, the layer that scores best in the other splits (with one
        split, as for a geometry, which fits nothing, the best layer); ``mean`` takes all layers.

    Returns
    -------
    numpy.ndarray, shape (n_splits,)
        NaN in splits where no layer has a score.
    """
    scores = scores[~np.isnan(scores).all(axis=1)]
    if not len(scores):
        return np.full(scores.shape[1], np.nan)
    if layer_rule == "mean":
        return np.nanmean(scores, axis=0)
    n_splits = scores.shape[1]
    if n_splits == 1:
        return np.nanmax(scores, axis=0)
    chosen = np.empty(n_splits)
    for split in range(n_splits):
        others = np.delete(scores, split, axis=1)
        mean = np.nansum(others, axis=1) / np.maximum((~np.isnan(others)).sum(axis=1), 1)
        chosen[split] = scores[np.argmax(mean), split]
    return chosen


def separability(similarities):
    """Mean absolute difference over the pairs of candidates.

    Parameters
    ----------
    similarities : numpy.ndarray, shape (n_candidates,)

    Returns
    -------
    float
    """
    return float(np.mean([abs(a - b) for a, b in combinations(similarities, 2)]))


def discriminability(similarities):
    """Mean over the pairs of candidates of d', with the deviation over splits.

    Parameters
    ----------
    similarities : numpy.ndarray, shape (n_candidates, n_splits)

    Returns
    -------
    float
        ``|mean_k - mean_l| / sqrt((var_k + var_l) / 2)``; NaN with one split.
    """
    if similarities.shape[1] < 2:
        return np.nan
    mean, variance = similarities.mean(axis=1), similarities.var(axis=1, ddof=1)
    pairs = combinations(range(len(mean)), 2)
    return float(
        np.mean(
            [abs(mean[k] - mean[m]) / np.sqrt((variance[k] + variance[m]) / 2) for k, m in pairs]
        )
    )
