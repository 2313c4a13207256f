"""Evaluation: reads the tables of scores; makes a table per metric and population, and claims."""


rule compute_metric:
    """One metric of a population, with intervals."""
    input:
        **COLLECTED,
    output:
        "results/tables/{population}/{metric}.csv",
    log:
        "results/logs/compute_metric/{population}/{metric}.log",
    benchmark:
        "results/benchmarks/compute_metric/{population}/{metric}.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("evaluation/compute_metric.py"),
        metric_code=PLAN.evaluation.metric_code,
        settings=PLAN.evaluation.metric_settings,
    script:
        "../workflow_scripts/evaluation/compute_metric.py"


rule check_claims:
    """Check each of the paper's claims about a population against what was measured."""
    input:
        unpack(PLAN.evaluation.claim_inputs),
    output:
        "results/tables/{population}/claims.csv",
    log:
        "results/logs/check_claims/{population}.log",
    benchmark:
        "results/benchmarks/check_claims/{population}.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("evaluation/check_claims.py"),
        metric_code=PLAN.evaluation.claim_code,
        settings=PLAN.evaluation.claim_settings,
    script:
        "../workflow_scripts/evaluation/check_claims.py"
