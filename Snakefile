"""Predictivity and specificity of methods that align models with brains."""

from snakemake.utils import min_version

min_version("9.27")


report: "rules/report/workflow.rst"


configfile: workflow.source_path("config.yaml")


include: "rules/common.smk"
include: "rules/mouse.smk"
include: "rules/models.smk"
include: "rules/alignment.smk"
include: "rules/aggregate.smk"
include: "rules/figures.smk"


rule all:
    input:
        final_files(),
