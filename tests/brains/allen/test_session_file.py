"""A session file is refused where AllenSDK would count other spikes than the file's units have."""

import h5py
import numpy as np
import pytest

from workflow_scripts.brains.allen.nwb import write_session
from workflow_scripts.brains.allen.session_file import SCENES, check_content, check_times
from workflow_scripts.brains.simulated.simulation import Simulation, simulate
from workflow_scripts.common.errors import InputError

N_SCENES, SESSION = 12, 900001
INDEX, TIMES = "units/spike_times_index", "units/spike_times"


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """Bytes of a simulated session of one area."""
    drawn = {"units_per_area": [6, 8], "max_dimensions": 3, "mean_rate_hz": 10.0}
    simulation = Simulation(
        seed=0, session=SESSION, n_trials=6, spectrum="cortex", gain=2.0, **drawn
    )
    layers = {"VISp": np.random.default_rng(0).normal(size=(N_SCENES, 10))}
    path = tmp_path_factory.mktemp("nwb") / "session.nwb"
    write_session(path, simulate(layers, simulation), notes="{}")
    return path.read_bytes()


@pytest.fixture
def edited(content, tmp_path):
    """The session with other values in one variable, as a file."""

    def write(name, edit):
        path = tmp_path / "session.nwb"
        path.write_bytes(content)
        with h5py.File(path, "r+") as file:
            values = file[name][:]
            attributes = dict(file[name].attrs)
            del file[name]
            made = file.create_dataset(name, data=edit(values))
            made.attrs.update(attributes)
        return path

    return write


def descending(ends):
    """The end of the third unit before that of the second, in unsigned numbers."""
    ends = ends.astype(np.uint64)
    ends[2] = ends[1] - 1
    return ends


def beyond(ends):
    return np.append(ends[:-1], ends[-1] + 1)


def one_too_few(ends):
    return ends[1:]


def negative(ends):
    return np.append(np.int64(-3), ends[1:].astype(np.int64))


def two_exchanged(times):
    times[[4, 5]] = times[[5, 4]]
    return times


def one_missing(times):
    times[7] = np.nan
    return times


def without_an_end(ends):
    ends[4] = np.nan
    return ends


def half_a_frame_later(frames):
    return frames + 0.5


DOES_NOT_FIT = "an index of spikes that does not fit its "
DO_NOT_ASCEND = "spike times that do not ascend, of unit "


@pytest.mark.parametrize(
    ("name", "edit", "found"),
    [
        (INDEX, descending, DOES_NOT_FIT),
        (INDEX, beyond, DOES_NOT_FIT),
        (INDEX, one_too_few, DOES_NOT_FIT),
        (INDEX, negative, DOES_NOT_FIT),
        (TIMES, two_exchanged, DO_NOT_ASCEND),
        (TIMES, one_missing, DO_NOT_ASCEND),
        (TIMES, lambda times: times[:-9], DOES_NOT_FIT),
        (TIMES, lambda times: (30_000 * times).astype(int), f"{TIMES} as int64 of shape ("),
        (TIMES, lambda times: times[:, None], f"{TIMES} as float64 of shape ("),
        (INDEX, lambda ends: ends - 0.5, f"{INDEX} as float64 of shape ("),
    ],
)
@pytest.mark.parametrize("check", [check_times, lambda p: check_content(p, SESSION, N_SCENES)])
def test_spikes_that_are_not_where_the_index_says_are_refused(edited, check, name, edit, found):
    """In a file that is downloaded, and in one of a directory."""
    path = edited(name, edit)
    with pytest.raises(InputError) as error:
        check(path)
    assert str(error.value).startswith(f"{path}: found {found}")


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("start_time", without_an_end),
        ("stop_time", without_an_end),
        ("start_time", lambda starts: starts[::-1]),
        ("stop_time", lambda ends: ends - 100),
    ],
)
@pytest.mark.parametrize("check", [check_times, lambda p: check_content(p, SESSION, N_SCENES)])
def test_presentations_that_do_not_begin_before_they_end_are_refused(edited, check, name, edit):
    """NaN is in no window, so that the counts would be of other spikes, or of none."""
    path = edited(f"intervals/natural_scenes_presentations/{name}", edit)
    with pytest.raises(InputError) as error:
        check(path)
    assert str(error.value) == (
        f"{path}: found a row of natural_scenes_presentations without a beginning before its end, "
        "expected start_time and stop_time of each row, in s"
    )


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (half_a_frame_later, "13 frames from -0.5 to 11.5"),
        (lambda frames: np.where(frames == 3, 4, frames), "12 frames from -1.0 to 11.0"),
        (lambda frames: frames.astype("S4"), "13 frames from b'-1.0' to b'9.0'"),
        (lambda frames: frames[:0], "0 frames"),
    ],
)
def test_frames_that_are_not_the_scenes_are_refused(edited, edit, found):
    path = edited(SCENES, edit)
    with pytest.raises(InputError) as error:
        check_content(path, SESSION, N_SCENES)
    assert str(error.value).startswith(f"{path}: found {found}, expected 0 to 11 and the blank -1")


def test_a_session_as_it_was_written_passes(edited):
    path = edited(TIMES, lambda times: times)
    check_content(path, SESSION, N_SCENES)


@pytest.mark.parametrize("seed", range(40))
def test_a_mutated_session_passes_or_is_named_in_one_sentence(content, tmp_path, seed):
    random = np.random.default_rng(seed)
    mutated = bytearray(content)
    # Headers lie at the beginning, between the groups.
    for place in random.integers(len(mutated) // (1 + 9 * (seed % 2)), size=8):
        mutated[place] ^= 1 << random.integers(8)
    path = tmp_path / "session.nwb"
    path.write_bytes(mutated)
    try:
        check_content(path, SESSION, N_SCENES)
    except InputError as error:
        assert str(error).startswith(f"{path}: found ") and "\n" not in str(error)
