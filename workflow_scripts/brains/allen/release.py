"""What the Allen Institute released as Visual Coding - Neuropixels.

Siegle et al. (2021), Survey of spiking in the mouse visual system reveals functional hierarchy,
Nature 592:86-92, and the technical white paper of the data set.
"""

from typing import TYPE_CHECKING

from workflow_scripts.common.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

SESSION_TYPE = "brain_observatory_1.1"
"""Stimulus set of the sessions that showed natural scenes: 32 of the 58, as sessions.csv says."""

TEMPLATE_SHAPE = (918, 1174)
"""Height and width in pixels of the published picture of a natural scene."""


def scene_name(scene: int) -> str:
    """Name of a natural scene: that of its file."""
    return f"natural_scene_{scene}.tiff"


def rows_of(table: "pd.DataFrame", ids: "pd.Series", name: str) -> "pd.DataFrame":
    """Rows of a published table, which must have every id that another table names.

    Raises
    ------
    InputError
        It names the file and the first id that is missing.
    """
    table = table.set_index("id")
    missing = ids[~ids.isin(table.index)]
    if len(missing):
        found = f"no row of id {missing.iloc[0]}, which another table names"
        raise InputError(name, found, "the whole table; delete it to fetch it again")
    return table.loc[ids]
