"""The paper's claims as a table, and how each is checked against what was measured.

Every claim compares two values, in one or several rows. Nothing here knows what the answer should
be for any particular data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from workflow_scripts.evaluation.comparisons import (
    Compare,
    Comparison,
    Values,
    best,
    distances,
    in_parts,
    pairs,
    predictivity,
    ranks,
    ranks_on_networks,
    same_over_different_part,
    separability,
    silhouette,
    zipper,
)
from workflow_scripts.evaluation.metric import Kind


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim of the paper.

    Attributes
    ----------
    name : str
    statement : str
    kind : {"networks", "brain"}
        Populations that it is about.
    statistics : tuple of str
        ``median`` and ``mean``, each compared in turn, or ``silhouette`` or ``separability``.
    compare : callable
        Measures the values to compare, from `Values` and a statistic.
    relation : {">", ">=", "!="}
        What must hold between left and right.
    together : bool
        Whether one more row, with part ``all``, says whether all the others hold.
    needs_networks : bool
        Whether a claim on brains also needs the networks.
    """

    name: str
    statement: str
    kind: Kind
    statistics: tuple[str, ...]
    compare: Compare
    relation: Literal[">", ">=", "!="] = ">"
    together: bool = False
    needs_networks: bool = False

    def rows(self, values: Values) -> list[dict[str, object]]:
        """Rows of claims.csv on one population."""
        rows: list[dict[str, object]] = []
        for statistic in self.statistics:
            comparisons = self.compare(values, statistic)
            told = [self._row(values.population, statistic, item) for item in comparisons]
            rows += told
            if self.together and told:
                rows.append(self._all(comparisons, told))
        return rows

    def _row(self, population: str, statistic: str, item: Comparison) -> dict[str, object]:
        return {
            "claim": self.name,
            "statement": self.statement,
            "population": population,
            "statistic": statistic,
            "part": item.part,
            "left": item.left,
            "right": item.right,
            "margin": item.left - item.right,
            "holds": self._verdict(item.left, item.right),
        }

    def _verdict(self, left: float, right: float) -> str:
        if np.isnan(left) or np.isnan(right):
            return "not measured"
        holds = {">": left > right, ">=": left >= right, "!=": left != right}[self.relation]
        return "yes" if holds else "no"

    def _all(
        self, comparisons: Sequence[Comparison], rows: Sequence[dict[str, object]]
    ) -> dict[str, object]:
        """The row with the smallest margin, which holds if all rows do."""
        margins = np.array([item.left - item.right for item in comparisons])
        worst = rows[int(np.argmin(np.where(np.isnan(margins), -np.inf, margins)))]
        verdicts = {row["holds"] for row in rows}
        holds = next(word for word in ("not measured", "no", "yes") if word in verdicts)
        return {**worst, "part": "all", "holds": holds}


PREDICTIVITY = ("median", "mean")
"""Statistics of predictivity.csv: the mean of the cells' scores, which are medians over units, and
the mean of their means over units."""

FLEXIBLE = ("ridge_post", "linear_nonlinear")
"""The flexible maps that the paper compares with soft matching on brains."""

OTHER_POST = ("soft_matching", "ridge_post", "linear_nonlinear", "linear_softplus")
"""The paper's methods with post-softplus targets, without the pre linear softplus map."""

TOLERANCE = 0.005
"""Difference of separabilities that "at least as well" allows for. Its size is our choice."""

