"""Time and memory of reading one session of the size of the Allen Institute's largest.

Run ``uv run python tests/benchmarks/extraction.py PYTHON [--folder DIR]`` with the interpreter of
the AllenSDK environment as PYTHON (``.envs/allensdk-*/bin/python``). A simulated session of 3.3 GB
is written, with 2,800 units, 160 million spikes and their amplitudes, and mean waveforms; then
`extract_responses` reads it.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # the workflow is not an installed package

from workflow_scripts.brains.allen import nwb
from workflow_scripts.brains.allen.session_file import replace_column
from workflow_scripts.brains.simulated.simulation import Simulation, simulate

ROOT = Path(__file__).parents[2]
SESSION = 900001
N_SCENES, N_TRIALS = 118, 50
AREAS = ("VISp", "VISl", "VISrl", "VISal", "VISpm", "VISam")
UNITS_PER_AREA = 465
N_SPIKES = 160_000_000
RECORDING_S = 9_600.0
"""Time after the scenes over which the other spikes are spread."""


def write_large_session(path):
    """Write a session whose spikes fill the whole recording, and return its number of units."""
    random = np.random.default_rng(0)
    layers = {area: random.normal(size=(N_SCENES, 20)) for area in AREAS}
    options = Simulation(
        seed=0,
        session=SESSION,
        units_per_area=[UNITS_PER_AREA] * 2,
        n_trials=N_TRIALS,
        max_dimensions=10,
        spectrum="cortex",
        mean_rate_hz=8.0,
        gain=2.0,
    )
    session = simulate(layers, options)
    times = session.spike_times
    shown_s = max(of_unit[-1] for of_unit in times if len(of_unit))
    missing = (N_SPIKES - sum(map(len, times))) // len(times)
    for number, of_unit in enumerate(times):
        later = np.sort(random.uniform(shown_s + 1, shown_s + 1 + RECORDING_S, missing))
        times[number] = np.concatenate([of_unit, later])
    nwb.write_session(path, session, notes="{}")
    with h5py.File(path, "r+") as file:
        units = file["units"]
        replace_column(units, "spike_amplitudes", np.full(len(units["spike_times"]), 1e-4))
        units["spike_amplitudes_index"][...] = units["spike_times_index"][...]
        n_units = len(units["id"])
        rows = 384  # channels of a probe, with 82 samples each
        replace_column(units, "waveform_mean", np.zeros((n_units * rows, 82)))
        units["waveform_mean_index"][...] = rows * np.arange(1, n_units + 1)
    return len(times)


def main():
    """Print the size of the file, and seconds and memory of the extraction."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("python", help="interpreter of the AllenSDK environment")
    parser.add_argument("--folder", help="where to write the session (4 GB)")
    arguments = parser.parse_args()
    settings = {
        "brain": "mouse",
        "session": SESSION,
        "areas": AREAS,
        "window_s": [0.04, 0.25],
        "quality": {
            "isi_violations_maximum": 0.5,
            "amplitude_cutoff_maximum": 0.1,
            "presence_ratio_minimum": 0.95,
        },
        "n_halves": 100,
        "n_scenes": N_SCENES,
        "preset": "ccn25",
        "min_trials": 2,
        "seed": 0,
    }
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        path = Path(folder, "session.nwb")
        started = perf_counter()
        n_units = write_large_session(path)
        print(
            f"{n_units} units, {path.stat().st_size / 1e9:.2f} GB, written in "
            f"{perf_counter() - started:.0f} s",
            flush=True,
        )
        command = [
            arguments.python,
            "-m",
            "workflow_scripts.brains.allen.extract_responses",
            "--nwb",
            path,
        ]
        command += ["--settings", json.dumps(settings), "--output", Path(folder, "out.nc")]
        started = perf_counter()
        subprocess.run(
            [*command, "--log", Path(folder, "log")],
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
        print(f"extracted in {perf_counter() - started:.0f} s, at most {peak:.2f} GB of memory")


if __name__ == "__main__":
    main()
