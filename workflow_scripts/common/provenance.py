"""The stamp that every result carries: what made it, from what, with which versions."""

import json
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "allensdk",
    "numpy",
    "scipy",
    "scikit-learn",
    "pot",
    "pillow",
    "pynwb",
    "timm",
    "torch",
    "torchvision",
    "xarray",
)


# "networks" stands for networks alone: neither recorded in a brain nor simulated in place of one.
DATA_KINDS = ("recorded", "simulated", "networks")


def _git(*arguments: str) -> str | None:
    """Output of a git command in this repository, or None where there is no git or repository."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def workflow_version() -> str:
    """Commit of this repository, with ``-dirty`` for local changes; ``unknown`` outside git."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return "unknown"
    return commit + ("-dirty" if _git("status", "--porcelain", "--untracked-files=no") else "")


def library_versions() -> dict[str, str]:
    """Installed version of each of `PACKAGES` in this environment."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def stamp(
    parameters: Any, *, seed: int | None, data_kind: str, device: str = "cpu"
) -> dict[str, Any]:
    """Attributes for a result file.

    Parameters
    ----------
    parameters : dict
        Everything that the configuration says about this result; must be JSON-serialisable.
    seed : int or None
        Master seed of the run; None for a JSON file that does not depend on it.
    data_kind : {"recorded", "simulated", "networks"}
        ``simulated`` as soon as one of the inputs is simulated.
    device : str
        Device that did the arithmetic.

    Returns
    -------
    dict of str to str, int or None
        Values that netCDF can store, if there is a seed.
    """
    if data_kind not in DATA_KINDS:
        raise ValueError(f"data_kind is {data_kind!r}, expected one of {', '.join(DATA_KINDS)}")
    return {
        "workflow_version": workflow_version(),
        "parameters": json.dumps(parameters, sort_keys=True),
        "seed": seed,
        "library_versions": json.dumps(library_versions(), sort_keys=True),
        "device": device,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "data_kind": data_kind,
    }
