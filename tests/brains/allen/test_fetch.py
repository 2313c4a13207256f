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

SESSIONS = (900001, 900002, 900003)
N_SCENES = 60
RECORDINGS = [f"results/brains/mouse/recordings/{session}.nc" for session in SESSIONS]
SCENES = "results/stimuli/mouse/64.nc"
# Other methods would read the same recordings.
METHODS = ("soft_matching", "ridge_post")
LEFT_OUT = {name: None for name in PLAN.alignment.methods if name not in METHODS}
PATIENCE = {"connect_s": 2, "read_s": 2, "tries": 3, "backoff_s": 0.1}


@pytest.fixture(scope="module")
def bucket(finished):
    """The simulated sessions as the Allen Institute would publish them."""
    folder = finished.folder / "bucket"
    mice = finished.folder / "results/brains/mouse"
    shutil.copytree(mice / "natural_scene_templates", folder / "natural_scene_templates")
    for session in SESSIONS:
        (folder / f"session_{session}").mkdir()
        shutil.copy(mice / f"nwb/session_{session}.nwb", folder / f"session_{session}")
    return folder


@pytest.fixture
def server(bucket):
    """Warehouse and bucket in one; a fourth session has no file."""
    with Loopback(
        bucket,
        tables=example_tables([*SESSIONS, 900004]),
        sessions={session: f"session_{session}/session_{session}.nwb" for session in SESSIONS},
        templates={n: f"natural_scene_templates/natural_scene_{n}.tiff" for n in range(N_SCENES)},
    ) as server:
        yield server


@pytest.fixture
def fetch(finished, server):
    """Run the workflow in a folder of its own with another source of sessions."""

    def run(
        source, directory, *wanted, act=finished.snakemake, patience=PATIENCE, keep=False, **brain
    ):
        brain |= {"source": source, "base_url": server.url}
        config = {"brains": {"mouse": brain}, "download": {"keep": keep, "patience": patience}}
        config["methods"] = LEFT_OUT
        override = finished.folder / f"{directory}.yaml"
        override.write_text(yaml.safe_dump(config))
        return act("--directory", directory, *wanted, configfiles=[override.name])

    return run


def same(finished, directory, names):
    for name in names:
        xr.testing.assert_identical(
            xr.open_dataset(finished.folder / directory / name).drop_attrs(),
            xr.open_dataset(finished.folder / name).drop_attrs(),
        )


def test_from_the_warehouse_to_figure_2(finished, fetch, server, bucket):
    """Networks are those of the finished run; everything about the brain is made again."""
    elsewhere = finished.folder / "warehouse"
    for name in ("models", "stimuli", "activations/population", "scores/networks"):
        shutil.copytree(finished.folder / "results" / name, elsewhere / "results" / name)
    shutil.rmtree(elsewhere / "results/stimuli/mouse")
    wanted = ["results/figures/mouse/figure_2.png", "results/tables/mouse/claims.csv"]
    fetch("warehouse", "warehouse", *wanted)
    same(finished, "warehouse", [*RECORDINGS, SCENES])
    # Read and removed; the checksum stays.
    assert not list((elsewhere / "results/brains/mouse/nwb").glob("[!.]*"))
    claims = pd.read_csv(elsewhere / "results/tables/mouse/claims.csv")
    # They are simulated, although a warehouse served them.
    assert set(claims["data"]) == {"mouse: 3 simulated subjects"}
    more = {**PATIENCE, "tries": 9}
    planned = fetch("warehouse", "warehouse", *wanted, act=finished.dry_run, patience=more)
    assert "Nothing to be done" in planned

    table = pd.read_csv(elsewhere / "results/tables/mouse/sessions.csv").set_index("session")
    assert list(table.index[table["takes_part"]]) == list(SESSIONS)
    assert table.loc[900004, "reason"] == "has no NWB file"
    downloads = elsewhere / "results/brains/mouse/downloads"
    receipt = json.loads((downloads / "session_900001.json").read_text())
    served = bucket / "session_900001/session_900001.nwb"
    assert receipt["size"] == receipt["transferred"] == served.stat().st_size
    assert len(list(downloads.glob("natural_scene_*.json"))) == N_SCENES

    for name in ("sessions", "probes", "channels", "units"):
        shutil.copy(elsewhere / f"results/brains/mouse/tables/{name}.csv", bucket)


def test_from_the_bucket_over_a_bad_connection(finished, fetch, server, bucket):
    """A cut connection is resumed: only what was missing is sent again."""
    server.fault("cut", "session_900002.nwb", times=2)
    fetch("s3", "s3", *RECORDINGS, SCENES)
    same(finished, "s3", [*RECORDINGS, SCENES])
    size = (bucket / "session_900002/session_900002.nwb").stat().st_size
    assert size <= server.sent("session_900002.nwb") < 1.2 * size
    downloads = finished.folder / "s3/results/brains/mouse/downloads"
    # Tables, scenes and sessions are compared with these if they are fetched again.
    assert len(list(downloads.iterdir())) == len(TABLES) + N_SCENES + len(SESSIONS)


def test_new_pins_read_kept_sessions_again_but_fetch_nothing(finished, fetch, server):
    """81 GB are not fetched again because a library has a new version."""
    fetch("s3", "kept", RECORDINGS[0], keep=True)
    pins = finished.folder / "envs/allensdk.txt"
    before = pins.read_text()
    pins.write_text(f"{before}# Other pins.\n")
    try:
        planned = fetch("s3", "kept", RECORDINGS[0], act=finished.planned, keep=True)
    finally:
        pins.write_text(before)
    assert planned == {"build_environment": 1, "extract_responses": 1}


def test_a_listed_session_that_cannot_take_part_ends_before_any_download(finished, fetch, server):
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
    assert not server.asked("well_known_file_download")


def test_a_fault_that_persists_ends_in_a_sentence(finished, fetch, server):
    server.fault("html", "session_900001.nwb", times=float("inf"))
    said = fetch("s3", "broken", RECORDINGS[0], act=partial(finished.snakemake, check=False))
    assert "session_900001.nwb: found a page" in said
    assert not list((finished.folder / "broken/results/brains").rglob("*.nwb"))


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
