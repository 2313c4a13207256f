"""From shards to tables, one row an observation."""


rule collect_scores:
    """Collect all shards: one row a cell, and one row a cell and split."""
    input:
        shards=score_files(),
    output:
        scores="results/tables/scores.csv",
        splits="results/tables/split_scores.csv",
    log:
        "results/logs/collect_scores.log",
    benchmark:
        "results/benchmarks/collect_scores.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("alignment/collect_scores.py"),
    script:
        "../workflow_scripts/alignment/collect_scores.py"


rule summarise_predictivity:
    """Average the scores between subjects, in the same part and in different parts."""
    input:
        scores="results/tables/scores.csv",
    output:
        "results/tables/predictivity.csv",
    log:
        "results/logs/summarise_predictivity.log",
    benchmark:
        "results/benchmarks/summarise_predictivity.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("evaluation/metrics/predictivity.py"),
        settings=predictivity_settings,
    script:
        "../workflow_scripts/evaluation/metrics/predictivity.py"


rule summarise_silhouette:
    """Silhouette of the model population under each method, with all options."""
    input:
        scores="results/tables/scores.csv",
    output:
        "results/tables/silhouette.csv",
    log:
        "results/logs/summarise_silhouette.log",
    benchmark:
        "results/benchmarks/summarise_silhouette.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("evaluation/metrics/silhouette.py"),
        settings=silhouette_settings,
    script:
        "../workflow_scripts/evaluation/metrics/silhouette.py"


rule embed_profiles:
    """Place the profiles of the model population in the plane."""
    input:
        scores="results/tables/scores.csv",
    output:
        "results/tables/mds.csv",
    log:
        "results/logs/embed_profiles.log",
    benchmark:
        "results/benchmarks/embed_profiles.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("evaluation/metrics/mds.py"),
        settings=embedding_settings,
    script:
        "../workflow_scripts/evaluation/metrics/mds.py"


rule summarise_separability:
    """Separability of the candidate models, in each direction and in both."""
    input:
        scores="results/tables/scores.csv",
        splits="results/tables/split_scores.csv",
    output:
        "results/tables/separability.csv",
    log:
        "results/logs/summarise_separability.log",
    benchmark:
        "results/benchmarks/summarise_separability.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("evaluation/metrics/separability.py"),
        settings=separability_settings,
    script:
        "../workflow_scripts/evaluation/metrics/separability.py"


rule summarise_cost:
    """Seconds of fitting."""
    input:
        scores="results/tables/scores.csv",
    output:
        "results/tables/cost.csv",
    log:
        "results/logs/summarise_cost.log",
    benchmark:
        "results/benchmarks/summarise_cost.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("evaluation/metrics/cost.py"),
    script:
        "../workflow_scripts/evaluation/metrics/cost.py"


rule check_claims:
    """Hold each of the paper's claims against what was measured."""
    input:
        predictivity="results/tables/predictivity.csv",
        silhouette="results/tables/silhouette.csv",
        separability="results/tables/separability.csv",
        mice="results/tables/mice.csv",
    output:
        "results/tables/claims.csv",
    log:
        "results/logs/check_claims.log",
    benchmark:
        "results/benchmarks/check_claims.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("evaluation/check_claims.py"),
        settings=claim_settings,
    script:
        "../workflow_scripts/evaluation/check_claims.py"


rule summarise_mice:
    """Units of each mouse and area before and after each filter, and which mice take part."""
    input:
        sessions=session_files(),
    output:
        mice="results/tables/mice.csv",
        units="results/tables/mouse_units.csv",
    log:
        "results/logs/summarise_mice.log",
    benchmark:
        "results/benchmarks/summarise_mice.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("brains/summarise_brain.py"),
        settings=summary_settings,
    script:
        "../workflow_scripts/brains/summarise_brain.py"


rule summarise_training:
    """Last epoch of every trained network, and whether the population's seeds agree."""
    input:
        curves=curve_files(trained_variants()),
    output:
        "results/tables/training.csv",
    log:
        "results/logs/summarise_training.log",
    benchmark:
        "results/benchmarks/summarise_training.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("networks/summarise_training.py"),
        settings=training_settings(),
    script:
        "../workflow_scripts/networks/summarise_training.py"
