"""The plan of the run, and what all rules share. What a rule reads and is told is in plan.py."""

import os
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT))
# The profile of another clone, in whose folder Snakemake was started, has imported that one's.
if loaded := sys.modules.get("workflow_scripts"):
    if not Path(loaded.__file__).samefile(ROOT / "workflow_scripts/__init__.py"):
        found = f"{ROOT}: found the modules of {Path(loaded.__file__).parents[1]}"
        remedy = "start Snakemake in this folder, with --directory FOLDER for results elsewhere"
        sys.exit(f"{found}, expected its own: {remedy}")

from workflow_scripts.alignment.plan import COLLECTED
from workflow_scripts.common.command_line import check_packages
from workflow_scripts.common.config import check_files
from workflow_scripts.common.devices import check_gpus
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import remove_leftovers
from workflow_scripts.common.kept_memory import KEPT_MEMORY
from workflow_scripts.common.last_run import Options
from workflow_scripts.common.planning import code, growing, growing_with_input, pattern
from workflow_scripts.common.progress import follow, results
from workflow_scripts.plan import Plan
from workflow_scripts.report.plan import PAGE

os.environ.update(
    # Drivers, also those in other environments, import the package from the repository.
    PYTHONPATH=str(ROOT),
    # Otherwise POT imports torch in every job that uses it.
    POT_BACKEND_DISABLE_PYTORCH="1",
    # Many shared file systems have no locks, and HDF5 then refuses to open a file. Nothing here
    # needs them: a file is written once, under another name, before anyone reads it.
    HDF5_USE_FILE_LOCKING="FALSE",
    # Where a storage plugin copies results for a job; without one, the folder itself.
    RESULTS_COPIES=str(workflow.inputfile("results")),
    **KEPT_MEMORY,
)
# Without byte code every job would compile its libraries again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

try:
    # With --sdm conda, jobs have an environment of their own.
    if not workflow.deployment_settings.deployment_method:
        check_packages()
    # Before Snakemake reads config.yaml: it does not name the line that is not YAML.
    check_files([ROOT / "config.yaml", *map(Path, workflow.configfiles)])
except InputError as error:
    sys.exit(str(error))


configfile: workflow.source_path("../config.yaml")


LIMITS = workflow.resource_settings.resources
try:
    PLAN = Plan(config)
    check_gpus(LIMITS["gpu"].value if "gpu" in LIMITS else 1)
except InputError as error:
    sys.exit(str(error))

# How often a training is saved does not change what is trained: it is not a parameter of the job.
os.environ.update(CHECKPOINT_MINUTES=str(PLAN.config.checkpoint_minutes))

OPTIONS = Options(
    workflow.overwrite_configfiles, workflow.config_settings.config, config
)
PROGRESS = None
# Jobs read these files as well.
if workflow.is_main_process:
    if warning := OPTIONS.warning():
        logger.warning(warning)
    PROGRESS = follow(logger, workflow)


onstart:
    OPTIONS.note()


onsuccess:
    remove_leftovers("results")
    for line in results(PLAN.final_files(), PAGE):
        logger.info(line)


onerror:
    remove_leftovers("results")
    for line in PROGRESS.failures() if PROGRESS else []:
        logger.error(line)


wildcard_constraints:
    population=pattern([item["name"] for item in PLAN.figures.populations]),
    brain=pattern(PLAN.config.brains),
    source_brain=pattern(PLAN.config.brains),
    stimuli=pattern(["population", *PLAN.config.brains]),
    method=pattern(PLAN.alignment.methods),
    metric=pattern(PLAN.config.metrics),
    variant=pattern(PLAN.config.variants),
    area=pattern(PLAN.brains.areas()),
    set=pattern(PLAN.images.sets),
    subset="train|val|all",
    seed=r"\d+",
    seeds=r"\d+(_\d+)*",
    subject=r"\d+",
    size=r"\d+",
    figure=r"[a-z][a-z0-9_]*",
