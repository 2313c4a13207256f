"""Compare the tables of two finished runs in every digit, apart from seconds.

From the root of the repository, with the folders of two runs or of their tables::

    uv run python tests/harness/compare_runs.py BEFORE AFTER

Values are compared as the text that stands in the files. A run of version 0.1 is read under the
names of version 0.2 (see `renamed`), so that the two versions can be compared. Prints one line per
table and the first cells that differ; exits with 1 if any do.
"""

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

SHOWN = 10
"""Cells and rows that are listed for each table that differs."""

KEYS = (
    *("claim", "population", "comparison", "brain", "method", "relation", "direction"),
    *("statistic", "source_subject", "source_part", "target_subject", "target_part", "split"),
    *("variant", "seed", "subject", "area", "part", "unit"),
    *("symmetrisation", "clip", "exclude_same_subject"),
)
"""Columns that say what a row is about; rows of two runs are matched by those that both have."""

TEXTS = {"claims": ("statement", "part", "data")}
"""Columns of a table with texts for readers, which may be worded in another way."""

OF_BRAINS = ("subjects", "units", "stimuli", "sessions")
"""Tables that each brain has of its own."""

ADDED = ("brain", "population", "data_kind")
"""Columns that tables of version 0.1 do not have yet."""

OLD_TABLES = {"mice": "mouse/subjects", "mouse_units": "mouse/units"}
OLD_COLUMNS = {
    "mice": {"session": "subject"},
    "mouse_units": {"session": "subject"},
    "split_scores": {"score": "split_score"},
}
OLD_DIRECTIONS = {"model_to_mouse": "model_to_brain", "mouse_to_model": "brain_to_model"}
OLD_VALUES = {
    "comparison": {"models": "networks", "mouse": "brain", **OLD_DIRECTIONS},
    "direction": OLD_DIRECTIONS,
    "population": {"models": "networks", "mice": "mouse"},
}
"""What version 0.1 called the tables, their columns and the values in some columns."""


@dataclass(frozen=True)
class Difference:
    """What tells one table from the same table of another run.

    Attributes
    ----------
    name : str
        Table, without its suffix.
    n_rows : int
        Rows that both have.
    differs : list of str
        One line per missing column, row or cell with another value.
    notes : list of str
        What may differ between equal tables: added columns, the order, texts for readers.
    """

    name: str
    n_rows: int = 0
    differs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def identical(self):
        """Whether there is nothing to tell."""
        return not self.differs and not self.notes

    def __str__(self):
        rest = len(self.differs) - SHOWN
        more = [f"and {rest} more"] if rest > 0 else []
        places = "1 place" if len(self.differs) == 1 else f"{len(self.differs)} places"
        verdict = f"DIFFERENT in {places}" if self.differs else "equal"
        first = f"{self.name}: {verdict}, {self.n_rows} rows in both"
        return "\n    ".join([first, *self.differs[:SHOWN], *more, *self.notes])


def read_tables(folder):
    """Every table of a run as text, by its name, in the names of today.

    Parameters
    ----------
    folder : path-like
        Folder of a run, or of its tables.

    Returns
    -------
    dict of str to pandas.DataFrame
        Without the columns that are measured by a clock. Tables of the same name have the rows of
        all populations, as runs of version 0.1 had them; those of a brain's units and stimuli are
        named ``mouse/units``.
    """
    run = Path(folder) / "results/tables"
    root = run if run.is_dir() else Path(folder)
    parts = {}
    for path in sorted(
        root.rglob("[!.]*.csv"), key=lambda path: ("networks" not in path.parts, path)
    ):
        name = str(path.relative_to(root).with_suffix("")) if path.stem in OF_BRAINS else path.stem
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        table = table.drop(columns=[column for column in table if "second" in column])
        parts.setdefault(name, []).append(table)
    tables = {name: pd.concat(of_name, ignore_index=True) for name, of_name in parts.items()}
    return renamed(tables) if is_old(tables) else tables


def is_old(tables):
    """Whether a run of version 0.1 wrote these tables."""
    return not OLD_TABLES.keys().isdisjoint(tables) or (
        "scores" in tables and "brain" not in tables["scores"]
    )


