"""Files of the workflow are read as xarray reads them."""

import numpy as np
import xarray as xr

from workflow_scripts.common.files import write_netcdf
from workflow_scripts.common.netcdf import read_variables


def test_variables_and_attributes_are_those_that_xarray_reads(tmp_path):
    path = tmp_path / "scores.nc"
    written = xr.Dataset(
        {
            "score": (("cell", "group"), np.array([[0.1, np.nan], [-np.inf, 1 / 3]], np.float32)),
            "n_units": ("cell", [3, 0]),
            "reason": ("cell", ["", "Größe 0"]),
            "empty": (("cell", "nothing"), np.empty((2, 0))),
        },
        coords={"part": ("cell", ["007", "conv1"])},
        attrs={"method": "null", "subject_groups": "[]", "seed": 2**40},
    )
    write_netcdf(written, path)
    variables, attributes = read_variables(path)
    with xr.open_dataset(path, engine="h5netcdf") as data:
        for name in data.variables:
            assert variables[name].tolist() == data[name].values.tolist() or name == "score"
            assert variables[name].shape == data[name].shape
        np.testing.assert_array_equal(variables["score"], data["score"])
        assert variables["score"].dtype == data["score"].dtype
        assert {name: attributes[name] for name in data.attrs} == data.attrs
