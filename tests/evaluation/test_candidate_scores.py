"""The layer that stands for a candidate is chosen inside the training stimuli."""

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.evaluation.candidate_scores import candidate_scores


def rows(*cells):
    """Rows of split_scores.csv from (candidate, layer, subject, split, score, selection score)."""
    columns = ["source_subject", "source_part", "target_subject", "split"]
    table = pd.DataFrame(cells, columns=[*columns, "split_score", "selection_score"])
    return table.assign(target_part="V1")


def best(*cells):
    """Scores of the chosen layers of one area, shape (n_candidates, n_subjects, n_splits)."""
    table = rows(*cells)
    candidates = list(dict.fromkeys(table["source_subject"]))
    found = candidate_scores(table, "model_to_brain", candidates, ["V1"])
    return found.of_best_layer()[0]


def test_the_layer_with_the_best_score_inside_the_training_stimuli_is_taken():
    """Although the other one scores higher on the test stimuli."""
    scores = best(
        ("a/0", "conv1", "m", 0, 0.2, 0.9),
        ("a/0", "conv2", "m", 0, 0.8, 0.1),
        ("a/0", "conv1", "m", 1, 0.3, 0.2),
        ("a/0", "conv2", "m", 1, 0.4, 0.5),
    )
    np.testing.assert_allclose(scores, [[[0.2, 0.4]]])


def test_all_subjects_choose_together():
    scores = best(
        ("a/0", "conv1", "m", 0, 0.1, 0.4),
        ("a/0", "conv2", "m", 0, 0.2, 0.5),
        ("a/0", "conv1", "n", 0, 0.3, 0.9),
        ("a/0", "conv2", "n", 0, 0.4, 0.1),
    )
    np.testing.assert_allclose(scores, [[[0.1], [0.3]]])


def test_without_a_choice_among_layers_there_is_no_score():
    scores = best(("a/0", "conv1", "m", 0, 0.7, np.nan), ("a/0", "conv2", "m", 0, 0.6, np.nan))
    assert np.isnan(scores).all()


@pytest.mark.parametrize("direction", ["model_to_brain", "brain_to_model"])
def test_the_model_is_the_source_or_the_target(direction):
    table = rows(("a/0", "conv1", "m", 0, 0.7, 0.1), ("a/0", "conv2", "m", 0, 0.6, 0.2))
    if direction == "brain_to_model":
        swapped = {"source_subject": "target_subject", "source_part": "target_part"}
        table = table.rename(columns={**swapped, **{b: a for a, b in swapped.items()}})
    found = candidate_scores(table, direction, ["a/0"], ["V1"])
    assert found.layers == ["conv1", "conv2"]
    np.testing.assert_allclose(found.score, np.reshape([0.7, 0.6], (1, 1, 2, 1, 1)))
