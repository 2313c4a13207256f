"""Activations that somebody has already, as a netCDF file or a folder of arrays."""

import h5py
import numpy as np
import pytest
import xarray as xr

from workflow_scripts.common.errors import InputError
from workflow_scripts.networks import ready_activations
from workflow_scripts.networks.activation_file import read_activations
from workflow_scripts.networks.import_activations import main

NAMES = [f"faces/{number}.png" for number in range(30)]
LAYERS = {"wide": 500, "narrow": 4}
"""Numbers of units; at most twenty are kept."""


def responses(dtype=np.float32):
    random = np.random.default_rng(0)
    return {name: random.standard_normal((30, n)).astype(dtype) for name, n in LAYERS.items()}


def save_folder(path, layers, names=NAMES):
    path.mkdir(exist_ok=True)
    for layer, values in layers.items():
        np.save(path / f"{layer}.npy", values)
    (path / "stimuli.txt").write_text("".join(f"{name}\n" for name in names))
    return path


def save_netcdf(path, layers, names=NAMES, names_at_root=False):
    """One group per layer, and the names of the stimuli in each, or once for all."""
    place = {"stimulus": names}
    xr.Dataset(coords=place if names_at_root else {}).to_netcdf(path, engine="h5netcdf")
    for layer, values in layers.items():
        data = xr.Dataset(
            {"post": (("stimulus", "unit"), values)}, coords={} if names_at_root else place
        )
        data.to_netcdf(path, group=layer, mode="a", engine="h5netcdf")
    return path


def imported(path, tmp_path, layers=("wide", "narrow"), mode="random_same_index", projected=False):
    """File of the activations as the rest of the workflow reads them."""
    settings = {
        "seed": 0,
        "variant_name": "clip",
        "path": str(path),
        "layers": list(layers),
        "projected": projected,
        "units": {"mode": mode, "positions": 1, "max_per_layer": 20},
    }
    main(0, settings, tmp_path / "imported.nc")
    return tmp_path / "imported.nc"


def read(path, layer, **options):
    (profile,) = read_activations(path, "clip/0", [layer], "post", **options)
    return profile.values


FORMS = {
    "folder": lambda path, layers, **options: save_folder(path / "ready", layers, **options),
    "netcdf": lambda path, layers, **options: save_netcdf(path / "ready.nc", layers, **options),
}


@pytest.fixture(params=FORMS)
def save(request, tmp_path):
    """Writes activations in one of the two forms."""
    return lambda layers, **options: FORMS[request.param](tmp_path, layers, **options)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int16])
def test_units_of_a_wide_layer_are_chosen_and_a_narrow_one_is_whole(save, tmp_path, dtype):
    layers = (
        responses() if np.dtype(dtype).kind == "f" else {k: 100 * v for k, v in responses().items()}
    )
    layers = {name: values.astype(dtype) for name, values in layers.items()}
    path = imported(save(layers), tmp_path)
    np.testing.assert_array_equal(read(path, "narrow"), layers["narrow"].astype(np.float32))
    with xr.open_dataset(path, group="wide", engine="h5netcdf") as data:
        chosen = data["channel"].values
        assert list(data["stimulus"].values) == NAMES
    assert len(set(chosen)) == 20 and chosen.max() > 20
    np.testing.assert_array_equal(read(path, "wide"), layers["wide"][:, chosen].astype(np.float32))
    with xr.open_dataset(path, engine="h5netcdf") as data:
        assert data.attrs["data_kind"] == "networks"


def test_both_forms_are_the_same(tmp_path):
    by_form = [
        read(imported(save(tmp_path, responses()), tmp_path), "wide") for save in FORMS.values()
    ]
    np.testing.assert_array_equal(*by_form)


def test_names_may_stand_once_for_all_layers(tmp_path):
    ready = save_netcdf(tmp_path / "ready.nc", responses(), names_at_root=True)
    path = imported(ready, tmp_path)
    order = [NAMES[7], NAMES[2]]
    np.testing.assert_array_equal(
        read(path, "narrow", stimuli=order), responses()["narrow"][[7, 2]]
    )


