"""The paper's claims as comparisons of measured values.

Every claim becomes rows of a table: two values, their difference, and whether the inequality holds.
Nothing here knows what the answer should be for any particular data.
"""

from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, spearmanr

# The mean over units is floored at -1, see collect_scores.
STATISTICS = ("median", "mean")

POST_TARGET = (
    "soft_matching",
    "ridge_post",
    "linear_nonlinear",
    "linear_softplus",
    "pre_linear_softplus",
)


SHARED = ("soft_matching", "ridge_post", "linear_nonlinear")

# "At least as separable" allows for this difference of separabilities.
TOLERANCE = 0.005


class Tables:
    """Measured values by name; NaN where a method, part or direction was not run."""

    def __init__(self, predictivity, silhouette, separability):
        self._predictivity = predictivity.set_index(
            ["population", "method", "relation", "part", "statistic"]
        )["predictivity"]
        self._silhouette = silhouette[silhouette["default"]].set_index("method")
        self._separability = separability[separability["area"] == "mean"].set_index(
            ["method", "direction"]
        )["separability"]

    def predictivity(self, population, method, statistic, part="overall", relation="same part"):
        """Mean over pairs of subjects, and over parts for ``overall``."""
        return self._predictivity.get((population, method, relation, part, statistic), np.nan)

    def silhouette(self, method, column="silhouette"):
        """A column of the default silhouette."""
        table = self._silhouette
        return table.at[method, column] if method in table.index else np.nan

    def separability(self, method, direction):
        """Mean over areas."""
        return self._separability.get((method, direction), np.nan)

    def methods(self, population):
        """Mapping methods of a population."""
        names = self._predictivity.index.to_frame(index=False)
        return list(dict.fromkeys(names.loc[names["population"] == population, "method"]))


def _row(claim, statement, population, statistic, part, left, right, strict=True):
    missing = bool(np.isnan(left) or np.isnan(right))
    holds = left > right if strict else left >= right
    return {
        "claim": claim,
        "statement": statement,
        "population": population,
        "statistic": statistic,
        "part": part,
        "left": left,
        "right": right,
        "margin": left - right,
        "holds": "not measured" if missing else "yes" if holds else "no",
    }


def _all(rows):
    """One more row, which holds if all do; its margin is the smallest."""
    margins = [row["margin"] for row in rows]
    worst = rows[int(np.argmin(np.where(np.isnan(margins), -np.inf, margins)))]
    verdicts = {row["holds"] for row in rows}
    holds = next(word for word in ("not measured", "no", "yes") if word in verdicts)
    return [*rows, {**worst, "part": "all", "holds": holds}]


def _correlation(function, first, second):
    """Rank correlation, NaN with fewer than three values or without variation."""
    known = ~(np.isnan(first) | np.isnan(second))
    first, second = np.asarray(first)[known], np.asarray(second)[known]
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return np.nan
    return float(function(first, second).statistic)


def model_claims(tables, layers):
    """Claims on the model population, M1 to M13.

    Parameters
    ----------
    tables : Tables
    layers : list of str
        From the image upwards.

    Returns
    -------
    list of dict
    """
    rows = []

    def between(claim, statement, better, worse, parts, statistic, strict=True):
        return [
            _row(
                claim,
                statement,
                "models",
                statistic,
                part,
                tables.predictivity("models", better, statistic, part),
                tables.predictivity("models", worse, statistic, part),
                strict,
            )
            for part in parts
        ]

    for statistic in STATISTICS:

        def value(method, part="overall", statistic=statistic):
            return tables.predictivity("models", method, statistic, part)

        text = "ridge (post) predicts the same layer better than soft matching"
        rows += between("M1", text, "ridge_post", "soft_matching", ["overall", *layers], statistic)
        text = "ridge (pre) predicts better than ridge (post) in every layer"
        rows += _all(between("M2", text, "ridge_pre", "ridge_post", layers, statistic))
        zipper = []
        for layer, following in pairwise(layers):
            for pre in (layer, following):
                text = (
                    "zipper: pre-softplus maps of a layer and the next beat its post-softplus map"
                )
                part = f"pre {pre} > post {layer}"
                left, right = value("ridge_pre", pre), value("ridge_post", layer)
                zipper.append(_row("M3", text, "models", statistic, part, left, right))
        rows += _all(zipper) if zipper else []
        text = "the linear nonlinear map predicts better than ridge (post)"
        rows += between("M4", text, "linear_nonlinear", "ridge_post", ["overall"], statistic)
        text = "the linear softplus map predicts at least as well as the linear nonlinear map"
        rows += between(
            "M5", text, "linear_softplus", "linear_nonlinear", ["overall"], statistic, False
        )
        text = "the pre linear softplus map predicts best of the methods with post-softplus targets"
        others = [value(method) for method in POST_TARGET[:-1]]
        best = value("pre_linear_softplus")
        rows.append(_row("M6", text, "models", statistic, "overall", best, np.max(others)))

    def specific(claim, statement, better, worse, part=""):
        left, right = tables.silhouette(better), tables.silhouette(worse)
        return _row(claim, statement, "models", "silhouette", part, left, right)

    text = "ridge (post) has a higher silhouette than soft matching"
    rows.append(specific("M7", text, "ridge_post", "soft_matching"))
    text = "ridge (pre) has a higher silhouette than ridge (post)"
    rows.append(specific("M8", text, "ridge_pre", "ridge_post"))
    text = "the linear nonlinear and linear softplus maps have higher silhouettes than ridge (post)"
    rows += _all(
        [
            specific("M9", text, method, "ridge_post", method)
            for method in ("linear_nonlinear", "linear_softplus")
        ]
    )
    text = (
        "pre linear softplus has the highest silhouette of the methods with post-softplus targets"
    )
    highest = np.max([tables.silhouette(method) for method in POST_TARGET[:-1]])
    left = tables.silhouette("pre_linear_softplus")
    rows.append(_row("M10", text, "models", "silhouette", "", left, highest))
    methods = tables.methods("models")
    specificity = [tables.silhouette(method) for method in methods]
    for statistic in STATISTICS:
        text = "no trade-off: predictivity and silhouette of the mapping methods rank alike"
        overall = [tables.predictivity("models", method, statistic) for method in methods]
        rank = _correlation(spearmanr, overall, specificity)
        rows.append(_row("M11", text, "models", statistic, "Spearman", rank, 0.0))
    text = "ridge (post) holds the same layer tighter than soft matching, and layers further apart"
    tight = [tables.silhouette(method, "mean_a") for method in ("soft_matching", "ridge_post")]
    wide = [tables.silhouette(method, "mean_b") for method in ("soft_matching", "ridge_post")]
    rows += _all(
        [
            _row("M12", text, "models", "silhouette", "distance within, soft > ridge", *tight),
            _row(
                "M12",
                text,
                "models",
                "silhouette",
                "distance between less within, ridge > soft",
                wide[1] - tight[1],
                wide[0] - tight[0],
            ),
        ]
    )
    text = "squaring changes the silhouette of RSA (no direction is claimed)"
    values = [tables.silhouette(method) for method in ("rsa_squared", "rsa")]
    row = _row("M13", text, "models", "silhouette", "", *values)
    if row["holds"] != "not measured":
        row["holds"] = "yes" if row["margin"] else "no"
    return [*rows, row]


