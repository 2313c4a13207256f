"""The errors that bad input and unusable data end in."""


class InputError(ValueError):
    """A file or setting is wrong. Its message is one sentence for the person who can correct it.

    Every such sentence of the workflow is made here: ``<file or key>: found X, expected Y``.

    Parameters
    ----------
    place : object
        File, or key of the configuration as ``config a.b``, as text.
    found : str
        What stands there.
    expected : str
        What should stand there, and what to do if that is not obvious.
    """

    def __init__(self, place: object, found: str, expected: str) -> None:
        # Kept as arguments, so that the error can be sent from one process to another.
        super().__init__(place, found, expected)

    def __str__(self) -> str:
        place, found, expected = self.args
        return f"{place}: found {found}, expected {expected}"


class NotComparable(ValueError):
    """These data do not allow this fit. The message is the reason that the cell is skipped."""
