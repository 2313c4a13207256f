"""The error that a bad input ends in: one sentence for the person who can mend it."""


class InputError(ValueError):
    """A file or setting is wrong; the message names it, what was found and what was expected."""


class NotComparable(ValueError):
    """The data do not allow this fit, as some data will; the message is the cell's reason."""
