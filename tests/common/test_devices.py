"""The device that a job works on."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import torch

from workflow_scripts.common.devices import choose_device
from workflow_scripts.common.errors import InputError

ROOT = Path(__file__).parents[2]
JOB = """
import os
from workflow_scripts.common.devices import choose_device
choose_device("auto")
print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
input()
"""


@pytest.fixture
def two_gpus(tmp_path, monkeypatch):
    """A machine with a driver that would show two GPUs."""
    (tmp_path / "nvidia-smi").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,GPU-5f")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_jobs_at_a_time_take_a_gpu_each(two_gpus):
    """A job that ends, in whatever way, gives its GPU back."""
    jobs = []

    def start():
        pipe = subprocess.PIPE
        job = subprocess.Popen(
            [sys.executable, "-c", JOB], cwd=ROOT, stdin=pipe, stdout=pipe, text=True
        )
        jobs.append(job)
        return job.stdout.readline().strip()

    try:
        assert [start(), start()] == ["2", "GPU-5f"]
        with pytest.raises(InputError, match="CUDA_VISIBLE_DEVICES: found 2,GPU-5f, all in use"):
            choose_device("auto")
        jobs[0].kill()
        jobs[0].wait()
        assert start() == "2"
    finally:
        for job in jobs:
            job.kill()
            job.communicate()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu():
    assert choose_device("auto") == choose_device("cpu") == "cpu"
    with pytest.raises(
        InputError, match="config device: found cuda, expected cpu or auto, as PyTorch finds no GPU"
    ):
        choose_device("cuda")
