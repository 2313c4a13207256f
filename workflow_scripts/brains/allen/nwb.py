"""Write an extracellular session in the layout of the Allen Visual Coding - Neuropixels files.

The layout is Neurodata Without Borders 2.2.2 with the extension ``ndx-aibs-ecephys``, written with
h5py alone, so that AllenSDK is needed by those who read the file but not by those who write it.
Only what AllenSDK's ``EcephysSession`` asks for is there: presentations, invalid intervals, probes,
electrodes and units. Spike amplitudes and waveforms are one zero per unit, because the reader
wants the columns.

References
----------
Rübel et al. (2022), The Neurodata Without Borders ecosystem for neurophysiological data science,
eLife 11:e78362. Siegle et al. (2021), Survey of spiking in the mouse visual system reveals
functional hierarchy, Nature 592:86-92.
"""

from uuid import NAMESPACE_OID, uuid5

import h5py
import numpy as np
import pandas as pd

from workflow_scripts.common.files import replacing

CORE, COMMON, ALLEN = "core", "hdmf-common", "ndx-aibs-ecephys"


START = "2019-01-01T00:00:00+00:00"


def _describe(item, namespace, neurodata_type, **attributes):
    """Set the attributes by which a reader recognises a group or dataset."""
    # an identifier made from the name keeps files of equal content equal
    identity = uuid5(NAMESPACE_OID, item.file["identifier"][()].decode() + item.name)
    attributes |= {"namespace": namespace, "neurodata_type": neurodata_type}
    for name, value in (attributes | {"object_id": str(identity)}).items():
        item.attrs[name] = value


def _text(group, **values):
    for name, value in values.items():
        group.create_dataset(name, data=value, dtype=h5py.string_dtype())


def _column(table, name, values, neurodata_type="VectorData", **attributes):
    values = np.asarray(values)
    if values.dtype.kind in "OUT":
        column = table.create_dataset(name, data=values.astype(object), dtype=h5py.string_dtype())
    else:
        column = table.create_dataset(name, data=values)
    if neurodata_type == "VectorData":
        attributes["description"] = name
    _describe(column, COMMON, neurodata_type, **attributes)
    return column


def _ragged_column(table, name, rows, **attributes):
    column = _column(table, name, np.concatenate(rows), **attributes)
    ends = np.cumsum([len(row) for row in rows]).astype("u8")
    _column(table, f"{name}_index", ends, "VectorIndex", target=column.ref)


def _table(parent, name, neurodata_type, frame, ragged=(), namespace=CORE):
    """Table with one row per row of `frame`, whose column ``id`` names the rows if there is one."""
    table = parent.create_group(name)
    names = [column for column in frame.columns if column != "id"]
    columns = np.array([*names, *ragged], dtype=object)
    _describe(table, namespace, neurodata_type, description=name, colnames=columns)
    _column(table, "id", frame.get("id", np.arange(len(frame))), "ElementIdentifiers")
    for column in names:
        _column(table, column, frame[column])
    return table


def _write_probes(general, electrodes):
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


def write_session(
    path,
    session,
    *,
    description,
    notes,
    presentations,
    electrodes,
    units,
    spike_times,
    invalid_times=(),
):
    """Write one session.

    Parameters
    ----------
    path : str or path-like
        Final name of the file.
    session : int
        Identifier of the session.
    description, notes : str
        What the file is, and how it came about.
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
    invalid_times : sequence of (float, float, list of str), optional
        Start and stop in seconds and tags of the intervals without valid data.
    """
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        _text(
            file,
            identifier=str(session),
            session_description=description,
            session_start_time=START,
            timestamps_reference_time=START,
        )
        file.attrs["nwb_version"] = "2.2.2"
        _describe(file, CORE, "NWBFile")
        _text(file, file_create_date=[START])
        for group in ("acquisition", "analysis", "processing", "stimulus/presentation"):
            file.create_group(group)
        file.create_group("stimulus/templates")

        general = file.create_group("general")
        _text(general, session_id=str(session), stimulus="brain_observatory_1.1", notes=notes)
        subject = general.create_group("subject")
        _describe(
            subject,
            ALLEN,
            "EcephysSpecimen",
            age_in_days=np.float32(110),
            specimen_name=str(session),
            strain="C57BL/6J",
        )
        _text(subject, age="P110D", genotype="wt/wt", sex="M", species="Mus musculus")
        _text(subject, subject_id=str(session))

        intervals = file.create_group("intervals")
        for index, (name, frame) in enumerate(presentations.items()):
            frame = frame.assign(stimulus_name=name, stimulus_index=float(index))
            _table(intervals, f"{name}_presentations", "TimeIntervals", frame)
        if invalid_times:
            starts, stops, tags = zip(*invalid_times, strict=True)
            frame = pd.DataFrame({"start_time": starts, "stop_time": stops})
            table = _table(intervals, "invalid_times", "TimeIntervals", frame, ragged=["tags"])
            _ragged_column(table, "tags", [np.array(row, dtype=object) for row in tags])

        coordinates = {"x": np.nan, "y": np.nan, "z": np.nan, "imp": np.nan, "filtering": "none"}
        _write_probes(general, electrodes.assign(**coordinates))

        ragged = ["spike_times", "spike_amplitudes", "waveform_mean"]
        table = _table(file, "units", "Units", units, ragged)
        _ragged_column(table, "spike_times", spike_times)
        _ragged_column(table, "spike_amplitudes", np.zeros((len(units), 1)))
        _ragged_column(table, "waveform_mean", np.zeros((len(units), 1, 1)), unit="volts")
