"""Sessions fetched from a warehouse and a bucket on this machine, which serve simulated ones."""

import json
import shutil
import subprocess
from functools import partial

import pandas as pd
import pytest
import xarray as xr
import yaml

from tests.harness.loopback import Loopback, example_tables
from tests.harness.mini import PLAN
from workflow_scripts.brains.allen.answers import TABLES

SIMULATED, SESSIONS = (900001, 900002, 900003), (900001, 900002)
"""Sessions that are served, and those that are listed."""
N_SCENES = 60
RECORDINGS = [f"results/brains/mouse/recordings/{session}.nc" for session in SESSIONS]
SCENES = "results/stimuli/mouse/64.nc"
TEMPLATES = "results/brains/mouse/natural_scene_templates"
# Other methods and candidates would read the same recordings and scenes.
SETTINGS = {
    "methods": {name: None for name in PLAN.alignment.methods if name != "ridge_post"},
    "candidates": [{"variant": "alexnet", "seed": 0, "layers": ["conv1"]}],
    "population": None,
}
PATIENCE = {"connect_s": 2, "read_s": 2, "tries": 3, "backoff_s": 0.1}


@pytest.fixture(scope="module")
def bucket(finished):
    """The simulated sessions as the Allen Institute would publish them."""
    folder = finished.folder / "bucket"
    mice = finished.folder / "results/brains/mouse"
    shutil.copytree(mice / "natural_scene_templates", folder / "natural_scene_templates")
    for session in SIMULATED:
        (folder / f"session_{session}").mkdir()
        shutil.copy(mice / f"nwb/session_{session}.nwb", folder / f"session_{session}")
    return folder


@pytest.fixture(scope="module")
def server(bucket):
    """Warehouse and bucket in one; a fourth session has no file."""
    with Loopback(
        bucket,
        tables=example_tables([*SIMULATED, 900004]),
        sessions={session: f"session_{session}/session_{session}.nwb" for session in SIMULATED},
        templates={n: f"natural_scene_templates/natural_scene_{n}.tiff" for n in range(N_SCENES)},
    ) as server:
        yield server


@pytest.fixture(scope="module")
def fetch(finished, server):
    """Run the workflow in a folder of its own with another source of sessions."""

    def run(
        source, directory, *wanted, act=finished.snakemake, patience=PATIENCE, keep=False, **brain
    ):
        brain = {"source": source, "base_url": server.url, "sessions": list(SESSIONS), **brain}
        config = {"brains": {"mouse": brain}, "download": {"keep": keep, "patience": patience}}
        override = finished.folder / f"{directory}.yaml"
        override.write_text(yaml.safe_dump({**config, **SETTINGS}))
        return act("--directory", directory, *wanted, configfiles=[override.name])

    return run


FROM_THE_RECORDINGS = (
    "results/figures/mouse/brain_predictivity.png",
    "results/tables/mouse/claims.csv",
    "results/scores/model_to_brain/mouse/ridge_post/alexnet/0.nc",
)


@pytest.fixture(scope="module")
def warehouse(finished, fetch, bucket):
    """The folder of a run in which everything about the brain is made again.

    Its trained network is that of the finished run. The bucket gets its tables from the warehouse.
    """
    folder = finished.folder / "warehouse"
    for name in ("models", "stimuli"):
        shutil.copytree(finished.folder / "results" / name, folder / "results" / name)
    shutil.rmtree(folder / "results/stimuli/mouse")
    fetch("warehouse", "warehouse", *FROM_THE_RECORDINGS)
    for name in ("sessions", "probes", "channels", "units"):
        shutil.copy(folder / f"results/brains/mouse/tables/{name}.csv", bucket)
    return folder


@pytest.fixture(scope="module")
def s3(finished, warehouse, fetch, server):
    """The folder of a run that fetches the scenes and one session over a bad connection."""
    server.fault("cut", "session_900002.nwb", times=2)
    fetch("s3", "s3", RECORDINGS[1], TEMPLATES, keep=True)
    return finished.folder / "s3"


def same(finished, folder, names):
    for name in names:
        xr.testing.assert_identical(
            xr.open_dataset(folder / name).drop_attrs(),
            xr.open_dataset(finished.folder / name).drop_attrs(),
        )


