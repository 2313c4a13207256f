"""What is expensive is made once: a copy of the repository, and one small run inside it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workflow_scripts.common.fingerprints import pins_hash

# One thread per process, set before NumPy or torch start theirs: tests share cores with other jobs.
os.environ["OMP_NUM_THREADS"] = "1"

ROOT = Path(__file__).parent.parent
MINI = "tests/config.mini.yaml"


class Workflow:
    """A copy of this repository in which Snakemake runs on the mini configuration."""

    def __init__(self, folder):
        self.folder = folder

    def snakemake(self, *arguments, configfiles=(), check=True):
        """Run Snakemake to its end; its output, standard error included, as text."""
        done = subprocess.run(
            self.command(*arguments, configfiles=(MINI, *configfiles)),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if check and done.returncode:
            raise AssertionError(done.stdout[-8000:])
        return done.stdout

    @staticmethod
    def command(*arguments, configfiles=(MINI,)):
        """Command line of a run on two cores."""
        base = [sys.executable, "-m", "snakemake", "--cores", "2"]
        return [*base, *arguments, "--configfile", *configfiles]

    def planned(self, *configfiles):
        """Number of jobs of each rule that a dry-run plans; empty when nothing is to be done."""
        command = self.command("-n", "-q", "rules", configfiles=(MINI, *configfiles))
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        rows = re.findall(r"^([a-z_]+) +(\d+)$", done.stdout + done.stderr, re.MULTILINE)
        return {rule: int(count) for rule, count in rows if rule != "total"}


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
    # The isolated environment is the same for all copies and takes long to build.
    (ROOT / ".envs").mkdir(exist_ok=True)
    (folder / ".envs").symlink_to(ROOT / ".envs")
    return Workflow(folder)


@pytest.fixture(scope="session")
def allensdk_python(workflow):
    """Interpreter of the isolated AllenSDK environment, built by the workflow's own rule."""
    workflow.snakemake("build_environment")
    pins = pins_hash(ROOT / "envs/allensdk.txt")
    return workflow.folder / f".envs/allensdk-{pins}/bin/python"


@pytest.fixture(scope="session")
def finished(workflow, allensdk_python):
    """The copy after a whole run."""
    workflow.snakemake()
    return workflow
