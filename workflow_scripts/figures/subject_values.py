"""Values of single subjects, which panels draw as points over the values of their tables.

Each is what the metric of the panel is for one subject as the target, from all of its sources. The
value of the table is not always the mean of the points: readings of specificity and separabilities
are not linear in the scores. Replicates of the jackknife, which leave a subject out, are no values
of a subject and are not drawn.
"""

import numpy as np
import pandas as pd

from workflow_scripts.alignment.scoring import mean_of_known
from workflow_scripts.common.profile import POOL
from workflow_scripts.evaluation.candidate_scores import candidate_scores
from workflow_scripts.evaluation.metric import METRICS, Population
from workflow_scripts.evaluation.metrics.predictivity import OVERALL, STATISTICS
from workflow_scripts.evaluation.metrics.separability import separabilities
from workflow_scripts.evaluation.metrics.silhouette import silhouette
from workflow_scripts.evaluation.metrics.specificity import between_readings
from workflow_scripts.evaluation.similarity import (
    distance_matrix,
    scored_profiles,
    similarity_matrix,
    with_pool,
)
from workflow_scripts.figures.panel import PanelData

COLUMNS = ["method", "group", "subject", "value"]
"""Columns of every table here; a group is what stands together on the axis, such as a part."""


def predictivity_of_subjects(data: PanelData, statistic: str = "median") -> pd.DataFrame:
    """Predictivity of each subject from the same part of others, by part and overall.

    Overall, it is the mean over the parts that the subject has. The statistic is one of the table
    of predictivities, or another column of scores.csv.
    """
    cells = cells_of(data, "predictivity")
    is_shown = (cells["source_subject"] != cells["target_subject"]) & (
        cells["source_part"] == cells["target_part"]
    )
    keys, column = ["method", "target_part", "target_subject"], STATISTICS.get(statistic, statistic)
    by_part = cells[is_shown].groupby(keys, sort=False)[column].mean().reset_index()
    by_part.columns = pd.Index(COLUMNS)
    overall = by_part.groupby(["method", "subject"], sort=False)["value"].mean().reset_index()
    return pd.concat([by_part, overall.assign(group=OVERALL)])[COLUMNS].dropna()


def specificity_of_subjects(data: PanelData) -> pd.DataFrame:
    """Readings of specificity for the profiles of each subject; a group is a reading.

    None for pseudo-subjects, which are several of the same subjects in other groupings.
    """
    cells = cells_of(data, "specificity")
    if (cells["comparison"] == "groups").any():
        return pd.DataFrame(columns=COLUMNS)
    options = data.parameters.get("specificity", {})
    rows = []
    for method, own in cells.groupby("method", sort=False):
        profiles = with_pool(own, scored_profiles(own, _population(data, own)))
        if not profiles:
            continue
        subjects, parts = zip(*profiles, strict=True)
        of_subject = np.array(subjects)
        similarity = similarity_matrix(own, profiles)
        of_profiles = {}
        if POOL not in subjects:
            distance = distance_matrix(similarity, **options)
            of_profiles = {
                "silhouette": silhouette(distance, subjects, parts)[2],
                "silhouette_other_subjects": silhouette(distance, subjects, parts, True)[2],
            }
        labels = np.unique(parts, return_inverse=True)[1][:, None]
        for subject in dict.fromkeys(of_subject[of_subject != POOL]):
            is_own = of_subject == subject
            found = between_readings(np.where(is_own, similarity, np.nan), subjects, labels)
            values = {name: of[is_own].mean() for name, of in of_profiles.items()}
            values |= {name: of[0] for name, of in found.items()}
            rows += [(method, reading, subject, value) for reading, value in values.items()]
    return pd.DataFrame(rows, columns=COLUMNS).dropna()


def silhouette_of_subjects(data: PanelData) -> pd.DataFrame:
    """Mean silhouette of the profiles of each subject, with the options of the configuration."""
    table = data.tables["silhouette"]
    chosen = table[table["default"]].iloc[0]
    cells = cells_of(data, "silhouette")
    rows = []
    for method, own in cells.groupby("method", sort=False):
        profiles = scored_profiles(own, _population(data, own))
        if not profiles:
            continue
        subjects, parts = zip(*profiles, strict=True)
        distance = distance_matrix(
            similarity_matrix(own, profiles), chosen["symmetrisation"], chosen["clip"]
        )
        values = silhouette(distance, subjects, parts, bool(chosen["exclude_same_subject"]))[2]
        rows += [
            (method, "", subject, values[np.array(subjects) == subject].mean())
            for subject in dict.fromkeys(subjects)
        ]
    return pd.DataFrame(rows, columns=COLUMNS).dropna()


def separability_of_subjects(data: PanelData) -> pd.DataFrame:
    """Separability of the models on each subject, mean over areas, from models to the brain.

    From the brain to the models, the source is the pool of all subjects, and none has a value.
    """
    direction = "model_to_brain"
    splits = data.scores["split_scores"]
    splits = splits[splits["comparison"] == direction]
    is_mean = data.parameters.get("separability", {}).get("layer_rule") == "mean"
    rows = []
    for method, own in splits.groupby("method", sort=False):
        candidates, subjects = (
            own[f"{side}_subject"].unique().tolist() for side in ("source", "target")
        )
        found = candidate_scores(own, direction, candidates, data.parts)
        similar = (
            mean_of_known(found.score, axis=(2, 4))
            if is_mean
            else mean_of_known(found.of_best_layer(), axis=3)
        )
        for number, subject in enumerate(subjects):
            raw, _ = separabilities(similar[:, :, number])
            rows.append((method, direction, subject, float(mean_of_known(raw, 0))))
    return pd.DataFrame(rows, columns=COLUMNS).dropna()


def cells_of(data: PanelData, metric: str) -> pd.DataFrame:
    """Rows of scores.csv that a metric is computed from."""
    cells = data.scores["scores"]
    return cells[cells["comparison"].isin(METRICS.card(metric).comparisons)]


def counted(data: PanelData, n_subjects: int) -> str:
    """A number of subjects in words, which are networks or animals."""
    word = "network" if _is_networks(data.scores["scores"]) else "subject"
    return f"{n_subjects} {word}{'' if n_subjects == 1 else 's'}"


def _is_networks(cells: pd.DataFrame) -> bool:
    return bool((cells["comparison"] == "networks").any())


def _population(data: PanelData, cells: pd.DataFrame) -> Population:
    """The population of these scores, as far as it says which profiles have scores."""
    is_networks = _is_networks(cells)
    return Population(
        name="",
        kind="networks" if is_networks else "brain",
        subjects=cells["target_subject"].unique().tolist() if is_networks else [],
        parts=data.parts,
        candidates=[],
        mappings=[],
    )