def test_a_byte_order_mark_and_empty_last_lines_are_no_names(tmp_path):
    ready = save_folder(tmp_path / "ready", responses())
    listed = ready / "stimuli.txt"
    listed.write_text(f"{listed.read_text()}\n \n", encoding="utf-8-sig")
    with xr.open_dataset(imported(ready, tmp_path), group="wide", engine="h5netcdf") as data:
        assert list(data["stimulus"].values) == NAMES


def test_every_unit_is_kept_where_the_configuration_says_so(save, tmp_path):
    path = imported(save(responses()), tmp_path, mode="all")
    np.testing.assert_array_equal(read(path, "wide"), responses()["wide"])


def test_batches_change_nothing(save, tmp_path, monkeypatch):
    ready = save(responses())
    whole = {p: read(imported(ready, tmp_path, projected=p), "wide") for p in (False, True)}
    monkeypatch.setattr(ready_activations, "BATCH_VALUES", 3500)  # seven stimuli
    for projected, values in whole.items():
        parts = read(imported(ready, tmp_path, projected=projected), "wide")
        np.testing.assert_allclose(parts, values, rtol=1e-6)


def test_a_projection_keeps_distances(save, tmp_path):
    """Of the wide layer; the narrow one is taken as it is."""
    path = imported(save(responses()), tmp_path, projected=True)
    np.testing.assert_array_equal(read(path, "narrow"), responses()["narrow"])
    sums, values = read(path, "wide"), responses()["wide"]
    assert sums.shape == (30, 20)
    distances = [((a[:, None] - a[None]) ** 2).sum(-1).sum() for a in (sums, values)]
    assert distances[0] == pytest.approx(distances[1], rel=0.15)


def changed(layer, edit):
    """Edit the responses of one layer."""
    layers = responses()
    layers[layer] = edit(layers[layer])
    return layers


def with_nan(values):
    values[3, 2] = np.nan
    return values


def never_written(values):
    """As netCDF fills what nobody wrote."""
    values[3, 2] = 9.969209968386869e36
    return values


WRONG = {
    "NaN": (
        {"layers": changed("narrow", with_nan)},
        "found nan in layer 'narrow' for stimulus 'faces/3.png' and unit 2, expected a number belo",
    ),
    "no numbers": (
        {"layers": changed("narrow", lambda values: values > 0)},
        "of shape (30, 4) in layer 'narrow', expected numbers (stimulus x unit)",
    ),
    "no units": (
        {"layers": changed("narrow", lambda values: values[:, :0])},
        "float32 of shape (30, 0) in layer 'narrow', expected numbers",
    ),
    "a name twice": (
        {"layers": responses(), "names": [*NAMES[:-1], NAMES[0]]},
        "found the stimulus 'faces/0.png' 2 times, expected each name once",
    ),
}


