"""Runs that are killed, starved and corrupted on their way, and must end in the right tables.

As a program, from the root of the repository, on the embedded configuration or, with
``--configfile``, another one with photographs and a simulated brain called ``mouse``. The
undisturbed run comes first, in ``undisturbed/`` of a folder, unless it is there already. Then a run
in ``disturbed/`` meets faults at random moments, and corruptions of each kind of intermediate file;
both are drawn from a seed. A moment is a number of jobs that have begun, not of seconds, so that
every fault meets jobs that run. Prints what happened, and fails where a table differs::

    uv run python tests/harness/faults.py /tmp/faults --faults 40 --rounds 2 --seed 0
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))  # the tests are not an installed package

from tests.harness.compare_runs import assert_equal, read_tables

ROOT = Path(__file__).parents[2]
PATIENCE = 1800
"""Seconds after which a run that was told to end counts as hanging."""
MOST_MISSES = 10
"""Times that a fault may come too late, as when the job that it hits is just about to end."""

# Each level has kinds of files, one file of each of which is corrupted, and the targets whose jobs
# then read them; no other jobs are run. The levels go backwards from the tables: all in one run, a
# job might never start to read its corrupt input, because a job before it has failed.
LEVELS = [
    (
        [
            *("tables/networks/predictivity.csv", "tables/networks/specificity.csv"),
            *("tables/networks/mds.csv", "tables/mouse/separability.csv"),
            *("tables/mouse/subjects.csv", "tables/mouse/units.csv"),
        ],
        [
            *("figures/networks/figure_1.svg", "figures/mouse/separability_overall.svg"),
            "figures/mouse/subjects.svg",
        ],
    ),
    (
        [
            *("tables/mouse/scores.csv", "tables/mouse/split_scores.csv"),
            "scores/jackknife/mouse.nc",
        ],
        ["tables/mouse/separability.csv", "tables/mouse/claims.csv"],
    ),
    (
        [
            *("scores/networks/*/*/*.nc", "scores/brain/mouse/*/*.nc"),
            *("scores/model_to_brain/mouse/*/*/*.nc", "scores/brain_to_model/mouse/*/*/*.nc"),
            *("models/*/*.csv", "brains/mouse/recordings/*.nc"),
        ],
        [
            *("tables/networks/scores.csv", "tables/mouse/scores.csv", "tables/training.csv"),
            "tables/mouse/subjects.csv",
        ],
    ),
    (
        ["activations/population/*/0.nc", "activations/mouse/alexnet/0.nc"],
        ["scores/networks/rsa/alexnet/0.nc", "scores/model_to_brain/mouse/rsa/alexnet/0.nc"],
    ),
    (
        [
            *("brains/mouse/nwb/session_900001.nwb", "models/alexnet/0.safetensors"),
            "stimuli/population.nc",
        ],
        ["brains/mouse/recordings/900001.nc", "activations/population/alexnet/0.nc"],
    ),
    (
        [
            "brains/mouse/natural_scene_templates/*.tiff",
            *("stimuli/training.nc", "stimuli/validation.nc"),
        ],
        ["stimuli/mouse/64.nc", "models/alexnet/0.safetensors"],
    ),
]


class Run:
    """Snakemake in a folder of its own, on the files of a repository.

    Parameters
    ----------
    command : list of str
        Snakemake's command line, without ``--directory`` and targets.
    repository, folder : path-like
        Where the command is started, and the working directory of the run.
    targets : list of str
        What the whole run makes.
    """

    def __init__(self, command, repository, folder, targets=("all",)):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.command = [*command, "--directory", str(self.folder)]
        self.repository = repository
        self.targets = targets
        self.output = self.folder.with_name(f"{self.folder.name}.out")
        self.happened = Counter()
        self.removed = set()

    def start(self, *arguments):
        """Start Snakemake in a process group of its own; what it prints is in `output`."""
        # A new file: jobs of a killed Snakemake continue to write to the old one.
        self.output.unlink(missing_ok=True)
        with self.output.open("w") as file:
            return subprocess.Popen(
                # All of Snakemake's lines, from which `progress` learns which jobs have begun.
                [*self.command, "--verbose", *arguments],
                cwd=self.repository,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # A shell starts what runs in its background so that it ignores Ctrl-C.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def try_once(self, *arguments):
        """Start Snakemake, and tell whether it succeeds."""
        return self.start(*arguments).wait(PATIENCE) == 0

    def progress(self):
        """Number of jobs that the last start has planned, and what is said of each that began."""
        text = self.output.read_text()
        planned = re.search(r"^total +(\d+)$", text, re.MULTILINE)
        begun = re.findall(r"^(?:local)?rule \w+:\n((?: {4}.*\n)+)", text, re.MULTILINE)
        return int(planned[1]) if planned else 0, begun

    def follow(self):
        """Do what the messages of the last start ask for, nothing else, and return what it was."""
        text = self.output.read_text()
        if "--unlock" in text:
            assert self.try_once("--unlock"), self.output.read_text()[-4000:]
            self.happened["message: unlock"] += 1
            return ["--unlock"]
        found = re.findall(r"ERROR (.*): found .*; delete what is named here and run again", text)
        names = sorted({name for names in found for name in names.split(", ")})
        for name in names:
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            self.happened[f"message: delete {name}"] += 1
        return names

    def finish(self):
        """Start again, doing what messages ask for, until Snakemake succeeds."""
        for attempt in range(10):
            # A removed file that no other job needs any more is made again only as a target.
            if self.try_once(*self.targets, *sorted(self.removed.difference(self.targets))):
                self.happened["starts until the end"] += attempt + 1
                return
            assert self.follow(), self.output.read_text()[-8000:]
        raise AssertionError(f"no end after ten starts:\n{self.output.read_text()[-8000:]}")

    def results(self, *patterns):
        """Files under results/, hidden ones left out, in a fixed order."""
        found = [path for pattern in patterns for path in self.folder.glob(f"results/{pattern}")]
        return sorted(path for path in found if path.is_file() and path.name[0] != ".")

    def tables(self):
        """Every table by name, without what is measured by a clock."""
        return read_tables(self.folder)


def corrupt(path, random):
    """Change a file in one of several ways, and return the name of the way."""
    content = path.read_bytes()
    if not content:
        # It was emptied before and nothing has read it since: Snakemake does not see into a folder.
        path.write_bytes(random.bytes(64))
        return "filled"
    way = str(random.choice(["flipped bit", "truncated", "emptied", "overwritten"]))
    position = int(random.integers(len(content)))
    if way == "flipped bit":
        changed = bytearray(content)
        changed[position] ^= 1 << int(random.integers(8))
    elif way == "truncated":
        changed = content[:position]
    elif way == "emptied":
        changed = b""
    else:
        length = min(64, len(content) - position)
        changed = content[:position] + random.bytes(length) + content[position + length :]
    path.write_bytes(changed)
    return way


def until_the_end(process):
    """Yield every now and then until a Snakemake has ended."""
    latest = time.monotonic() + PATIENCE
    while process.poll() is None:
        assert time.monotonic() < latest, "Snakemake hangs"
        yield
        time.sleep(0.1)


def reach(run, process, share):
    """Wait for this share of the planned jobs to begin; False if Snakemake ends before."""
    for _ in until_the_end(process):
        planned, begun = run.progress()
        # The last job, `all`, does nothing.
        if planned and len(begun) > share * (planned - 1):
            return True
    return False


# Faults of a running Snakemake


def kill_everything(run, process, random):
    os.killpg(process.pid, signal.SIGKILL)


def kill_snakemake(run, process, random):
    """Its jobs continue without it, and may still write when the next run has begun."""
    process.kill()


def terminate_snakemake(run, process, random):
    process.terminate()


def press_ctrl_c(run, process, random):
    os.killpg(process.pid, signal.SIGINT)


def _signal_a_job(process, number, random):
    for _ in until_the_end(process):
        # None, or one that has ended meanwhile: the next job begins soon.
        with suppress(psutil.NoSuchProcess):
            jobs = psutil.Process(process.pid).children(recursive=True)
            jobs = [job for job in jobs if job.status() != psutil.STATUS_ZOMBIE]
            if jobs:
                jobs[random.integers(len(jobs))].send_signal(number)
                return


def kill_a_job(run, process, random):
    _signal_a_job(process, signal.SIGKILL, random)


def terminate_a_job(run, process, random):
    _signal_a_job(process, signal.SIGTERM, random)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def fill_the_disk(run, process, random):
    """Leave room for less than what is still to be written until Snakemake has given up."""
    planned, begun = run.progress()
    # A job writes several files, each of at least 4096 bytes on this disk.
    room = 4096 * int(random.integers(1 + planned - len(begun)))
    try:
        for _ in until_the_end(process):
            disk = shutil.disk_usage(run.folder)
            # Again and again, because jobs remove files before they make them again.
            if disk.free > room:
                # Refused where jobs have meanwhile written more.
                with suppress(subprocess.CalledProcessError):
                    remount(run.folder, f"size={disk.used + room}")
    finally:
        remount(run.folder, "size=4g")


def forbid_writing(run, process, random):
    """Make a folder that a job writes to read-only until Snakemake has given up."""
    _, begun = run.progress()
    # The job that began last has not come to writing yet. `all`, which writes nothing, has no log.
    last = [job for job in begun if " log: " in job][-1]
    written = re.findall(r"^ +(?:output|log): .*", last, re.MULTILINE)
    folders = sorted(set(re.findall(r"\bresults/(\w+)/", " ".join(written))))
    folder = run.folder / "results" / str(random.choice(folders))
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    try:
        remount(folder, "bind,ro")
        process.wait(PATIENCE)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


KILLS = [
    *(kill_everything, kill_snakemake, terminate_snakemake, press_ctrl_c),
    *(kill_a_job, terminate_a_job),
]
STARVATIONS = [fill_the_disk, forbid_writing]


@contextmanager
def small_disk(folder):
    """Yield the folder: a disk of its own, for STARVATIONS, where this process may mount one."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=4g", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, stderr=subprocess.DEVNULL).returncode == 0
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def disturb(run, faults, random):
    """Start a run again and again, each time with one fault at a random moment.

    The moments are spread evenly over the jobs of the run. Between two starts, an intermediate file
    is sometimes corrupted or removed. The run may be unfinished afterwards.

    Parameters
    ----------
    run : Run
    faults : list of callable
        In the order in which they come.
    random : numpy.random.Generator
    """
    for number, fault in enumerate(faults):
        hit, misses = False, 0
        while not hit:
            assert misses < MOST_MISSES, f"{fault.__name__} has no effect"
            process = run.start(*run.targets)
            # The first of as many even moments as faults are left.
            if reach(run, process, random.beta(1, len(faults) - number)):
                fault(run, process, random)
                # Otherwise the job that it hit was just about to end.
                hit = process.wait(PATIENCE) != 0
            run.happened[fault.__name__] += hit
            misses += not hit
            asked = run.follow()
            assert hit or asked or process.returncode == 0, run.output.read_text()[-8000:]
            if process.returncode == 0:
                # The run has ended, and the next fault needs work to disturb.
                shutil.rmtree(run.folder / "results/tables")
                run.happened["results/tables removed"] += 1
            change = random.choice(["none", "corrupt", "removed"], p=[0.6, 0.2, 0.2])
            kinds = [files for patterns, _ in LEVELS for p in patterns if (files := run.results(p))]
            if kinds and change != "none":
                files = kinds[random.integers(len(kinds))]
                path = files[random.integers(len(files))]
                if change == "corrupt":
                    change = corrupt(path, random)
                else:
                    path.unlink()
                    # A file in a folder that a job makes has no checksum, and is not a target.
                    if path.with_name(f".{path.name}.sha256").exists():
                        run.removed.add(str(path.relative_to(run.folder)))
                run.happened[f"{path.relative_to(run.folder)} {change}"] += 1


