"""Predictivity and specificity of methods that align models with brains."""

from snakemake.utils import min_version

min_version("9.27")


configfile: workflow.source_path("config.yaml")


include: "rules/common.smk"
include: "rules/mouse.smk"
include: "rules/models.smk"
include: "rules/alignment.smk"


rule all:
    input:
        score_files(),