def test_from_the_warehouse_to_a_figure(finished, warehouse, fetch, bucket):
    same(finished, warehouse, [*RECORDINGS, SCENES])
    # Read and removed; the checksum stays.
    assert not list((warehouse / "results/brains/mouse/nwb").glob("[!.]*"))
    claims = pd.read_csv(warehouse / "results/tables/mouse/claims.csv")
    # They are simulated, although a warehouse served them.
    assert set(claims["data"]) == {"mouse: 2 simulated subjects"}
    figure = (warehouse / FROM_THE_RECORDINGS[0]).with_suffix(".svg").read_text()
    assert "mouse: 2 simulated subjects" in figure
    more = {**PATIENCE, "tries": 9}
    planned = fetch(
        "warehouse", "warehouse", *FROM_THE_RECORDINGS, act=finished.dry_run, patience=more
    )
    assert "Nothing to be done" in planned

    table = pd.read_csv(warehouse / "results/tables/mouse/sessions.csv").set_index("session")
    assert list(table.index[table["takes_part"]]) == list(SESSIONS)
    assert table.loc[900004, "reason"] == "has no NWB file"
    downloads = warehouse / "results/brains/mouse/downloads"
    receipt = json.loads((downloads / "session_900001.json").read_text())
    served = bucket / "session_900001/session_900001.nwb"
    assert receipt["size"] == receipt["transferred"] == served.stat().st_size
    assert len(list(downloads.glob("natural_scene_*.json"))) == N_SCENES


def test_from_the_bucket_over_a_bad_connection(finished, s3, server, bucket):
    """A cut connection is resumed: only what was missing is sent again."""
    same(finished, s3, RECORDINGS[1:])
    for path in (bucket / "natural_scene_templates").glob("*.tiff"):
        assert (s3 / TEMPLATES / path.name).read_bytes() == path.read_bytes()
    size = (bucket / "session_900002/session_900002.nwb").stat().st_size
    assert size <= server.sent("session_900002.nwb") < 1.2 * size
    downloads = s3 / "results/brains/mouse/downloads"
    # Tables, scenes and sessions are compared with these if they are fetched again.
    assert len(list(downloads.iterdir())) == len(TABLES) + N_SCENES + 1


def test_new_pins_read_kept_sessions_again_but_fetch_nothing(finished, s3, fetch):
    """81 GB are not fetched again because a library has a new version."""
    pins = finished.folder / "envs/allensdk.txt"
    before = pins.read_text()
    pins.write_text(f"{before}# Other pins.\n")
    try:
        planned = fetch("s3", "s3", RECORDINGS[1], act=finished.planned, keep=True)
    finally:
        pins.write_text(before)
    assert planned == {"build_environment": 1, "extract_responses": 1}


def test_a_listed_session_that_cannot_take_part_ends_before_any_download(finished, fetch, server):
    before = server.asked("well_known_file_download")
    said = fetch(
        "warehouse",
        "listed",
        "results/brains/mouse/recordings/900004.nc",
        act=partial(finished.snakemake, check=False),
        sessions=[*SESSIONS, 900004],
    )
    assert (
        "found 900004, which cannot take part (has no NWB file), expected sessions that can" in said
    )
    assert server.asked("well_known_file_download") == before


def test_a_fault_that_persists_ends_in_a_sentence(finished, s3, fetch, server):
    server.fault("html", "session_900001.nwb", times=PATIENCE["tries"])
    act = partial(finished.snakemake, check=False)
    said = fetch("s3", "s3", RECORDINGS[0], act=act, keep=True)
    assert "session_900001.nwb: found a page" in said
    (kept,) = (s3 / "results/brains").rglob("*.nwb")
    assert kept.name == "session_900002.nwb"


def test_allensdks_own_client_takes_the_server_for_the_warehouse(allensdk_python, server, tmp_path):
    """The server of these tests answers as the client of the Allen Institute expects."""
    script = f"""
from allensdk.brain_observatory.ecephys.ecephys_project_cache import EcephysProjectCache
cache = EcephysProjectCache.from_warehouse(
    scheme="http", host={server.host!r}, manifest={str(tmp_path / "manifest.json")!r}
)
print(*cache.get_session_table().index)
print(cache.get_natural_scene_template(3).shape)
"""
    done = subprocess.run([allensdk_python, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["900001 900002 900003 900004", "(918, 1174)"]
