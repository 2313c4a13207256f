"""Evaluation: reads the tables of scores; makes one table per metric, and that of the claims."""


rule compute_metric:
    """One metric of every population that has what it needs, with intervals."""
    input:
        scores="results/tables/scores.csv",
        splits="results/tables/split_scores.csv",
        jackknife="results/scores/jackknife.nc",
    output:
        "results/tables/{metric}.csv",
    log:
        "results/logs/compute_metric/{metric}.log",
    benchmark:
        "results/benchmarks/compute_metric/{metric}.tsv"
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
    """Check each of the paper's claims against what was measured."""
    input:
        **rules.compute_metric.input,
        subjects=PLAN.evaluation.subject_tables(),
    output:
        "results/tables/claims.csv",
    log:
        "results/logs/check_claims.log",
    benchmark:
        "results/benchmarks/check_claims.tsv"
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
