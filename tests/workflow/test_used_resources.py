"""What rules request is stated, is enough for what their jobs took, and makes nothing rerun."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = ("--configfile", "tests/config.mini.yaml")
compare = runpy.run_path(str(ROOT / "tests/benchmarks/used_resources.py"))["compare"]


@pytest.fixture(scope="module")
def rows(finished):
    """What the jobs of each rule of the mini run used and requested."""
    return compare(finished.folder, *CONFIG)


def test_every_rule_states_what_it_requests():
    with_threads = set()
    for path in (ROOT / "rules").glob("*.smk"):
        for rule in re.findall(r"^ *rule \w+:.*?(?=^ *rule |\Z)", path.read_text(), re.M | re.S):
            for wanted in ("mem_mb=growing", "runtime=growing("):
                assert wanted in rule, (path, rule)
            # On a cluster, the work would be repeated inside the same job, under the same limits.
            assert "retries:" not in rule, (path, rule)
            if "threads:" in rule:
                with_threads.add(re.search(r"rule (\w+):", rule)[1])
    # All others have the one thread that is Snakemake's default.
    assert with_threads == {"pack_images"}


def test_requests_cover_what_jobs_took(rows):
    assert rows["jobs"].sum() > 80 and rows["used_mb"].notna().sum() > 10, rows
    assert rows["enough"].all(), rows


@pytest.mark.parametrize("request_", ["mem_mb=300", "runtime=0"])
def test_too_small_a_request_is_found(finished, request_):
    rows = compare(finished.folder, *CONFIG, "--set-resources", f"train_model:{request_}")
    assert list(rows.index[~rows["enough"]]) == ["train_model"], rows


def test_a_gpu_is_requested_where_it_is_used(finished):
    def requested(device):
        text = finished.dry_run("--forceall", "--config", f"device={device}")
        jobs = re.findall(r"^rule (\w+):\n((?: +.*\n)+)", text, re.M)
        assert len(jobs) > 80
        return {
            (rule, *re.findall(r"method=(\w+)", facts)) for rule, facts in jobs if "gpu=1" in facts
        }

    assert requested("cpu") == set()
    asking = requested("auto")
    assert {("train_model",), ("extract_activations",)} <= asking
    fitted = {method for _, *methods in asking for method in methods}
    assert "ridge_pre" in fitted and not fitted & {"soft_matching", "rsa", "rsa_squared"}


def test_gpus_without_names_are_refused(finished, monkeypatch):
    """Two jobs at a time would both take the first GPU."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    profile = ("--workflow-profile", "profiles/workstation-gpu")
    sentence = (
        "gpu: found 2, expected the number of GPUs that CUDA_VISIBLE_DEVICES names, which is 1"
    )
    assert f"resource {sentence}\n" in finished.dry_run(*profile, check=False)


@pytest.mark.parametrize("profile", ["slurm", "workstation-gpu"])
def test_another_profile_reruns_nothing(finished, profile, monkeypatch):
    """Its resources, cores and groups differ from those of the run."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    done = finished.dry_run("--workflow-profile", f"profiles/{profile}")
    assert "Nothing to be done" in done, done[-3000:]
