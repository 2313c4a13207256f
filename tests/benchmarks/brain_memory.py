"""Memory and time of a large recording, such as fMRI: 10,000 units, 1,000 stimuli, 3 trials.

Run ``uv run python tests/benchmarks/brain_memory.py [--units N] [--ragged]``. A recording is
written, then `import_recording` computes the reliability of its units and `read_subject` reads
their single trials, each in a process of its own. With ``--ragged``, units have trials of their
own. Memory should stay below 4 GB.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
from pathlib import Path
from time import process_time

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # the workflow is not an installed package

from workflow_scripts.brains import import_recording
from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.brains.subjects import Filters, read_subject
from workflow_scripts.common.files import write_netcdf
from workflow_scripts.common.stimuli import Stimuli

AREAS = ("V1", "V4", "IT")


def names(n_stimuli):
    return np.array([f"image_{number}.png" for number in range(n_stimuli)])


def write(path, n_units, n_stimuli, n_trials, is_ragged):
    """Write responses whose signal is as large as their noise, a twentieth of them missing."""
    random = np.random.default_rng(0)
    responses = random.standard_normal((n_stimuli, n_trials, n_units), np.float32)
    responses += random.standard_normal((n_stimuli, 1, n_units), np.float32)
    if is_ragged:
        responses[:, -1][random.random((n_stimuli, n_units)) < 0.05] = np.nan
    else:
        responses[random.random(n_stimuli) < 0.05, -1] = np.nan
    recording = make_recording(
        responses,
        names(n_stimuli),
        np.resize(AREAS, n_units),
        subject="large",
        data_kind="simulated",
        measurement="fmri",
        units="%",
    )
    write_netcdf(recording, path)


def bring_in(path, output):
    import_recording.main(path, None, {"seed": 0, "reliability_stimuli": "all"}, output)


def read(path, n_stimuli):
    filters = Filters(list(AREAS), "ccn25", min_reliability=None, min_units=5, min_trials=2)
    listed = Stimuli(names(n_stimuli), names(n_stimuli))
    subject, _, _ = read_subject(path, filters, "brain", listed)
    assert sum(profile.values.shape[1] for profile in subject.values())


def measured(label, action, *arguments):
    """Run in a process of its own, and print its processor time and largest memory."""

    def run():
        before = process_time()
        action(*arguments)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{label}: {process_time() - before:.0f} s, at most {peak:.2f} GB", flush=True)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(process.exitcode)


def main():
    """Print the memory of each step."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, value in (("units", 10_000), ("stimuli", 1_000), ("trials", 3)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--ragged", action="store_true", help="units have trials of their own")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, imported = Path(folder, "large.nc"), Path(folder, "imported.nc")
        size = arguments.units, arguments.stimuli, arguments.trials
        measured("written", write, path, *size, arguments.ragged)
        print(f"{path.stat().st_size / 1e9:.2f} GB in the file", flush=True)
        measured("imported, with reliabilities", bring_in, path, imported)
        measured("read, with single trials", read, imported, arguments.stimuli)


if __name__ == "__main__":
    main()