def corrupt_every_kind(run, random):
    """Corrupt a file of each kind in a finished run, and run the jobs that read it.

    The files that were corrupted are removed afterwards, as the messages ask for.

    Returns
    -------
    list of str
        What was named and removed.

    Raises
    ------
    AssertionError
        If a job does not name the corrupt files that it reads, or leaves an output.
    """
    removed = []
    for patterns, targets in LEVELS:
        corrupted = []
        for pattern in patterns:
            files = run.results(pattern)
            path = files[random.integers(len(files))]
            stat = path.stat()
            way = corrupt(path, random)
            # A failing disk leaves the file's time as it is, so that Snakemake sees no change.
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            name = str(path.relative_to(run.folder))
            in_folder = "natural_scene_templates" in name
            corrupted.append(str(Path(name).parent) if in_folder else name)
            run.happened[f"{name} {way}"] += 1
        wanted = [f"results/{target}" for target in targets]
        assert not run.try_once("--keep-going", "--force", *wanted), corrupted
        named = run.follow()
        assert named == sorted(corrupted), (named, corrupted, run.output.read_text())
        assert not any((run.folder / target).exists() for target in wanted), wanted
        removed += named
    return removed


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where both runs are")
    parser.add_argument("--configfile", nargs="*", default=[], help="as Snakemake takes them")
    parser.add_argument("--faults", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=1, help="of corruptions of every kind")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "snakemake", "--cores", "2"]
    if arguments.configfile:
        command += ["--configfile", *arguments.configfile]
    undisturbed = Run(command, ROOT, arguments.folder.absolute() / "undisturbed")
    undisturbed.finish()
    random = np.random.default_rng(arguments.seed)
    started = time.perf_counter()
    with small_disk(arguments.folder.absolute() / "disturbed") as folder:
        run = Run(command, ROOT, folder)
        kinds = KILLS + STARVATIONS if folder.is_mount() else KILLS
        order = random.permutation(np.resize(np.arange(len(kinds)), arguments.faults))
        try:
            disturb(run, [kinds[number] for number in order], random)
            run.finish()
            assert_equal(run.tables(), undisturbed.tables())
            for _ in range(arguments.rounds):
                corrupt_every_kind(run, random)
                run.finish()
                assert_equal(run.tables(), undisturbed.tables())
        finally:
            for what, count in sorted(run.happened.items()):
                print(f"{count:4} {what}")
    print(f"{time.perf_counter() - started:.0f} s; all tables equal")


if __name__ == "__main__":
    main()
