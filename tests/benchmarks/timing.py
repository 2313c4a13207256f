"""Two sides that take turns, and what their times depend on apart from the code."""

import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
from threadpoolctl import threadpool_info

from workflow_scripts.common.kept_memory import KEPT_MEMORY

FEWEST_TURNS, MOST_TURNS = 3, 7
"""Runs of each side."""

PATIENCE = 30.0
"""Seconds on the clock after which no turn begins that is not one of the fewest."""


def keep_memory():
    """Start this program again with the memory settings of jobs, unless it has them."""
    if not KEPT_MEMORY.items() <= os.environ.items():
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **KEPT_MEMORY})


def seconds_of(function):
    """CPU seconds of one run, which other work on the machine disturbs least, and its result."""
    started = process_time()
    result = function()
    return process_time() - started, result


def take_turns(ours, theirs):
    """Median CPU seconds of both sides, which run in turn: ours, theirs, ours, theirs.

    Parameters
    ----------
    ours, theirs : callable
        Without arguments. Something similar should have run before, as a warm-up.

    Returns
    -------
    times : dict
        ``seconds``, ``alternative_seconds``, and ``turns`` of each side: seven, or as many as began
        within half a minute, but at least three.
    results : tuple
        What each side returned last.
    """
    end, sides = perf_counter() + PATIENCE, ([], [])
    for turn in range(MOST_TURNS):
        if turn >= FEWEST_TURNS and perf_counter() > end:
            break
        results = []
        for seconds, function in zip(sides, (ours, theirs), strict=True):
            spent, result = seconds_of(function)
            seconds.append(spent)
            results.append(result)
    own, other = map(median, sides)
    times = {"seconds": own, "alternative_seconds": other, "turns": len(sides[0])}
    return times, tuple(results)


def fastest(candidates):
    """Name of the fastest setting of a tool: of the least of three runs, or of one that is long.

    Parameters
    ----------
    candidates : dict of str to callable
        Without arguments.
    """

    def least(function):
        first, _ = seconds_of(function)
        return first if first > 1 else min(first, *(seconds_of(function)[0] for _ in range(2)))

    return min(candidates, key=lambda name: least(candidates[name]))


def matrix_product_rate(dtype, n=1000):
    """GFLOP/s of NumPy's product of two n x n matrices: the limit of most fits."""
    A, B = np.random.default_rng(0).random((2, n, n)).astype(dtype)
    A @ B
    return 2e-9 * n**3 / median(seconds_of(lambda: A @ B)[0] for _ in range(9))


def machine():
    """What the times depend on apart from the code, by column."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        cpu = platform.processor()
    packages = ["numpy", "scipy", "scikit-learn", "torch", "pot", "lapx", "himalaya", "rsatoolbox"]
    versions = [f"{package} {importlib.metadata.version(package)}" for package in packages]
    pools = threadpool_info()
    kernels = [f"{pool['internal_api']} {pool.get('architecture', '')}".strip() for pool in pools]
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "threads": max([pool["num_threads"] for pool in pools], default=1),
        "kernels": "; ".join(dict.fromkeys(kernels)),
        "float32_gflops": round(matrix_product_rate(np.float32)),
        "float64_gflops": round(matrix_product_rate(np.float64)),
        "versions": "; ".join([f"python {platform.python_version()}", *versions]),
    }
