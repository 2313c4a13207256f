"""Write one page of the whole run, which needs no other file and no network."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workflow_scripts.common.files import PathLike, read_table, replacing
from workflow_scripts.common.job import job
from workflow_scripts.report.embedding import embed_tables, image_address
from workflow_scripts.report.origin import read_origin
from workflow_scripts.report.page import READ, render


def main(
    tables: Sequence[PathLike],
    figures: Sequence[PathLike],
    shards: Sequence[PathLike],
    settings: Mapping[str, Any],
    output: PathLike,
) -> None:
    """Write the page.

    Parameters
    ----------
    tables, figures : list of str or path-like
        In the order of the settings.
    shards : list of str or path-like
        Files of scores, which say what made them.
    settings : dict
        See `workflow_scripts.report.plan.ReportPlan.settings`.
    output : str or path-like
    """
    files = embed_tables(tables, Path(output).parent)
    page = render(
        settings,
        [
            {
                **item,
                "frame": read_table(path) if item["name"] in READ else None,
                "file": file,
            }
            for item, path, file in zip(settings["tables"], tables, files, strict=True)
        ],
        [
            {**item, "address": image_address(path)}
            for item, path in zip(settings["figures"], figures, strict=True)
        ],
        read_origin(shards),
    )
    with replacing(output) as temporary:
        temporary.write_text(page, "utf-8")


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.tables,
            snakemake.input.figures,
            snakemake.input.shards,
            snakemake.params.settings,
            snakemake.output[0],
        )
