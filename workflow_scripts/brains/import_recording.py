"""Check a lab's own recording, and add the reliability of its units if it has none."""

from typing import Any

from workflow_scripts.brains.own_recording import complete
from workflow_scripts.brains.recording import read_labels, read_responses, read_trials
from workflow_scripts.brains.stimuli import read_list
from workflow_scripts.common.files import PathLike, write_netcdf
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp


def main(
    path: PathLike, listed: PathLike | None, settings: dict[str, Any], output: PathLike
) -> None:
    """Write a recording in the form in which other jobs read it.

    Parameters
    ----------
    path : str or path-like
    listed : str or path-like, or None
        The brain's list of stimuli, where it prescribes the ``training`` stimuli.
    settings : dict
        ``seed``, and ``reliability_stimuli``, from which the reliability is computed: ``all`` or
        ``training``.
    output : str or path-like
    """
    training = None
    if settings["reliability_stimuli"] == "training":
        assert listed  # the plan has refused a brain without a list
        training = [name for name, row in read_list(listed).items() if row.split == "train"]
    labels = read_labels(path)
    responses = read_responses(path, labels)
    trials = read_trials(path, labels, responses) if labels.has_trials else None
    data = complete(labels, responses, trials, settings["seed"], training)
    data.attrs = {
        "subject": labels.subject,
        "measurement": labels.measurement,
        **stamp(settings, seed=settings["seed"], data_kind=labels.data_kind),
    }
    write_netcdf(data, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.recording,
            snakemake.input.get("listed"),
            snakemake.params.settings,
            snakemake.output[0],
        )
