"""Some jobs of the mini run through profiles/slurm, on a Slurm that is started here."""

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from tests.harness.compare_runs import assert_equal, read_tables
from tests.harness.workflow import Workflow

pytestmark = pytest.mark.system

SCRIPTS = Path(__file__).parent / "slurm"
# Without claims and figures, which would wait for the hanging job below.
TABLES = {
    "networks": ["predictivity", "silhouette", "cost", "mds"],
    "mouse": ["predictivity", "separability", "cost", "subjects"],
}
TARGETS = [
    f"results/tables/{population}/{name}.csv"
    for population in TABLES
    for name in TABLES[population]
]
# Jobs are looked at more often than on a cluster that others use.
POLLING = [
    *("--slurm-init-seconds-before-status-checks", "2"),
    *("--seconds-between-status-checks", "2"),
]
# Jobs ask for GPUs, although there are none. Their settings differ from those of the finished run,
# which must not be a reason to make everything again.
GPUS = ["--config", "device=auto", "--rerun-triggers", "mtime"]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """A running Slurm of one node."""
    folder = tmp_path_factory.mktemp("slurm")
    log = folder / "start.log"
    try:
        with log.open("w") as file:
            started = subprocess.run(
                [SCRIPTS / "start.sh", folder], stdout=file, stderr=subprocess.STDOUT
            )
        if started.returncode == 77:
            pytest.skip(log.read_text().splitlines()[-1])
        assert started.returncode == 0, log.read_text()
        yield
    finally:
        subprocess.run([SCRIPTS / "stop.sh", folder], check=True)


def hang_once(folder, stage, rule):
    """Request one minute for a rule's jobs, and let the first one never end by itself."""
    driver = folder / f"workflow_scripts/{stage}/{rule}.py"
    hang = "import os, time; os.path.exists('hung') or (os.mkdir('hung'), time.sleep(900))"
    driver.write_text(f"{driver.read_text()}    {hang}\n")
    rules = folder / f"rules/{stage}.smk"
    text, count = re.subn(
        rf"(rule {rule}:.*?runtime=growing\()\d+", r"\g<1>1", rules.read_text(), flags=re.DOTALL
    )
    assert count == 1
    rules.write_text(text)


@pytest.fixture(scope="module")
def submitted(finished_folder, slurm, tmp_path_factory):
    """The finished run, in which Slurm has made some files again, and Slurm's jobs."""
    folder = tmp_path_factory.mktemp("cluster") / "repository"
    shutil.copytree(finished_folder, folder, symlinks=True)
    results = folder / "results"
    shutil.rmtree(results / "tables")
    shutil.rmtree(results / "scores/brain")
    network = "alexnet/1.nc"
    for path in [
        results / "activations/population" / network,
        *results.glob(f"scores/networks/*/{network}"),
    ]:
        path.unlink()
    # Slurm looks at time limits every 30 s, so this takes up to a minute and a half.
    hang_once(folder, "brains", "summarise_brain")
    done = subprocess.run(
        Workflow.command(*TARGETS, "--workflow-profile", "profiles/slurm", *POLLING, *GPUS),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    columns = {"rule": "comment", "state": "state", "limit": "timelimit", "memory": "minmemory"}
    columns |= {"partition": "partition", "gpus": "tres-per-job"}
    layout = ",".join(f"{column}:80" for column in columns.values())
    squeue = ["squeue", "--noheader", "--states=all", "--sort=i", f"--Format={layout}"]
    listed = subprocess.run(squeue, check=True, capture_output=True, text=True).stdout
    rows = [re.findall(".{80}", line) for line in listed.splitlines()]
    jobs = pd.DataFrame(rows, columns=list(columns)).map(str.strip)
    return folder, jobs


def test_tables_equal_those_of_the_local_run(submitted, finished_folder):
    folder, _ = submitted
    made, expected = (read_tables(root) for root in (folder, finished_folder))
    assert len(made) == 10, made.keys()
    assert_equal(made, {name: expected[name] for name in made})


def test_a_job_that_ran_out_of_time_gets_more(submitted):
    _, jobs = submitted
    slow = jobs[jobs["rule"].str.startswith("rule_summarise_brain")]
    assert list(slow["state"]) == ["TIMEOUT", "COMPLETED"]
    assert list(slow["limit"]) == ["1:00", "2:00"]
    assert list(slow["memory"]) == ["1000M", "2000M"]


def test_a_gpu_is_asked_for(submitted):
    _, jobs = submitted
    extracted = jobs["rule"].str.startswith("rule_extract_activations")
    assert list(jobs.loc[extracted, "gpus"]) == ["gres:gpu:1"]
    assert list(jobs.loc[extracted, "partition"]) == ["gpu"]
    assert set(jobs.loc[~extracted, "partition"]) == {"cpu"}


def test_shards_and_tables_share_jobs(submitted):
    """12 shards of a brain are two jobs, 8 of networks are one, and so are tables of each."""
    _, jobs = submitted
    kinds = jobs["rule"].str.extract(r"^rule_(brain|networks|tables)_")[0].dropna()
    assert sorted(kinds) == ["brain", "brain", "networks", "tables", "tables"]
