"""What was measured of each method on one population: the answer in numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from workflow_scripts.figures.panel import MethodLook
from workflow_scripts.report.answers import INTERVAL, interval, number

COLUMNS = ["method", "table", "reading", "value", "ci_low", "ci_high"]


@dataclass(frozen=True)
class Standings:
    """A row per method, a column per quantity.

    Attributes
    ----------
    heads : list of str
        Quantities, of each the first reading.
    rows : list of (str, list of (str, str))
        Label of each method, and of each quantity its value and its 95 % interval in words.
    """

    heads: Sequence[str]
    rows: Sequence[tuple[str, Sequence[tuple[str, str]]]]


def measured(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Predictivity and every reading of specificity of each method, with intervals.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Tables of one population by their names, of which ``predictivity``, ``specificity`` and
        ``separability`` are read, if they are there.

    Returns
    -------
    pandas.DataFrame
        With `COLUMNS`: ``table`` is the one that the value is from.
    """
    found = [pd.DataFrame(columns=COLUMNS)]
    if "predictivity" in tables:
        table = tables["predictivity"]
        chosen = (table["relation"] == "same part") & (table["part"] == "overall")
        rows = table[chosen & (table["statistic"] == "median")]
        found.append(
            rows.assign(table="predictivity", reading="predictivity", value=rows["predictivity"])
        )
    if "specificity" in tables:
        table = tables["specificity"]
        names = table["reading"].str.replace("_", " ")
        found.append(table.assign(table="specificity", reading=names))
    if "separability" in tables:
        table = tables["separability"]
        rows = table[(table["area"] == "mean") & (table["scale"] == "raw")]
        rows = rows.sort_values("direction", kind="stable")
        names = "separability of models, " + rows["direction"].str.replace("_", " ")
        found.append(rows.assign(table="separability", reading=names, value=rows["separability"]))
    every = pd.concat([rows[COLUMNS] for rows in found if len(rows)] or found)
    return every.dropna(subset="value")


def standings(found: pd.DataFrame, methods: Sequence[MethodLook]) -> Standings:
    """The first reading of each table of `measured`, by method."""
    first = found.groupby("table", sort=False)["reading"].first()
    heads = [
        name if name.startswith(table) else f"{table}: {name}" for table, name in first.items()
    ]
    cells = {
        (row["method"], row["reading"]): (
            number(row["value"]),
            interval(row["ci_low"], row["ci_high"]).removeprefix(INTERVAL),
        )
        for row in found.to_dict("records")
    }
    rows = [
        (look.label, [cells.get((look.name, reading), ("–", "")) for reading in first])
        for look in methods
        if look.name in set(found["method"])
    ]
    return Standings(heads, rows)
