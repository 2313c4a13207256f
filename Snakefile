"""Predictivity and specificity of methods that align models with brains."""

from snakemake.utils import min_version

min_version("9.27")


report: "rules/report/workflow.rst"


configfile: workflow.source_path("config.yaml")


include: "rules/common.smk"
include: "rules/images.smk"
include: "rules/networks.smk"
include: "rules/brains.smk"
include: "rules/alignment.smk"
include: "rules/evaluation.smk"
include: "rules/figures.smk"


rule all:
    """Every table and every figure."""
    input:
        PLAN.final_files(),
