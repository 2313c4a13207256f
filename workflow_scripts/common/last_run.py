"""What the last run into a folder was started with: a forgotten ``--configfile`` is noticed."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from workflow_scripts.common.files import PathLike

FILE = Path("results/logs/options.json")
# What is added to a run or left out of it, without making another run of it.
ORDINARY = ("methods", "only_methods", "metrics")
MOST_NAMED = 3
"""Keys that a warning names."""


class Options:
    """Options of the command line that decide on the configuration, and what came of them.

    Parameters
    ----------
    files : sequence of str or path-like
        Those of ``--configfile``.
    given : mapping
        What ``--config`` gives.
    config : mapping
        The whole configuration.
    """

    def __init__(
        self, files: Sequence[PathLike], given: Mapping[str, Any], config: Mapping[str, Any]
    ) -> None:
        values = {
            "files": [str(Path(file).absolute()) for file in files],
            "given": dict(given),
            "config": {key: value for key, value in config.items() if key not in ORDINARY},
        }
        # As they are after reading them again.
        self.values: dict[str, Any] = json.loads(json.dumps(values, default=str))

    def note(self) -> None:
        """Write them into the folder of the run."""
        # A folder that may not be written is the first job's to report.
        with suppress(OSError):
            FILE.parent.mkdir(parents=True, exist_ok=True)
            FILE.write_text(json.dumps(self.values, indent=1), encoding="utf-8")

    def warning(self) -> str | None:
        """One sentence if the last run had other options and another configuration.

        A changed config.yaml is no reason: it was changed on purpose.
        """
        try:
            last = json.loads(FILE.read_text("utf-8"))
            same = all(last[name] == self.values[name] for name in ("files", "given"))
            keys = sorted(set(_differing(last["config"], self.values["config"])))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if same or not keys:
            return None
        named = ", ".join(keys[:MOST_NAMED])
        more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
        return (
            f"results: found those of a run with {_text(last)}, expected the same here, or "
            f"--directory FOLDER for another run (other values of {named}{more}); this one goes on"
        )


def _text(options: Mapping[str, Any]) -> str:
    """The options as they are typed."""
    files = [os.path.relpath(file) for file in options["files"]]
    pairs = [f"{key}={value}" for key, value in options["given"].items()]
    words = [" ".join(["--configfile", *files])] if files else []
    words += [" ".join(["--config", *pairs])] if pairs else []
    return " ".join(words) or "no --configfile"


def _differing(first: Any, second: Any, parents: str = "") -> Iterator[str]:
    """Keys that have other values, or that one of two configurations does not have."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in first.keys() | second.keys():
            name = f"{parents}.{key}" if parents else key
            yield from _differing(first.get(key), second.get(key), name)
    elif first != second:
        yield parents