@pytest.mark.parametrize(("saved", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(save, tmp_path, saved, sentence):
    ready = save(**saved)
    with pytest.raises(InputError) as error:
        imported(ready, tmp_path)
    assert str(error.value).startswith(str(ready))
    assert sentence in str(error.value)
    assert not (tmp_path / "imported.nc").exists()


@pytest.mark.parametrize(
    ("form", "reason"),
    [("folder", ""), ("netcdf", ", which netCDF puts where nothing was written,")],
)
def test_a_value_that_was_never_written_is_named(tmp_path, form, reason):
    ready = FORMS[form](tmp_path, changed("narrow", never_written))
    with pytest.raises(InputError) as error:
        imported(ready, tmp_path)
    assert str(error.value).startswith(str(ready))
    assert (
        f"found 9.969209968386869e+36{reason} in layer 'narrow' for stimulus 'faces/3.png' and "
        "unit 2, expected a number below 1e+12 in size"
    ) in str(error.value)
    assert not (tmp_path / "imported.nc").exists()


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [
        (np.int16, -32_767),
        (np.uint16, 65_535),
        (np.int32, -2_147_483_647),
        (np.int64, -9_223_372_036_854_775_806),
    ],
)
def test_an_integer_that_netcdf_puts_where_nothing_was_written_is_named(tmp_path, dtype, fill):
    """In a file whose ``_FillValue`` says so, and in one that goes without; not in an array."""
    values = np.arange(120, dtype=dtype).reshape(30, 4)
    values[3, 2] = fill
    told = "in layer 'narrow' for stimulus 'faces/3.png' and unit 2, expected a number below"
    save_netcdf(tmp_path / "ready.nc", {"narrow": values})
    with pytest.raises(InputError, match=f"{fill}, which netCDF puts where nothing was.* {told}"):
        imported(tmp_path / "ready.nc", tmp_path, ["narrow"])
    with h5py.File(tmp_path / "ready.nc", "a") as file:
        file["narrow/post"].attrs["_FillValue"] = np.array([fill], dtype)
    with pytest.raises(InputError, match=f"found nan {told}"):
        imported(tmp_path / "ready.nc", tmp_path, ["narrow"])
    if abs(fill) < ready_activations.LARGEST:
        folder = save_folder(tmp_path / "ready", {"narrow": values})
        np.testing.assert_array_equal(
            read(imported(folder, tmp_path, ["narrow"]), "narrow"), values.astype(np.float32)
        )


def test_a_map_in_place_of_units_is_named(tmp_path):
    save_folder(tmp_path / "ready", {"wide": np.zeros((30, 4, 5, 5))})
    with pytest.raises(
        InputError, match=r"wide.npy: found float64 of shape \(30, 4, 5, 5\) in lay"
    ):
        imported(tmp_path / "ready", tmp_path, ["wide"])
    data = xr.Dataset({"post": (("unit", "stimulus"), np.zeros((4, 30)))}, {"stimulus": NAMES})
    data.to_netcdf(tmp_path / "ready.nc", group="wide", engine="h5netcdf")
    with pytest.raises(InputError, match=r"found post \(unit, stimulus\) in layer 'wide', expect"):
        imported(tmp_path / "ready.nc", tmp_path, ["wide"])


def test_names_that_are_too_few_are_named(tmp_path):
    save_folder(tmp_path / "ready", responses(), NAMES[:-1])
    with pytest.raises(
        InputError, match="found 30 rows in layer 'wide' and 29 names of stimuli, e"
    ):
        imported(tmp_path / "ready", tmp_path)


def test_a_file_without_a_layer_names_or_responses_is_named(tmp_path):
    ready = save_netcdf(tmp_path / "ready.nc", responses())
    with pytest.raises(InputError, match=r"ready.nc: found .*deep.*, expected post \(stimulus, un"):
        imported(ready, tmp_path, ["deep"])
    for name in ("stimulus", "post"):
        data = xr.Dataset({"post": (("stimulus", "unit"), np.zeros((30, 4)))}, {"stimulus": NAMES})
        data.drop_vars(name).to_netcdf(tmp_path / "ready.nc", group="wide", engine="h5netcdf")
        with pytest.raises(InputError, match=f"found no variable '{name}' of layer 'wide', expect"):
            imported(ready, tmp_path, ["wide"])
    (tmp_path / "ready.nc").write_text("no netCDF")
    with pytest.raises(InputError, match="ready.nc: found .*, expected post"):
        imported(ready, tmp_path)


def test_a_folder_without_a_layer_or_names_is_named(tmp_path):
    ready = save_folder(tmp_path / "ready", responses())
    with pytest.raises(InputError, match=r"deep.npy: found .*, expected an array of numbers"):
        imported(ready, tmp_path, ["deep"])
    np.save(ready / "wide.npy", np.array([{}], object))
    with pytest.raises(InputError, match=r"wide.npy: found .*, expected an array of numbers"):
        imported(ready, tmp_path)
    (ready / "stimuli.txt").unlink()
    with pytest.raises(InputError, match=r"stimuli.txt: found .*, expected one name of a stimulus"):
        imported(ready, tmp_path)
