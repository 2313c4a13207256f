"""What is expensive is made once for all workers: a small run of the whole workflow."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness.workflow import Workflow
from workflow_scripts.common.files import lock
from workflow_scripts.common.fingerprints import pins_hash

# One thread per process, set before NumPy or torch start theirs: tests share cores with other jobs.
os.environ["OMP_NUM_THREADS"] = "1"

ROOT = Path(__file__).parent.parent
# Workers take whole files. These take longest, the longest first; the others follow, so that no
# worker is left alone with a long one at the end.
LONGEST = (
    *("workflow/test_faults.py", "workflow/test_slurm.py", "brains/allen/test_fetch.py"),
    *("workflow/test_dag.py", "workflow/test_pages.py", "brains/allen/test_extract_responses.py"),
    *("workflow/test_fuzz.py", "contract/test_panels.py", "workflow/test_own_brain.py"),
    *("workflow/test_storage.py", "evaluation/test_scale.py"),
)


def pytest_addoption(parser):
    parser.addoption(
        "--system",
        action="store_true",
        help="as root, also run the tests that install Slurm and Chromium, and mount small disks",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Workers of ``-n auto``: two more than cores, because some tests wait more than they work.

    Above six cores the longest file decides, and each worker costs the imports of all tests.
    """
    return min(len(os.sched_getaffinity(0)), 6) + 2


def pytest_collection_modifyitems(config, items):
    for item in items:
        if item.get_closest_marker("system") and not config.getoption("--system"):
            item.add_marker(pytest.mark.skip(reason="needs the option --system, as root"))
        if "workflow" in item.fixturenames:
            item.add_marker("workflow")
    place = {ROOT / "tests" / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(scope="session")
def shared(request, tmp_path_factory):
    """A folder that all workers of these tests share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if hasattr(request.config, "workerinput") else own


@pytest.fixture(scope="session")
def once(shared):
    """Do something in the first worker that needs it, and wait for it in the others."""

    def do(name, action):
        done = shared / f"{name}.done"
        with (shared / f"{name}.lock").open("w") as file:
            lock(file, f"waiting for a worker that makes: {name}")
            if not done.exists():
                action()
                done.touch()

    return do


@pytest.fixture(scope="session")
def workflow(tmp_path_factory):
    """A copy of the files that git tracks, or would track, in a folder of its own."""
    folder = tmp_path_factory.mktemp("repository")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    # What Python and Numba have compiled: without it, jobs that begin together each compile it.
    for path in (ROOT / "workflow_scripts").rglob("__pycache__/*"):
        if path.suffix in (".pyc", ".nbi", ".nbc"):
            (folder / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, folder / path.relative_to(ROOT))
    # The isolated environment is the same for all copies and takes long to build.
    (ROOT / ".envs").mkdir(exist_ok=True)
    (folder / ".envs").symlink_to(ROOT / ".envs")
    return Workflow(folder)


@pytest.fixture(scope="session")
def allensdk_python(once, workflow):
    """Interpreter of the isolated AllenSDK environment, built by the workflow's own rule."""
    once("allensdk", lambda: workflow.snakemake("build_environment"))
    pins = pins_hash(ROOT / "envs/allensdk.txt")
    return workflow.folder / f".envs/allensdk-{pins}/bin/python"


@pytest.fixture(scope="session")
def finished_folder(once, shared, workflow, allensdk_python):
    """A copy after a whole run, which all workers share. Nothing may change it."""
    folder = shared / "finished"

    def run():
        workflow.snakemake()
        shutil.copytree(workflow.folder, folder, symlinks=True)

    once("finished", run)
    return folder


@pytest.fixture(scope="session")
def finished(finished_folder, workflow):
    """The copy of this worker after a whole run. A test may change what it restores."""
    # With byte code and what Numba has compiled, which each copy would make again.
    known = shutil.ignore_patterns(".envs")
    shutil.copytree(finished_folder, workflow.folder, ignore=known, dirs_exist_ok=True)
    return workflow
