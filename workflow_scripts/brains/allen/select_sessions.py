"""Say for every session of the Allen Institute whether it takes part, and if not, why."""

import logging
from collections.abc import Mapping
from typing import Any

import pandas as pd

from workflow_scripts.brains.allen.release import SESSION_TYPE, rows_of
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, write_table
from workflow_scripts.common.job import job

Tables = Mapping[str, pd.DataFrame]
"""``sessions``, ``probes``, ``channels`` and ``units``, as AllenSDK caches them."""


def count_units(tables: Tables, areas: list[str], quality: dict[str, float]) -> pd.DataFrame:
    """Units of sufficient quality in each session and area, according to the published tables.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
    areas : list of str
    quality : dict of str to float
        Inclusive limits: ``isi_violations_maximum``, ``amplitude_cutoff_maximum`` and
        ``presence_ratio_minimum``.

    Returns
    -------
    pandas.DataFrame
        One row per session that has such units, one column per area.
    """
    units = tables["units"]
    units = units[
        (units["isi_violations"] <= quality["isi_violations_maximum"])
        & (units["amplitude_cutoff"] <= quality["amplitude_cutoff_maximum"])
        & (units["presence_ratio"] >= quality["presence_ratio_minimum"])
    ]
    channel = rows_of(tables["channels"], units["ecephys_channel_id"], "channels.csv")
    probe = rows_of(tables["probes"], channel["ecephys_probe_id"], "probes.csv")
    session = probe["ecephys_session_id"].to_numpy()
    area = channel["ecephys_structure_acronym"].to_numpy()
    return pd.crosstab(session, area).reindex(columns=areas, fill_value=0)


def select(
    tables: Tables,
    sessions: list[int],
    areas: list[str],
    quality: dict[str, float],
    brain: str,
) -> pd.DataFrame:
    """Table of all sessions, with the reason for each one that does not take part.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
    sessions : list of int
        The sessions that the configuration lists.
    areas : list of str
    quality : dict of str to float
        As `count_units` takes it.
    brain : str
        Name of the brain in the configuration.

    Returns
    -------
    pandas.DataFrame
        ``session``, ``session_type``, units of each area, ``takes_part`` and ``reason``.

    Raises
    ------
    InputError
        If a listed session does not exist, or cannot take part.
    """
    key = f"brains.{brain}.sessions"
    published = tables["sessions"].set_index("id")
    units = count_units(tables, areas, quality).reindex(published.index, fill_value=0)
    reason = pd.Series("", published.index)
    reason[~published.index.isin(sessions)] = f"not listed in {key}"
    reason[units.sum(axis=1) == 0] = f"no unit of sufficient quality in {', '.join(areas)}"
    other = published["session_type"] != SESSION_TYPE
    reason[other] = "shows no natural scenes: " + published["session_type"]
    reason[~published["has_nwb"].astype(bool)] = "has no NWB file"
    for session in sessions:
        if session not in published.index:
            expected = f"one of the {len(published)} published sessions"
            raise InputError(f"config {key}", str(session), expected)
        if reason[session]:
            found = f"{session}, which cannot take part ({reason[session]})"
            raise InputError(f"config {key}", found, "sessions that can")
    table = pd.concat([published["session_type"], units.add_prefix("units_")], axis=1)
    table["takes_part"], table["reason"] = reason == "", reason
    return table.rename_axis("session").reset_index()


def main(paths: Mapping[str, PathLike], settings: dict[str, Any], output: PathLike) -> None:
    """Read the tables and write the selection."""
    tables = {name: pd.read_csv(path) for name, path in paths.items()}
    table = select(
        tables, settings["sessions"], settings["areas"], settings["quality"], settings["brain"]
    )
    logging.info("%d of %d sessions take part", table["takes_part"].sum(), len(table))
    write_table(table, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(dict(snakemake.input.items()), snakemake.params.settings, snakemake.output[0])
