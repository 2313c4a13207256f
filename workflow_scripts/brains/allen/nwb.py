"""Write an extracellular session in the layout of the Allen Visual Coding - Neuropixels files.

The layout is Neurodata Without Borders 2.2.2 with the extension ``ndx-aibs-ecephys``, written with
h5py alone, so that AllenSDK is needed for reading the file but not for writing it. A file has only
what AllenSDK's ``EcephysSession`` asks for: presentations, invalid intervals, probes, electrodes
and units. Spike amplitudes and waveforms are one zero per unit, because the reader asks for these
columns.

References
----------
Rübel et al. (2022), The Neurodata Without Borders ecosystem for neurophysiological data science,
eLife 11:e78362. Siegle et al. (2021), Survey of spiking in the mouse visual system reveals
functional hierarchy, Nature 592:86-92.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import h5py
import numpy as np
import pandas as pd

from workflow_scripts.brains.allen.release import SESSION_TYPE
from workflow_scripts.common.files import PathLike, replacing

CORE, COMMON, ALLEN = "core", "hdmf-common", "ndx-aibs-ecephys"
"""Namespaces that define the types of groups and datasets."""

START = "2019-01-01T00:00:00+00:00"
"""Time at which every session begins. Readers need one; a constant keeps equal content equal."""


@dataclass(frozen=True, eq=False)
class Session:
    """Content of one session file.

    Attributes
    ----------
    identifier : int
        Number of the session.
    description : str
        What the file is; ``simulated`` is its first word if no animal was recorded.
    presentations : dict of str to pandas.DataFrame
        Presentations of each stimulus: ``start_time`` and ``stop_time`` in seconds,
        ``stimulus_block``, and the parameters of the stimulus (``frame`` for natural scenes, with
        -1 for the blank).
    electrodes : pandas.DataFrame
        ``id``, ``probe_id``, ``group_name`` (the probe's name), ``location`` (area, or ``"None"``
        outside the brain), ``local_index``, ``probe_vertical_position`` and
        ``probe_horizontal_position`` in micrometres, ``valid_data``.
    units : pandas.DataFrame
        ``id``, ``peak_channel_id``, ``local_index``, ``cluster_id``, ``quality``,
        ``firing_rate``, ``isi_violations``, ``presence_ratio``, ``amplitude_cutoff``, ``snr``.
    spike_times : list of numpy.ndarray
        Ascending spike times of each unit in seconds.
    invalid_times : sequence of (float, float, list of str)
        Start and stop in seconds and tags of the intervals without valid data.
    """

    identifier: int
    description: str
    presentations: dict[str, pd.DataFrame]
    electrodes: pd.DataFrame
    units: pd.DataFrame
    spike_times: list[np.ndarray]
    invalid_times: Sequence[tuple[float, float, list[str]]] = ()


def _describe(
    item: h5py.Group | h5py.Dataset, namespace: str, neurodata_type: str, **attributes: Any
) -> None:
    """Set the attributes by which a reader recognises a group or dataset."""
    # An identifier made from the name keeps files of equal content equal.
    identity = uuid5(NAMESPACE_OID, item.file["identifier"][()].decode() + item.name)
    attributes |= {"namespace": namespace, "neurodata_type": neurodata_type}
    for name, value in (attributes | {"object_id": str(identity)}).items():
        item.attrs[name] = value


def _text(group: h5py.Group, **values: str | list[str]) -> None:
    """Write text values as datasets of these names."""
    for name, value in values.items():
        group.create_dataset(name, data=value, dtype=h5py.string_dtype())


def _column(
    table: h5py.Group, name: str, values: Any, neurodata_type: str = "VectorData", **attributes: Any
) -> h5py.Dataset:
    """Write one column of a table."""
    values = np.asarray(values)
    if values.dtype.kind in "OUT":
        column = table.create_dataset(name, data=values.astype(object), dtype=h5py.string_dtype())
    else:
        column = table.create_dataset(name, data=values)
    if neurodata_type == "VectorData":
        attributes["description"] = name
    _describe(column, COMMON, neurodata_type, **attributes)
    return column


def _ragged_column(
    table: h5py.Group, name: str, rows: Sequence[np.ndarray] | np.ndarray, **attributes: Any
) -> None:
    """Write a column with several values in a row, and the index of where each row ends."""
    column = _column(table, name, np.concatenate(rows), **attributes)
    ends = np.cumsum([len(row) for row in rows]).astype("u8")
    _column(table, f"{name}_index", ends, "VectorIndex", target=column.ref)


def _table(
    parent: h5py.Group,
    name: str,
    neurodata_type: str,
    frame: pd.DataFrame,
    ragged: Iterable[str] = (),
    namespace: str = CORE,
) -> h5py.Group:
    """Write a data frame as a table; its column ``id``, if there is one, names the rows.

    Columns in `ragged` are announced here and written afterwards.
    """
    table = parent.create_group(name)
    names = [column for column in frame.columns if column != "id"]
    columns = np.array([*names, *ragged], dtype=object)
    _describe(table, namespace, neurodata_type, description=name, colnames=columns)
    _column(table, "id", frame.get("id", np.arange(len(frame))), "ElementIdentifiers")
    for column in names:
        _column(table, column, frame[column])
    return table


def _write_probes(general: h5py.Group, electrodes: pd.DataFrame) -> None:
    """Write the probes that `electrodes` names, then the electrodes."""
    probes = electrodes.drop_duplicates("probe_id").set_index("probe_id")["group_name"]
    groups = {}
    for probe, name in probes.items():
        device = general.create_group(f"devices/{name}")
        _describe(
            device,
            ALLEN,
            "EcephysProbe",
            description="Neuropixels 1.0 Probe",
            manufacturer="imec",
            probe_id=probe,
            sampling_rate=30000.0,
        )
        group = general.create_group(f"extracellular_ephys/{name}")
        _describe(
            group,
            ALLEN,
            "EcephysElectrodeGroup",
            description="Ecephys Electrode Group",
            location="See electrode locations",
            probe_id=probe,
            has_lfp_data=np.bool_(False),
            lfp_sampling_rate=1250.0,
        )
        group["device"] = h5py.SoftLink(device.name)
        groups[probe] = group.ref
    table = _table(
        general["extracellular_ephys"],
        "electrodes",
        "DynamicTable",
        electrodes,
        ragged=["group"],
        namespace=COMMON,
    )
    references = np.array([groups[probe] for probe in electrodes["probe_id"]], dtype=h5py.ref_dtype)
    column = table.create_dataset("group", data=references, dtype=h5py.ref_dtype)
    _describe(column, COMMON, "VectorData", description="group")


def _write_head(file: h5py.File, session: Session) -> None:
    """Write what identifies the file, and the groups that every reader expects."""
    _text(
        file,
        identifier=str(session.identifier),
        session_description=session.description,
        session_start_time=START,
        timestamps_reference_time=START,
    )
    file.attrs["nwb_version"] = "2.2.2"
    _describe(file, CORE, "NWBFile")
    _text(file, file_create_date=[START])
    for group in ("acquisition", "analysis", "processing", "stimulus/presentation"):
        file.create_group(group)
    file.create_group("stimulus/templates")


def _write_subject(general: h5py.Group, session: Session) -> None:
    """Write the animal, whose details readers need."""
    name = str(session.identifier)
    subject = general.create_group("subject")
    _describe(
        subject,
        ALLEN,
        "EcephysSpecimen",
        age_in_days=np.float32(110),
        specimen_name=name,
        strain="C57BL/6J",
    )
    _text(subject, age="P110D", genotype="wt/wt", sex="M", species="Mus musculus")
    _text(subject, subject_id=name)


def _write_intervals(file: h5py.File, session: Session) -> None:
    """Write the presentations of each stimulus and the intervals without valid data."""
    intervals = file.create_group("intervals")
    for index, (name, frame) in enumerate(session.presentations.items()):
        frame = frame.assign(stimulus_name=name, stimulus_index=float(index))
        _table(intervals, f"{name}_presentations", "TimeIntervals", frame)
    if session.invalid_times:
        starts, stops, tags = zip(*session.invalid_times, strict=True)
        frame = pd.DataFrame({"start_time": starts, "stop_time": stops})
        table = _table(intervals, "invalid_times", "TimeIntervals", frame, ragged=["tags"])
        _ragged_column(table, "tags", [np.array(row, dtype=object) for row in tags])


def _write_units(file: h5py.File, session: Session) -> None:
    """Write the units with their spikes."""
    n_units = len(session.units)
    ragged = ["spike_times", "spike_amplitudes", "waveform_mean"]
    table = _table(file, "units", "Units", session.units, ragged)
    _ragged_column(table, "spike_times", session.spike_times)
    _ragged_column(table, "spike_amplitudes", np.zeros((n_units, 1)))
    _ragged_column(table, "waveform_mean", np.zeros((n_units, 1, 1)), unit="volts")


def write_session(path: PathLike, session: Session, notes: str) -> None:
    """Write one session.

    Parameters
    ----------
    path : str or path-like
        Final name of the file.
    session : Session
    notes : str
        How the file came about.
    """
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        _write_head(file, session)
        general = file.create_group("general")
        _text(
            general,
            session_id=str(session.identifier),
            stimulus=SESSION_TYPE,
            notes=notes,
        )
        _write_subject(general, session)
        _write_intervals(file, session)
        unknown = dict.fromkeys(("x", "y", "z", "imp"), np.nan)
        _write_probes(general, session.electrodes.assign(**unknown, filtering="none"))
        _write_units(file, session)
