"""Say of every session of the Allen Institute whether it takes part, and if not, why."""

import logging

import pandas as pd

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import write_table
from workflow_scripts.common.job import job

SESSION_TYPE = "brain_observatory_1.1"  # the stimulus set that has the natural scenes


def count_units(tables, areas, quality):
    """Units of sufficient quality of each session and area, as the published tables have them.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        ``probes``, ``channels`` and ``units``.
    areas : list of str
    quality : dict of str to float
        Limits, themselves accepted; see config.yaml.

    Returns
    -------
    pandas.DataFrame
        A row a session that has such units, a column an area.
    """
    units = tables["units"]
    units = units[
        (units["isi_violations"] <= quality["isi_violations_maximum"])
        & (units["amplitude_cutoff"] <= quality["amplitude_cutoff_maximum"])
        & (units["presence_ratio"] >= quality["presence_ratio_minimum"])
    ]
    channels = tables["channels"].set_index("id")
    probes = tables["probes"].set_index("id")
    channel = channels.loc[units["ecephys_channel_id"]]
    session = probes.loc[channel["ecephys_probe_id"], "ecephys_session_id"].to_numpy()
    area = channel["ecephys_structure_acronym"].to_numpy()
    return pd.crosstab(session, area).reindex(columns=areas, fill_value=0)


def select(tables, sessions, areas, quality):
    """Table of all sessions, with the reason of each one that does not take part.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        ``sessions``, ``probes``, ``channels`` and ``units`` as AllenSDK caches them.
    sessions : list of int
        The sessions that config lists.
    areas : list of str
    quality : dict of str to float

    Returns
    -------
    pandas.DataFrame
        ``session``, ``session_type``, units of each area, ``takes_part`` and ``reason``.

    Raises
    ------
    InputError
        If a listed session does not exist, or cannot take part.
    """
    published = tables["sessions"].set_index("id")
    units = count_units(tables, areas, quality).reindex(published.index, fill_value=0)
    reason = pd.Series("", published.index)
    reason[~published.index.isin(sessions)] = "not listed in mouse.sessions"
    reason[units.sum(axis=1) == 0] = f"no unit of sufficient quality in {', '.join(areas)}"
    other = published["session_type"] != SESSION_TYPE
    reason[other] = "shows no natural scenes: " + published["session_type"]
    reason[~published["has_nwb"].astype(bool)] = "has no NWB file"
    for session in sessions:
        if session not in published.index:
            raise InputError(
                f"config mouse.sessions: found {session}, expected one of the "
                f"{len(published)} published sessions"
            )
        if reason[session]:
            raise InputError(
                f"config mouse.sessions: found {session}, which cannot take part: {reason[session]}"
            )
    table = pd.concat([published["session_type"], units.add_prefix("units_")], axis=1)
    table["takes_part"], table["reason"] = reason == "", reason
    return table.rename_axis("session").reset_index()


def main(paths, settings, output):
    """Read the tables and write the selection."""
    tables = {name: pd.read_csv(path) for name, path in paths.items()}
    table = select(tables, settings["sessions"], settings["areas"], settings["quality"])
    logging.info("%d of %d sessions take part", table["takes_part"].sum(), len(table))
    write_table(table, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(dict(snakemake.input.items()), snakemake.params.settings, snakemake.output[0])
