"""A result is read as its job wrote it, or not at all."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workflow_scripts.common import checksums
from workflow_scripts.common.checksums import check, checksum_of, write_checksums
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.job import job

ROOT = Path(__file__).parents[2]
RESULT = "results/tables/scores.csv"
FOLDER = "results/mouse/natural_scene_templates"
CHECK_ALL = re.search(r"find results .*", (ROOT / "docs/troubleshooting.md").read_text()).group()


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A working directory with a file and a folder that a job wrote."""
    monkeypatch.chdir(tmp_path)
    for name in (RESULT, f"{FOLDER}/scene_0.tiff", f"{FOLDER}/scene_1.tiff"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}")
    write_checksums([RESULT, FOLDER])
    return tmp_path


def test_what_a_job_wrote_passes(written):
    check([RESULT, FOLDER])


def test_sha256sum_can_check_everything(written):
    """The command of docs/troubleshooting.md."""
    # Like a session file, which is removed when it has been read.
    (written / FOLDER / "scene_1.tiff").unlink()
    subprocess.run(CHECK_ALL, shell=True, cwd=written, check=True)
    (written / RESULT).write_text("other")
    done = subprocess.run(CHECK_ALL, shell=True, cwd=written, capture_output=True, text=True)
    assert done.returncode and f"{RESULT}: FAILED" in done.stdout


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def remove(path):
    path.unlink()


def add(path):
    path.with_name("scene_2.tiff").write_bytes(path.read_bytes())


def swap(path):
    content = path.read_bytes()
    other = path.with_name("scene_0.tiff")
    path.write_bytes(other.read_bytes())
    other.write_bytes(content)


@pytest.mark.parametrize("change", [flip, truncate, remove, add, swap])
def test_a_changed_folder_is_named(written, change):
    change(written / FOLDER / "scene_1.tiff")
    with pytest.raises(InputError, match=f"^{FOLDER}: found content that no job wrote, .* delete"):
        check([RESULT, FOLDER])


def test_all_changed_results_are_named_at_once(written):
    flip(written / RESULT)
    truncate(written / FOLDER / "scene_0.tiff")
    with pytest.raises(InputError, match=f"^{RESULT}, {FOLDER}: found content"):
        check([RESULT, FOLDER])


def test_a_result_without_checksum_is_named(written):
    (written / "results/tables/.scores.csv.sha256").unlink()
    expected = f"{RESULT}: found no checksum of a job, expected .* move what is named here out of"
    with pytest.raises(InputError, match=expected):
        check([RESULT, FOLDER])


def test_nothing_is_named_for_deletion_that_no_job_wrote(written):
    """Somebody's own file in the place of a result, next to a result that has changed."""
    flip(written / RESULT)
    (written / "results/mine.nc").write_text("my only copy")
    with pytest.raises(InputError) as error:
        check([RESULT, "results/mine.nc"])
    assert str(error.value).startswith("results/mine.nc: found no checksum")
    assert "delete" not in str(error.value)


def test_files_of_others_pass(written):
    (written / "mine.nc").touch()
    check(["mine.nc", written / "mine.nc"])


def test_copies_are_checked_by_the_checksums_of_what_they_are_copies_of(written, monkeypatch):
    """As a storage plugin makes them, which takes no checksums with it."""
    copies = Path("scratch/fs/store/results")
    shutil.copytree("results/mouse", copies / "mouse", ignore=shutil.ignore_patterns(".*"))
    monkeypatch.setattr(checksums, "COPIES", str(copies))
    copy = copies / "mouse/natural_scene_templates"
    check([copy])
    (copies / "new.nc").write_text("new")
    write_checksums([copies / "new.nc"])
    assert Path("results/.new.nc.sha256").read_text().endswith("  results/new.nc\n")
    flip(copies / "new.nc")
    flip(copy / "scene_0.tiff")
    with pytest.raises(InputError, match=f"^results/new.nc, {FOLDER}: found content"):
        check([copies / "new.nc", copy])


def test_a_job_writes_checksums_of_what_it_made(written):
    with job("job.log", [RESULT], ["results/new.nc"]):
        (written / "results/new.nc").write_text("new")
    check(["results/new.nc"])
    flip(written / "results/new.nc")
    ran = False
    with pytest.raises(SystemExit), job("job.log", ["results/new.nc"]):
        ran = True
    assert not ran
    assert "results/new.nc: found content that no job wrote" in (written / "job.log").read_text()


def test_the_same_job_is_never_at_work_twice(written):
    """Where Snakemake alone was killed, the job that it left behind ends first."""
    script = (
        "from workflow_scripts.common.job import job\n"
        "with job('job.log', outputs=['results/new.nc']): print(input(), flush=True)"
    )
    (written / "results/new.nc").touch()
    command = [sys.executable, "-c", script]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with job("job.log"):
        second = subprocess.Popen(command, text=True, env=environment, **pipes)
        second.stdin.write("at work\n")
        second.stdin.flush()
        assert "job.log: waiting for the same job" in second.stderr.readline()
        assert not checksum_of("results/new.nc").exists()
    assert second.communicate()[0] == "at work\n"
    check(["results/new.nc"])


def test_a_system_that_refuses_is_no_bug(written):
    with pytest.raises(SystemExit), job("job.log"), open("/dev/full", "w") as file:
        file.write("x")
    log = (written / "job.log").read_text()
    sentence = "the system refused to read or write: [Errno 28] No space left on device"
    assert sentence in log and "Traceback" not in log


def test_memory_that_runs_out_is_no_bug(written):
    with pytest.raises(SystemExit), job("job.log"):
        bytearray(2**60)
    log = (written / "job.log").read_text()
    assert "memory ran out; the job needs more" in log and "Traceback" not in log


def test_a_log_that_cannot_be_written_ends_in_one_sentence(written):
    sentence = r"^the log cannot be written: .*scores\.csv"
    with pytest.raises(SystemExit, match=sentence), job(f"{RESULT}/job.log"):
        pass