CLAIMS = (
    Claim(
        name="M1",
        statement="ridge (post) predicts the same layer better than soft matching",
        kind="networks",
        statistics=PREDICTIVITY,
        compare=in_parts("ridge_post", "soft_matching", overall=True, layers=True),
    ),
    Claim(
        name="M2",
        statement="ridge (pre) predicts better than ridge (post) in every layer",
        kind="networks",
        statistics=PREDICTIVITY,
        compare=in_parts("ridge_pre", "ridge_post", overall=False, layers=True),
        together=True,
    ),
    Claim(
        name="M3",
        statement="zipper: pre-softplus maps of a layer and of the next beat the post-softplus map",
        kind="networks",
        statistics=PREDICTIVITY,
        compare=zipper("ridge_pre", "ridge_post"),
        together=True,
    ),
    Claim(
        name="M4",
        statement="the linear nonlinear map predicts better than ridge (post)",
        kind="networks",
        statistics=PREDICTIVITY,
        compare=in_parts("linear_nonlinear", "ridge_post", overall=True, layers=False),
    ),
    Claim(
        name="M5",
        statement="the linear softplus map predicts at least as well as the linear nonlinear map",
        kind="networks",
        statistics=PREDICTIVITY,
        compare=in_parts("linear_softplus", "linear_nonlinear", overall=True, layers=False),
        relation=">=",
    ),
    Claim(
        name="M6",
        statement=(
            "the pre linear softplus map predicts best of the methods with post-softplus targets"
        ),
        kind="networks",
        statistics=PREDICTIVITY,
        compare=best(predictivity, "pre_linear_softplus", OTHER_POST, part="overall"),
    ),
    Claim(
        name="M7",
        statement="ridge (post) has a higher silhouette than soft matching",
        kind="networks",
        statistics=("silhouette",),
        compare=pairs(silhouette, ("ridge_post", "soft_matching"), part=""),
    ),
    Claim(
        name="M8",
        statement="ridge (pre) has a higher silhouette than ridge (post)",
        kind="networks",
        statistics=("silhouette",),
        compare=pairs(silhouette, ("ridge_pre", "ridge_post"), part=""),
    ),
    Claim(
        name="M9",
        statement=(
            "the linear nonlinear and linear softplus maps have higher silhouettes than ridge "
            "(post)"
        ),
        kind="networks",
        statistics=("silhouette",),
        compare=pairs(
            silhouette,
            ("linear_nonlinear", "ridge_post"),
            ("linear_softplus", "ridge_post"),
            part="{left}",
        ),
        together=True,
    ),
    Claim(
        name="M10",
        statement=(
            "pre linear softplus has the highest silhouette of the methods with post-softplus "
            "targets"
        ),
        kind="networks",
        statistics=("silhouette",),
        compare=best(silhouette, "pre_linear_softplus", OTHER_POST, part=""),
    ),
    Claim(
        name="M11",
        statement="no trade-off: predictivity and silhouette of the mapping methods rank alike",
        kind="networks",
        statistics=PREDICTIVITY,
        compare=ranks(predictivity, silhouette),
    ),
    Claim(
        name="M12",
        statement=(
            "ridge (post) puts equal layers closer together than soft matching does, and different "
            "layers further apart"
        ),
        kind="networks",
        statistics=("silhouette",),
        compare=distances,
        together=True,
    ),
    Claim(
        name="M13",
        statement="squaring changes the silhouette of RSA (no direction is claimed)",
        kind="networks",
        statistics=("silhouette",),
        compare=pairs(silhouette, ("rsa_squared", "rsa"), part=""),
        relation="!=",
    ),
    Claim(
        name="B1",
        statement="mean over areas: soft matching below ridge below linear nonlinear",
        kind="brain",
        statistics=PREDICTIVITY,
        compare=pairs(
            predictivity, ("ridge_post", "soft_matching"), ("linear_nonlinear", "ridge_post")
        ),
        together=True,
    ),
    Claim(
        name="B2",
        statement="the methods rank on the brain as they do on the networks",
        kind="brain",
        statistics=PREDICTIVITY,
        compare=ranks_on_networks,
        relation=">=",
        needs_networks=True,
    ),
    Claim(
        name="B3",
        statement="models to brain: soft matching separates models better than the flexible maps",
        kind="brain",
        statistics=("separability",),
        compare=pairs(
            separability("model_to_brain"), *(("soft_matching", name) for name in FLEXIBLE)
        ),
        together=True,
    ),
    Claim(
        name="B4",
        statement="brain to models: the flexible maps separate models better than soft matching",
        kind="brain",
        statistics=("separability",),
        compare=pairs(
            separability("brain_to_model"), *((name, "soft_matching") for name in FLEXIBLE)
        ),
        together=True,
    ),
    Claim(
        name="B5",
        statement=(
            "both directions: the flexible maps separate models at least as well as soft matching"
        ),
        kind="brain",
        statistics=("separability",),
        compare=pairs(
            separability("both"),
            *((name, "soft_matching") for name in FLEXIBLE),
            part=f"{{left}} + {TOLERANCE} >= {{right}}",
            slack=TOLERANCE,
        ),
        relation=">=",
        together=True,
    ),
    Claim(
        name="B6",
        statement=(
            "no trade-off: predictivity and separability of the mapping methods are not opposed"
        ),
        kind="brain",
        statistics=PREDICTIVITY,
        compare=ranks(predictivity, separability("both")),
        relation=">=",
    ),
    # For simulated brains, this is true by construction.
    Claim(
        name="S1",
        statement="the same area of other subjects predicts an area better than other areas do",
        kind="brain",
        statistics=PREDICTIVITY,
        compare=same_over_different_part,
        together=True,
    ),
)

COLUMNS = [
    *("claim", "statement", "population", "statistic", "part"),
    *("left", "right", "margin", "holds"),
]


def check(
    predictivities: pd.DataFrame,
    silhouettes: pd.DataFrame,
    separabilities: pd.DataFrame,
    *,
    layers: Sequence[str],
    brains: Sequence[str],
) -> pd.DataFrame:
    """Check all claims on the populations of this run.

    Parameters
    ----------
    predictivities, silhouettes, separabilities : pandas.DataFrame
        Tables of the metrics.
    layers : list of str
        Layers of the networks, from the image upwards; empty without a population of networks.
    brains : list of str
        Names of the brains.

    Returns
    -------
    pandas.DataFrame
        ``claim``, ``statement``, ``population``, ``statistic``, ``part``, ``left``, ``right``,
        ``margin`` (left less right) and ``holds`` (yes, no, or not measured).
    """
    tables = predictivities, silhouettes, separabilities
    networks = Values("networks", *tables, layers=layers) if layers else None
    populations = {
        "networks": [] if networks is None else [networks],
        "brain": [Values(name, *tables, networks=networks) for name in brains],
    }
    rows = [
        row
        for kind, of_kind in populations.items()
        for values in of_kind
        for claim in CLAIMS
        if claim.kind == kind and not (claim.needs_networks and networks is None)
        for row in claim.rows(values)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
