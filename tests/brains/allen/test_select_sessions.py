"""Which published sessions take part, and why the others do not."""

import pandas as pd
import pytest

from workflow_scripts.brains.allen.release import SESSION_TYPE
from workflow_scripts.brains.allen.select_sessions import select
from workflow_scripts.common.errors import InputError

QUALITY = {
    "isi_violations_maximum": 0.5,
    "amplitude_cutoff_maximum": 0.1,
    "presence_ratio_minimum": 0.95,
}


@pytest.fixture
def tables():
    """Five sessions with one probe, one channel and one unit each; the unit is on all limits."""
    sessions, probes, channels = range(1, 6), range(11, 16), range(21, 26)
    types = [SESSION_TYPE] * 4 + ["functional_connectivity"]
    has_nwb = [True, True, True, False, True]
    units = pd.DataFrame(
        {
            "ecephys_channel_id": channels,
            "isi_violations": 0.5,
            "amplitude_cutoff": 0.1,
            "presence_ratio": [0.95, 0.95, 0.94, 0.95, 0.95],
        }
    )
    return {
        "sessions": pd.DataFrame({"id": sessions, "session_type": types, "has_nwb": has_nwb}),
        "probes": pd.DataFrame({"id": probes, "ecephys_session_id": sessions}),
        "channels": pd.DataFrame(
            {"id": channels, "ecephys_probe_id": probes, "ecephys_structure_acronym": "VISp"}
        ),
        "units": units,
    }


def test_every_session_has_a_verdict(tables):
    table = select(tables, [1], ["VISp", "VISl"], QUALITY, "mouse")
    assert table["session"].tolist() == [1, 2, 3, 4, 5]
    assert table["takes_part"].tolist() == [True, False, False, False, False]
    assert table["reason"].tolist() == [
        "",
        "not listed in brains.mouse.sessions",
        "no unit of sufficient quality in VISp, VISl",
        "has no NWB file",
        "shows no natural scenes: functional_connectivity",
    ]
    assert table["units_VISp"].tolist() == [1, 1, 0, 1, 1]
    assert not table["units_VISl"].any()


@pytest.mark.parametrize(
    ("session", "sentence"),
    [
        (7, "found 7, expected one of the 5 published sessions"),
        (4, "found 4, which cannot take part (has no NWB file), expected sessions that can"),
    ],
)
def test_a_listed_session_that_cannot_take_part_is_named(tables, session, sentence):
    with pytest.raises(InputError) as error:
        select(tables, [1, session], ["VISp"], QUALITY, "mouse")
    assert str(error.value) == f"config brains.mouse.sessions: {sentence}"


@pytest.mark.parametrize(("name", "missing"), [("channels", 21), ("probes", 11)])
def test_a_table_that_lacks_what_another_one_names_is_named(tables, name, missing):
    """As one that was cut off after a whole row."""
    tables[name] = tables[name][1:]
    with pytest.raises(InputError, match=f"{name}.csv: found no row of id {missing}, which anoth"):
        select(tables, [2], ["VISp"], QUALITY, "mouse")
