"""What figures and claims call the subjects of a brain."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def describe_brain(name: str, subjects: "pd.DataFrame") -> str:
    """Number and kind of a brain's subjects.

    The kind is what each recording says of itself, wherever its file came from.

    Parameters
    ----------
    name : str
        The brain's name in the configuration.
    subjects : pandas.DataFrame
        Its table of `summarise_brain`: one row per subject and area.

    Returns
    -------
    str
        Such as ``macaque: 3 simulated subjects and 1 recorded subject``.
    """
    kinds = subjects.drop_duplicates("subject")["data_kind"].value_counts(sort=False)
    counts = [
        f"{number} {kind} subject{'' if number == 1 else 's'}" for kind, number in kinds.items()
    ]
    return f"{name}: {' and '.join(counts)}"


def brain_title(name: str, subjects: "pd.DataFrame") -> str:
    """The brain with what was measured and its unit, such as ``macaque: spikes (spikes/s)``."""
    measured = subjects[["measurement", "response_unit"]].drop_duplicates()
    told = [f"{what} ({unit})" for what, unit in measured.itertuples(index=False)]
    return f"{name}: {', '.join(told)}"
