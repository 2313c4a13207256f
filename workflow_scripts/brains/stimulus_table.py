"""The table of a brain's stimuli, which says which of them take part; jobs read no other list."""

from workflow_scripts.common.files import PathLike, read_table
from workflow_scripts.common.stimuli import Stimuli


def read_stimuli(path: PathLike) -> Stimuli:
    """The stimuli that take part, from the table of `stimulus_table`."""
    table = read_table(path)
    table = table[table["takes_part"]]
    # A column without a value is read as numbers.
    split = table["split"].astype(object).fillna("")
    return Stimuli(
        table["stimulus"].to_numpy(str),
        table["group"].to_numpy(str),
        (split == "test").to_numpy() if (split != "").any() else None,
    )
