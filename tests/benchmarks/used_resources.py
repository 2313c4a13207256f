"""Compare what a finished run used with what its rules request.

Run ``uv run python tests/benchmarks/used_resources.py [--folder DIR]``; further arguments, such as
``--configfile FILE``, go to Snakemake. The ``benchmark:`` files of the run say what each job used,
and a dry-run says what it would request.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

SNAKEMAKES_MB = 300
"""Memory of the two Snakemakes around a job on a cluster, 130 MB each, which are not in the
benchmark file of the job."""


def requested(folder, *arguments):
    """Memory in MB and minutes that each job requests, by the name of its benchmark file."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "-n", "--forceall", *arguments]
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    # The line of a job's benchmark file stands before that of its resources.
    jobs = re.findall(r"^ *benchmark: (.+)$(?s:.+?)^ *resources: (.+)$", done.stdout, re.MULTILINE)
    rows = []
    for benchmark, values in jobs:
        resources = dict(item.split("=") for item in values.split(", "))
        rows.append((benchmark, int(resources["mem_mb"]), int(resources["runtime"])))
    return pd.DataFrame(rows, columns=["benchmark", "mem_mb", "runtime"]).set_index("benchmark")


def used(folder):
    """Memory in MB and minutes that each job used, by the name of its benchmark file."""
    root = Path(folder)
    tables = {
        str(path.relative_to(root)): pd.read_csv(path, sep="\t").iloc[-1]
        for path in sorted(root.glob("results/benchmarks/**/*.tsv"))
    }
    # The memory of a very short job is NA: Snakemake did not look at it in time.
    return pd.DataFrame(
        [(float(row["max_rss"]), row["s"] / 60) for row in tables.values()],
        columns=["used_mb", "used_minutes"],
        index=list(tables),
    )


def compare(folder, *arguments):
    """Largest use and smallest request of each rule, and how many jobs it had in both."""
    both = requested(folder, *arguments).join(used(folder), how="inner")
    rule = both.index.str.split("/").str[2].str.removesuffix(".tsv")
    rows = both.groupby(rule).agg(
        jobs=("used_mb", "size"),
        used_mb=("used_mb", "max"),
        mem_mb=("mem_mb", "min"),
        used_minutes=("used_minutes", "max"),
        runtime=("runtime", "min"),
    )
    rows["enough"] = (rows["used_mb"].fillna(0) + SNAKEMAKES_MB <= rows["mem_mb"]) & (
        rows["used_minutes"] <= rows["runtime"]
    )
    return rows


def main():
    """Print one row per rule, and exit with 1 if a request is too small."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", default=".", help="working directory of the run")
    arguments, others = parser.parse_known_args()
    rows = compare(arguments.folder, *others)
    print(rows.round(2).to_string())
    sys.exit(0 if rows["enough"].all() else 1)


if __name__ == "__main__":
    main()
