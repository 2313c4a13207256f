"""Simulate the recording of one mouse and write it as an Allen session file."""

import json
import logging
from typing import Any

from workflow_scripts.brains.allen.nwb import write_session
from workflow_scripts.brains.simulated.simulation import Simulation, simulate
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.networks.activation_file import read_activations


def main(truth: PathLike, output: PathLike, settings: dict[str, Any]) -> None:
    """Read the ground truth, simulate the session and write it."""
    areas = settings["areas"]
    read = read_activations(truth, "truth", list(areas.values()), "pre")
    layers = {area: profile.values for area, profile in zip(areas, read, strict=True)}
    options = {name: value for name, value in settings.items() if name != "areas"}
    session = simulate(layers, Simulation(**options))
    notes = json.dumps(stamp(settings, seed=settings["seed"], data_kind="simulated"))
    write_session(output, session, notes)
    logging.info("%d units, %d spikes", len(session.units), sum(map(len, session.spike_times)))


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.truth, snakemake.output[0], snakemake.params.settings)
