"""Does a method find the true model once it is known how easily each model is predicted?

A candidate that is easily predicted by every brain, or predicts every brain easily, wins whatever
the truth is. With one simulated brain for each candidate (``config.recovery.yaml``) the main
effects of brains and candidates on the score can be taken out, area by area; what is left says
which candidate goes with which brain. For each method and direction this prints the share of areas
and brains in which the true candidate has the highest score, before and after, and by how much the
true candidate is ahead of the best other one after it, with a 95 % interval over areas (Student's
t) and for each brain. ``--of`` averages over some of the brains; the effects are those of all::

    uv run snakemake --cores all --configfile config.recovery.yaml --directory recovery
    uv run python tests/benchmarks/adjusted_recovery.py recovery
    uv run python tests/benchmarks/adjusted_recovery.py recovery --of alexnet_mice resnet18_mice
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t

sys.path.insert(0, str(Path(__file__).parents[2]))  # the tests are not an installed package

from workflow_scripts.common.files import read_table
from workflow_scripts.evaluation.metrics.recovery import outcomes, variant_of

KEYS = ["method", "direction"]


def read_scores(folder):
    """Scores of all candidates for the areas of all brains, and which variant each brain has."""
    scores, truths = [], {}
    for path in sorted(Path(folder).glob("results/tables/*/recovery.csv")):
        table = read_table(path)
        brain = path.parent.name
        truths[brain] = variant_of(table.query("level == 'model' and is_truth")["chosen"].iloc[0])
        scores.append(read_table(path.with_name("model_choice.csv")).assign(brain=brain))
    return pd.concat(scores), truths


def without_main_effects(scores):
    """The scores (brain, candidate) without what is due to a brain or to a candidate alone."""
    return scores - scores.mean(1, keepdims=True) - scores.mean(0) + scores.mean()


def ahead(scores, is_truth):
    """Whether the true candidate of each brain is first, and by how much it is ahead."""
    return outcomes(scores[:, :, None, None])[:, is_truth]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", help="working directory of the run")
    parser.add_argument("--of", nargs="*", help="brains over which is averaged; default: all")
    arguments = parser.parse_args()
    table, truths = read_scores(arguments.folder)
    brains = sorted(truths)
    kept = np.isin(brains, arguments.of or brains)
    rows = []
    for keys, group in table.query("area != 'overall'").groupby(KEYS, sort=False):
        found = []
        for _, of_area in group.groupby("area", sort=False):
            scores = of_area.pivot(index="brain", columns="candidate", values="score").loc[brains]
            true = [truths[brain] for brain in brains]
            is_truth = np.equal.outer(true, [variant_of(name) for name in scores.columns])
            values = scores.to_numpy()
            found.append(
                [*ahead(values, is_truth)[:1], *ahead(without_main_effects(values), is_truth)]
            )
        # Areas, then: first before, first after, margin after; then brains.
        by_area = np.array(found)[:, :, kept]
        before, after, margin = by_area.mean(axis=(0, 2))
        deviation = by_area[:, 2].mean(axis=1).std(ddof=1) / len(found) ** 0.5
        half = t.ppf(0.975, len(found) - 1) * deviation
        of_brains = by_area[:, 2].mean(axis=0)
        rows.append((*keys, before, after, margin, margin - half, margin + half, *of_brains))
    names = [*KEYS, "share", "share adjusted", "margin adjusted", "from", "to"]
    names += [f"of {brain}" for brain in np.array(brains)[kept]]
    print(pd.DataFrame(rows, columns=names).to_string(index=False, float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
