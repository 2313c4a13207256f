"""Recovery: against loops, and on scores whose answer is known."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from tests.harness.mini import DEFAULT, ROOT, merged, read
from workflow_scripts.common.config import check_keys
from workflow_scripts.common.profile import POOL
from workflow_scripts.evaluation.metric import Population, Random, Scores
from workflow_scripts.evaluation.metrics.recovery import CARD, TRUE_LAYER, measure, outcomes
from workflow_scripts.plan import Plan

AREAS = ["V1", "V4", "IT"]
LAYERS = {"alexnet/0": ["conv1", "conv2"], "alexnet/1": ["conv1", "conv2"], "vgg/0": ["a", "b"]}
SUBJECTS, N_SPLITS = ["007", "8", "NA"], 2
DIRECTIONS = ["model_to_brain", "brain_to_model"]
POPULATION = Population(
    name="mice",
    kind="brain",
    subjects=[],
    parts=AREAS,
    candidates=list(LAYERS),
    mappings=["ridge", "null"],
    # IT reads out a layer that is not read of the candidates.
    truth={"variant": "alexnet", "layers": {"V1": "conv1", "V4": "conv2", "IT": "fc6"}},
)
KEYS = ["method", "direction", "level", "area", "chosen"]


def make_splits(score=None, selection=None, seed=0):
    """Rows of split_scores.csv; random scores, or functions of area, candidate, layer and split."""
    random = np.random.default_rng(seed)
    rows = []
    for method, direction in product(["ridge", "null"], DIRECTIONS):
        forward = direction == DIRECTIONS[0]
        for candidate, area, subject, split in product(
            LAYERS, AREAS, SUBJECTS if forward else [POOL], range(N_SPLITS)
        ):
            for layer in LAYERS[candidate]:
                place = area, candidate, layer, split
                ends = [(candidate, layer), (subject, area)][:: 1 if forward else -1]
                rows.append(
                    {
                        "comparison": direction,
                        "brain": "mice",
                        "method": method,
                        **dict(zip(["source_subject", "source_part"], ends[0], strict=True)),
                        **dict(zip(["target_subject", "target_part"], ends[1], strict=True)),
                        "split": split,
                        # Coarse, so that there are ties.
                        "split_score": score(*place) if score else random.integers(9) / 9,
                        "selection_score": selection(*place) if selection else random.random(),
                    }
                )
    return pd.DataFrame(rows)


def measured(splits, population=POPULATION):
    return measure(Scores(splits[:0], splits), population, Random(0, 0))


def of(splits, level="model", method="ridge", direction=DIRECTIONS[0]):
    """Rows of one level, by area and what is chosen."""
    table = measured(splits).set_index(["method", "direction", "level"]).sort_index()
    return table.loc[(method, direction, level)].set_index(["area", "chosen"])


def by_loops(splits):
    """Share and margin of all rows, one subject and split after the other."""
    found = {}
    for (method, direction), of_method in splits.groupby(["method", "comparison"]):
        model, brain = ("source", "target") if direction == DIRECTIONS[0] else ("target", "source")
        score, selection = (
            of_method.set_index(
                [f"{brain}_part", f"{model}_subject", f"{model}_part", f"{brain}_subject", "split"]
            )[column].to_dict()
            for column in ("split_score", "selection_score")
        )
        subjects = sorted(set(of_method[f"{brain}_subject"]))
        tallies = {}
        for area, subject, split in product(AREAS, subjects, range(N_SPLITS)):
            best = {}
            for candidate, layers in LAYERS.items():
                mean = {
                    layer: np.nanmean(
                        [selection[area, candidate, layer, s, split] for s in subjects]
                    )
                    for layer in layers
                }
                best[candidate] = score[area, candidate, max(mean, key=mean.get), subject, split]
            tally(tallies, ("model", area), best)
            truth = {
                layer: score[area, "alexnet/0", layer, subject, split]
                for layer in LAYERS["alexnet/0"]
            }
            if area != "IT":
                tally(tallies, ("layer", area), truth)
        means = {
            (*place, name): np.mean(values, axis=0)
            for place, outcomes in tallies.items()
            for name, values in outcomes.items()
        }
        for candidate in LAYERS:
            means["model", "overall", candidate] = np.mean(
                [means["model", area, candidate] for area in AREAS], axis=0
            )
        means["layer", "overall", TRUE_LAYER] = np.mean(
            [means["layer", "V1", "conv1"], means["layer", "V4", "conv2"]], axis=0
        )
        found |= {(method, direction, *place): mean for place, mean in means.items()}
    return found


def tally(tallies, place, scores):
    """Add the share and the margin of each choice, if all have a score."""
    if any(np.isnan(value) for value in scores.values()):
        return
    winners = [name for name, value in scores.items() if value == max(scores.values())]
    for name, value in scores.items():
        others = max(other for key, other in scores.items() if key != name)
        share = 1 / len(winners) if name in winners else 0
        tallies.setdefault(place, {}).setdefault(name, []).append((share, value - others))


@pytest.mark.parametrize("seed", [0, 1])
def test_loops_give_the_same_rows(seed):
    splits = make_splits(seed=seed)
    # A skipped cell, and a subject that has no target in an area.
    splits.loc[5, ["split_score", "selection_score"]] = np.nan
    missing = (splits["target_subject"] == "8") & (splits["target_part"] == "V4")
    splits.loc[missing, ["split_score", "selection_score"]] = np.nan
    table, expected = measured(splits).set_index(KEYS), by_loops(splits)
    assert set(table.index) == set(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(table.loc[key, list(CARD.values)].to_list(), values, err_msg=key)


def test_the_true_variant_wins_everywhere():
    """Layer b would score best, but does not inside the training stimuli."""
    level = {"alexnet/0": 0.5, "alexnet/1": 0.4, "vgg/0": 0.3}
    table = of(
        make_splits(
            lambda area, candidate, layer, split: level[candidate] + 9 * (layer == "b"),
            lambda area, candidate, layer, split: float(layer != "b"),
        )
    )
    for area in (*AREAS, "overall"):
        rows = table.loc[area]
        assert rows["share"].to_dict() == {"alexnet/0": 1, "alexnet/1": 0, "vgg/0": 0}
        np.testing.assert_allclose(rows["margin"], [0.1, -0.1, -0.2])
        assert rows["is_truth"].to_list() == [True, True, False]
        assert rows["chance"].to_list() == [1 / 3] * 3


def test_layers_are_those_of_the_true_variant():
    """In V1 its layer wins in one split of two, in V4 in none; IT reads out none of them."""
    right = {("V1", "conv1", 0), ("V1", "conv2", 1), ("V4", "conv1", 0), ("V4", "conv1", 1)}
    table = of(
        make_splits(lambda area, candidate, layer, split: float((area, layer, split) in right)),
        level="layer",
    )
    assert table["share"].to_dict() == {
        ("V1", "conv1"): 0.5,
        ("V1", "conv2"): 0.5,
        ("V4", "conv1"): 1,
        ("V4", "conv2"): 0,
        ("overall", TRUE_LAYER): 0.25,
    }
    assert table["margin"].to_list() == [0, 0, 1, -1, -0.5]
    assert table["is_truth"].to_list() == [True, False, False, True, True]
    assert set(table["chance"]) == {0.5}


def test_ties_are_shared_and_what_cannot_be_compared_does_not_count():
    scores = np.array([[[0.5, 0.9, 0.1]], [[0.5, np.nan, 0.3]], [[0.2, 0.8, 0.3]]])[None]
    share, margin = outcomes(scores)
    np.testing.assert_allclose(share, [[0.25, 0.5, 0.25]])
    np.testing.assert_allclose(margin, [[-0.1, 0, -0.15]])
    assert np.isnan(outcomes(np.full((1, 2, 3, 4), np.nan))).all()


def test_without_a_true_layer_among_the_candidates_only_models_are_compared():
    truth = {"variant": "alexnet", "layers": dict.fromkeys(AREAS, "fc6")}
    table = measured(make_splits(), Population(**{**vars(POPULATION), "truth": truth}))
    assert set(table["level"]) == {"model"}


def test_a_brain_is_simulated_from_each_variant_and_its_layers_can_be_found():
    """The configuration of the check of all methods."""
    check_keys(ROOT / "config.recovery.yaml")
    plan = Plan(merged(DEFAULT, read("config.recovery.yaml")))
    candidates = {candidate.variant: candidate for candidate in plan.config.candidates}
    truths = {name: brain.simulated.truth for name, brain in plan.config.brains.items()}
    assert sorted(truth.variant for truth in truths.values()) == sorted(candidates)
    assert [item["name"] for item in plan.evaluation.measured("recovery")] == list(truths)
    for name, brain in plan.config.brains.items():
        candidate = candidates[truths[name].variant]
        assert truths[name].seed != candidate.seed
        assert [brain.simulated.layers[area] for area in brain.areas] == candidate.layers