def mouse_claims(tables):
    """Claims on the mice, B1 to B6, and S1, which simulated mice must meet by construction.

    Parameters
    ----------
    tables : Tables

    Returns
    -------
    list of dict
    """
    rows = []
    mappings = tables.methods("mice")
    for statistic in STATISTICS:

        def value(method, population="mice", statistic=statistic, relation="same part"):
            return tables.predictivity(population, method, statistic, relation=relation)

        text = "mean over areas: soft matching below ridge below linear nonlinear"
        rows += _all(
            [
                _row("B1", text, "mice", statistic, f"{high} > {low}", value(high), value(low))
                for low, high in pairwise(SHARED)
            ]
        )
        text = "the methods rank on mice as they do on models"
        in_mice = [value(method) for method in mappings]
        in_models = [value(method, "models") for method in mappings]
        tau = _correlation(kendalltau, in_mice, in_models)
        rows.append(_row("B2", text, "mice", statistic, "Kendall", tau, 1.0, strict=False))

    def separate(claim, text, direction, better, worse, slack=0.0):
        left = tables.separability(better, direction) + slack
        right = tables.separability(worse, direction)
        part = f"{better} > {worse}" if not slack else f"{better} + {slack} >= {worse}"
        return _row(claim, text, "mice", "separability", part, left, right, strict=not slack)

    flexible = ("ridge_post", "linear_nonlinear")
    text = "models to mice: soft matching separates models better than the flexible maps"
    direction = "model_to_mouse"
    rows += _all([separate("B3", text, direction, "soft_matching", name) for name in flexible])
    text = "mice to models: the flexible maps separate models better than soft matching"
    direction = "mouse_to_model"
    rows += _all([separate("B4", text, direction, name, "soft_matching") for name in flexible])
    text = "both directions: the flexible maps separate models at least as well as soft matching"
    rows += _all(
        [separate("B5", text, "both", name, "soft_matching", TOLERANCE) for name in flexible]
    )
    gaps = [tables.separability(method, "both") for method in mappings]
    for statistic in STATISTICS:
        text = "no trade-off: predictivity and separability of the mapping methods are not opposed"
        overall = [tables.predictivity("mice", method, statistic) for method in mappings]
        rank = _correlation(spearmanr, overall, gaps)
        rows.append(_row("B6", text, "mice", statistic, "Spearman", rank, 0.0, strict=False))
    for statistic in STATISTICS:
        text = "the same area of another mouse is predicted better than other areas"
        rows += _all(
            [
                _row(
                    "S1",
                    text,
                    "mice",
                    statistic,
                    method,
                    tables.predictivity("mice", method, statistic),
                    tables.predictivity("mice", method, statistic, relation="different part"),
                )
                for method in mappings
            ]
        )
    return rows


def check(predictivity, silhouette, separability, *, layers):
    """All claims as a table.

    Parameters
    ----------
    predictivity, silhouette, separability : pandas.DataFrame
        As the summaries write them.
    layers : list of str
        Layers of the model population, from the image upwards.

    Returns
    -------
    pandas.DataFrame
        ``claim``, ``statement``, ``population``, ``statistic``, ``part``, ``left``, ``right``,
        ``margin`` (left less right) and ``holds`` (yes, no, or not measured).
    """
    tables = Tables(predictivity, silhouette, separability)
    return pd.DataFrame([*model_claims(tables, layers), *mouse_claims(tables)])
