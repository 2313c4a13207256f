"""Simulate the recording of one subject and write it as an Allen session file."""

import json
import logging

import xarray as xr

from workflow_scripts.brains.allen import nwb
from workflow_scripts.brains.simulated.simulation import simulate
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp


def main(truth, output, settings):
    """Read the ground truth, simulate the session and write it."""
    layers = {}
    for area, layer in settings["areas"].items():
        with xr.open_dataset(truth, group=layer, engine="h5netcdf") as responses:
            layers[area] = responses["pre"].transpose("stimulus", "unit").values.astype(float)
    contents = simulate(layers, settings)
    notes = json.dumps(stamp(settings, seed=settings["seed"], data_kind="simulated"))
    nwb.write_session(output, notes=notes, **contents)
    n_spikes = sum(map(len, contents["spike_times"]))
    logging.info("%d units, %d spikes", len(contents["units"]), n_spikes)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.truth, snakemake.output[0], snakemake.params.settings)
