"""Predictivity and specificity of methods that align models with brains."""

from snakemake.utils import min_version

min_version("9.27")


report: "rules/report/workflow.rst"


include: "rules/common.smk"
include: "rules/images.smk"
include: "rules/networks.smk"
include: "rules/brains.smk"
include: "rules/alignment.smk"
include: "rules/evaluation.smk"
include: "rules/figures.smk"
include: "rules/report.smk"


from workflow_scripts.common.command_line import arguments, check_targets
from workflow_scripts.common.planning import command_hash

# A shell command is code as well. What is fetched is compared with the server, as rules/brains.smk
# says.
for each in workflow.rules:
    if each.shellcmd and not each.name.startswith("fetch_"):
        each.set_params(command=command_hash(each.shellcmd))


rule all:
    """Every table, every figure, and the page that shows them."""
    input:
        PLAN.final_files(),


# `snakemake networks`, `snakemake figure_1`, `snakemake silhouette` and so on: parts of the above.
for target, files in PLAN.targets().items():

    rule:
        name:
            target
        input:
            files,


# Snakemake's own message names no other target.
if workflow.is_main_process:
    try:
        check_targets(
            arguments().targets or (),
            ["all", *PLAN.targets()],
            {rule.name for rule in workflow.rules},
        )
    except InputError as error:
        sys.exit(str(error))
