"""Jobs of the mini run get and give their files through a storage plugin of Snakemake."""

import shutil
import subprocess

import pytest
import yaml

from tests.common.test_checksums import CHECK_ALL, flip
from tests.harness.workflow import Workflow

# A job writes the first, a folder; another one reads it and writes the second.
SCENES = "results/brains/mouse/natural_scene_templates"
IMAGES = "results/stimuli/mouse/64.nc"
# As few as can be configured: what is checked does not depend on what the scenes show.
FEW = {"stimuli": {"n_generated": 0}, "brains": {"mouse": {"n_scenes": 12}}}


@pytest.fixture(scope="module")
def rsync(request, once):
    """The program that the plugin starts."""
    if not shutil.which("rsync") and request.config.getoption("--system"):
        install = ["apt-get", "install", "-y", "-qq", "-o", "DPkg::Lock::Timeout=300", "rsync"]
        commands = [["apt-get", "update", "-qq"], install]
        once("rsync", lambda: [subprocess.run(command) for command in commands])
    if not shutil.which("rsync"):
        pytest.skip("rsync is not installed (--system installs it, as root)")


@pytest.fixture(params=["", "store"], ids=["in place", "elsewhere"])
def stored(request, workflow, rsync, tmp_path):
    """A repository without results, options of a run, and the folder that will have `results`."""
    folder = tmp_path / "repository"
    new = shutil.ignore_patterns("results", ".snakemake")
    shutil.copytree(workflow.folder, folder, symlinks=True, ignore=new)
    (folder / "few.yaml").write_text(yaml.safe_dump(FEW))
    store = tmp_path / request.param if request.param else folder
    options = ["--default-storage-provider", "fs", "--local-storage-prefix", tmp_path / "scratch"]
    if request.param:
        options += ["--default-storage-prefix", store]
    return Workflow(folder), options, store


def test_jobs_check_what_is_copied_for_them(stored):
    run, options, store = stored
    run.snakemake(IMAGES, *options, configfiles=["few.yaml"])
    checksums = [path.name for path in (run.folder / "results").rglob(".*.sha256")]
    assert sorted(checksums) == [
        ".64.nc.sha256",
        ".natural_scene_templates.sha256",
        ".stimuli.csv.sha256",
    ]
    command = CHECK_ALL.replace("find results", f"find {run.folder}/results")
    subprocess.run(command, shell=True, cwd=store, check=True)

    (store / IMAGES).unlink()
    flip(store / SCENES / "natural_scene_0.tiff")
    output = run.snakemake(IMAGES, *options, configfiles=["few.yaml"], check=False)
    assert f"{SCENES}: found content that no job wrote" in output
    assert not (store / IMAGES).exists()
