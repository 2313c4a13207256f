"""Time dry-runs of ever larger configurations, and what a job costs before it does any work.

Run ``uv run python tests/benchmarks/scale.py [RUNG ...]``. Nothing is computed and no data is read:
the folder of images is an empty one. More layers make longer shards but not more of them; an
AlexNet has seven that can be read.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))  # the workflow is not an installed package

from workflow_scripts.alignment.method import METHODS
from workflow_scripts.networks.architecture import ARCHITECTURES

ROOT = Path(__file__).parents[2]
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "2"]
DRIVERS = (
    *("networks.train_model", "alignment.align_models"),
    *("alignment.collect_scores", "figures.plot_figure"),
)
EMPTY_JOBS = 100
"""Number of empty jobs over which the fixed cost of one is averaged."""


def entries(n):
    """Methods of a configuration: all files, then more entries that share one of them."""
    methods = {name: {} for name in METHODS.names()[:n]}
    for number in range(n - len(methods)):
        methods[f"more_{number}"] = {
            "method": "ridge_post",
            "label": f"More {number}",
            "colour": f"#{number:06x}",
        }
    return methods


def population(n_seeds, n_layers, n_methods, n_sessions):
    """Overrides of config.paper.yaml with these numbers of each; no session is fetched."""
    layers = list(ARCHITECTURES.card("alexnet").layers[:n_layers])
    return {
        "population": {"seeds": list(range(n_seeds)), "layers": layers},
        "methods": entries(n_methods),
        "brains": {"mouse": {"sessions": list(range(1, n_sessions + 1))}},
    }


RUNGS = {
    "embedded": None,
    "paper": {},
    "10 seeds, 5 layers, 8 methods, 32 sessions": population(10, 5, 8, 32),
    "50 seeds, 7 layers, 20 methods, 58 sessions": population(50, 7, 20, 58),
    "100 seeds, 7 layers, 40 methods, 58 sessions": population(100, 7, 40, 58),
}


def timed(command, folder):
    """Wall and processor seconds, peak memory in MB and output of a command that must succeed."""
    started = perf_counter()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(output)
    wall, processor = perf_counter() - started, usage.ru_utime + usage.ru_stime
    return wall, processor, usage.ru_maxrss / 1024, output


def dry_run(changes, folder):
    """Wall and processor seconds, peak memory in MB and number of jobs of a dry-run."""
    command = [*SNAKEMAKE, "-n", "-q", "rules", "-s", ROOT / "Snakefile", "--directory", folder]
    if changes is not None:
        (folder / "images").mkdir(exist_ok=True)
        changes = {**changes, "stimuli": {"path": str(folder / "images")}}
        (folder / "rung.yaml").write_text(yaml.safe_dump(changes))
        command += ["--configfile", ROOT / "config.paper.yaml", folder / "rung.yaml"]
    *usage, output = timed(command, ROOT)
    return *usage, int(re.search(r"^total +(\d+)$", output, re.MULTILINE)[1])


def empty_job(folder):
    """Processor seconds that Snakemake takes for a job whose script is empty."""
    (folder / "empty.py").touch()
    (folder / "Snakefile").write_text(
        "rule all:\n    input: expand('{n}', n=range(config['jobs']))\n"
        "rule empty:\n    output: touch('{n}')\n    script: 'empty.py'\n"
    )
    command = [*SNAKEMAKE[:-1], "1", "--scheduler", "greedy", "--config"]
    one = timed([*command, "jobs=1"], folder)[1]
    more = timed([*command, f"jobs={EMPTY_JOBS}", "--forceall"], folder)[1]
    return (more - one) / (EMPTY_JOBS - 1)


def imports(driver):
    """Processor seconds until a process has imported what a driver imports."""
    return timed([sys.executable, "-c", f"import workflow_scripts.{driver}"], ROOT)[1]


def main():
    """Print the fixed costs of a job, and one line per rung."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rungs", nargs="*", metavar="RUNG", default=list(RUNGS))
    parser.add_argument("--repeats", type=int, default=3, help="runs, the fastest is printed")
    arguments = parser.parse_args()
    times = range(arguments.repeats)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = min(empty_job(folder) for _ in times)
        print(f"a job with an empty script: {start:.2f} processor s")
        for driver in DRIVERS:
            print(f"imports of {driver}: {min(imports(driver) for _ in times):.1f} processor s")
        fixed = start + min(imports("alignment.align_models") for _ in times)
        for rung in arguments.rungs:
            runs = [dry_run(RUNGS[rung], folder) for _ in times]
            wall, processor, memory, jobs = min(runs)
            load = os.getloadavg()[0]
            print(
                f"{rung}: {jobs} jobs, dry-run {wall:.1f} s ({processor:.1f} s of a processor, "
                f"load {load:.1f}), {memory:.0f} MB; fixed costs {jobs * fixed / 60:.0f} "
                f"core minutes, a tenth of the whole where a job works for {fixed * 9:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
