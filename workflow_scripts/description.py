"""What the mice of a run are, in words: for the table of claims and the foot of every figure."""


def describe_mice(mice):
    """Number and kind of the mice, such as ``3 simulated mice and 1 recorded mouse``.

    Taken from what the files of responses say of themselves, whatever place they came from.

    Parameters
    ----------
    mice : pandas.DataFrame
        Table of `summarise_mice`: a row a session and area.

    Returns
    -------
    str
    """
    counts = mice.drop_duplicates("session")["data_kind"].value_counts(sort=False)
    return " and ".join(
        f"{number} {kind} {'mouse' if number == 1 else 'mice'}" for kind, number in counts.items()
    )
