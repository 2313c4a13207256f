"""What is read before and after a run: the plan on one screen, mistakes in one sentence."""

from tests.harness.mini import MINI_FILE, PLAN
from tests.harness.workflow import job_counts
from workflow_scripts.common.last_run import FILE


def test_a_quiet_plan_fits_on_a_screen(workflow):
    output = workflow.dry_run("-q", "--forceall")
    planned = job_counts(output)
    measured = [PLAN.evaluation.measured(metric) for metric in PLAN.evaluation.metrics()]
    assert planned["compute_metric"] == sum(map(len, measured))
    # With a table of its rules, which stands there once.
    assert len(output.splitlines()) < len(planned) + 14


def test_a_default_configuration_that_is_not_yaml_is_named_with_the_line(workflow):
    path = workflow.folder / "config.yaml"
    text = path.read_text()
    try:
        path.write_text("seed: 1\n  device: cpu\n")
        output = workflow.dry_run(check=False)
    finally:
        path.write_text(text)
    assert output.splitlines()[-1] == (
        f"{path}: found mapping values are not allowed here in line 2, column 9, expected YAML: "
        "keys indented by spaces, equal ones equally, and a space after each colon"
    )


def test_a_run_says_what_was_found_and_remembers_its_options(finished_folder):
    """The last lines of Snakemake's log of the run, with those that a screen does not show."""
    (log,) = sorted((finished_folder / ".snakemake/log").glob("*.log"))[-1:]
    lines = log.read_text().splitlines()
    starts = [line.split(" ")[0] for line in lines]
    assert starts[-5:-2] == ["Claims:", "Figures:", "Report:"]
    assert "rule align_models:" in log.read_text()
    assert MINI_FILE in (finished_folder / FILE).read_text()
