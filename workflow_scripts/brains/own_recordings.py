"""A lab's own recordings, read as the jobs will read them, so that a wrong one is refused early."""

from collections.abc import Callable, Iterable

from workflow_scripts.brains.recording import Recording
from workflow_scripts.brains.subjects import Filters, read_subject
from workflow_scripts.common.config import Brain
from workflow_scripts.common.files import PathLike


def reader(name: str, brain: Brain) -> Callable[[PathLike], Recording]:
    """Function that reads one recording after the other, as the jobs will.

    It remembers the names of subjects, and refuses one that comes twice.

    Parameters
    ----------
    name : str
        Name of the brain in the configuration.
    brain : workflow_scripts.common.config.Brain
        What the configuration says of it.
    """
    filters = Filters(
        areas=brain.areas,
        preset=brain.preset,
        n_stimuli=brain.n_scenes,
        **brain.filters.model_dump(),
    )
    key = f"config brains.{name}.sessions"
    taken: dict[str, PathLike] = {str(session): key for session in brain.sessions}

    def read(path: PathLike) -> Recording:
        with_trials = brain.noise_correction is not None
        _, recording = read_subject(path, filters, name, taken, with_trials)
        return recording

    return read


def check_own_responses(name: str, brain: Brain, files: Iterable[PathLike]) -> None:
    """Refuse recordings that are not in the form, or have a name that another subject has.

    Parameters
    ----------
    name : str
        Name of the brain in the configuration.
    brain : workflow_scripts.common.config.Brain
        What the configuration says of it.
    files : iterable of str or path-like
        The lab's recordings.

    Raises
    ------
    InputError
        On the first that is wrong.
    """
    read = reader(name, brain)
    for path in files:
        read(path)