def renamed(tables):
    """Tables of version 0.1 in the names of version 0.2."""
    result = {}
    for name, table in tables.items():
        table = table.rename(columns=OLD_COLUMNS.get(name, {}))
        for column, names in OLD_VALUES.items():
            if column in table:
                table[column] = table[column].replace(names)
        result[OLD_TABLES.get(name, name)] = table
    return result


def compare(before, after):
    """Compare all tables of two runs.

    Parameters
    ----------
    before, after : dict of str to pandas.DataFrame
        From `read_tables`.

    Returns
    -------
    list of Difference
        One per table that either run has.
    """
    differences = []
    for name in sorted({*before, *after}):
        if name in before and name in after:
            differences.append(compare_table(name, before[name], after[name]))
        else:
            missing = "AFTER" if name in before else "BEFORE"
            differences.append(Difference(name, differs=[f"there is none in {missing}"]))
    return differences


def compare_table(name, before, after):
    """Compare two tables: the rows with the same keys, wherever they stand."""
    texts = TEXTS.get(name, ())
    both = [column for column in before if column in after]
    keys = [column for column in KEYS if column in both and column not in texts]
    left, right = (rows_by_key(table, keys) for table in (before, after))
    common = [key for key in left if key in right]
    difference = Difference(name, len(common))
    differs, notes = difference.differs, difference.notes

    new = [column for column in after if column not in before]
    differs += [f"column {column}: only in BEFORE" for column in before if column not in after]
    differs += [f"column {column}: only in AFTER" for column in new if column not in ADDED]
    differs += [f"{row_name(key, keys)}: only in BEFORE" for key in left if key not in right]
    differs += [f"{row_name(key, keys)}: only in AFTER" for key in right if key not in left]
    added = [column for column in new if column in ADDED]
    if added:
        notes.append(f"added: {', '.join(added)}")
    if both != [column for column in after if column in both]:
        notes.append("columns in another order")
    if common != [key for key in right if key in left]:
        notes.append("rows in another order")

    before = before.iloc[[left[key] for key in common]]
    after = after.iloc[[right[key] for key in common]]
    for column in both:
        values = list(zip(common, before[column], after[column], strict=True))
        changed = [(key, then, now) for key, then, now in values if then != now]
        if column in texts:
            pairs = dict.fromkeys((then, now) for _, then, now in changed)
            notes += [f"{column}: {then!r} is now {now!r}" for then, now in pairs]
        else:
            differs += [
                f"{row_name(key, keys)}: {column}: {then!r} is now {now!r}"
                for key, then, now in changed
            ]
    return difference


def rows_by_key(table, keys):
    """Position of each row, by its values in `keys` and its number among rows with the same."""
    seen, rows = Counter(), {}
    for position, values in enumerate(map(tuple, table[keys].to_numpy())):
        rows[values, seen[values]] = position
        seen[values] += 1
    return rows


def row_name(key, keys):
    """The row of a key from `rows_by_key`, in words."""
    values, number = key
    named = [f"{column} {value}" for column, value in zip(keys, values, strict=True) if value]
    return ", ".join(["row", *named, *([f"number {number + 1}"] if number else [])])


def assert_equal(tables, expected):
    """Refuse tables that differ in any digit, text, column or in their order.

    Raises
    ------
    AssertionError
        That says what differs.
    """
    different = [str(item) for item in compare(expected, tables) if not item.identical]
    assert not different, "\n".join(different)


def main():
    """Print one line per table, and what differs; exit with 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path, help="folder of a run, or of its tables")
    parser.add_argument("after", type=Path, help="the same of the run that is compared with it")
    arguments = parser.parse_args()
    before, after = (read_tables(folder) for folder in (arguments.before, arguments.after))
    for folder, tables in ((arguments.before, before), (arguments.after, after)):
        if not tables:
            sys.exit(f"{folder}: found no table, expected results/tables/*.csv or *.csv")
    differences = compare(before, after)
    print("\n".join(map(str, differences)))
    n_different = sum(bool(item.differs) for item in differences)
    print(f"{len(differences) - n_different} of {len(differences)} tables are equal")
    sys.exit(1 if n_different else 0)


if __name__ == "__main__":
    main()
