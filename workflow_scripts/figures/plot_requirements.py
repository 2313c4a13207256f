"""Draw how the claims of several runs depend on a setting that was varied.

    uv run python -m workflow_scripts.figures.plot_requirements runs

reads ``runs/claims.csv``, which `workflow_scripts.evaluation.repeat` writes for ``--vary``, and
writes ``runs/figure_5.svg`` and ``.png``.
"""

import argparse
import sys
from pathlib import Path

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import read_table
from workflow_scripts.figures.requirements_figure import draw
from workflow_scripts.figures.style import save


def main() -> None:
    """Draw the claims of one folder of runs."""
    parser = argparse.ArgumentParser(description="Draw claims against a setting that was varied.")
    parser.add_argument("folder", type=Path, help="the --directory of the repetitions")
    path = parser.parse_args().folder / "claims.csv"
    try:
        if not path.is_file():
            raise InputError(path, "no file", "the claims of repetitions with --vary")
        claims = read_table(path)
        key = str(claims.columns[0])
        if key == "seed":
            raise InputError(path, "no setting that was varied", "repetitions with --vary")
    except InputError as error:
        sys.exit(str(error))
    for suffix in ("svg", "png"):
        save(draw(claims, key), path.with_name(f"figure_5.{suffix}"))


if __name__ == "__main__":
    main()
