"""Fits: one job a method and subject, area or candidate, so that an addition adds jobs only."""


rule align_models:
    """One network against itself and, in both directions, every network before it in config."""
    input:
        activations=shard_activations,
    output:
        "results/scores/models/{method}/{variant}/{seed}.nc",
    log:
        "results/logs/align_models/{method}/{variant}/{seed}.log",
    benchmark:
        "results/benchmarks/align_models/{method}/{variant}/{seed}.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000),
        runtime=growing(120),
        gpu=fit_gpu,
    params:
        code=code("alignment/align_models.py"),
        method_code=method_code,
        settings=models_settings,
    script:
        "../workflow_scripts/alignment/align_models.py"


rule align_mice:
    """One area, pooled over all other mice, against every area of each mouse."""
    input:
        sessions=session_files(),
    output:
        "results/scores/mouse/{method}/{area}.nc",
    log:
        "results/logs/align_mice/{method}/{area}.log",
    benchmark:
        "results/benchmarks/align_mice/{method}/{area}.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000),
        runtime=growing(120),
        gpu=fit_gpu,
    params:
        code=code("alignment/align_brain.py"),
        method_code=method_code,
        settings=area_settings,
    script:
        "../workflow_scripts/alignment/align_brain.py"


rule align_model_and_mice:
    """One candidate network against the mice, in both directions."""
    input:
        activations="results/activations/scenes/{variant}/{seed}.nc",
        sessions=session_files(),
    output:
        model_to_mouse="results/scores/model_to_mouse/{method}/{variant}/{seed}.nc",
        mouse_to_model="results/scores/mouse_to_model/{method}/{variant}/{seed}.nc",
    log:
        "results/logs/align_model_and_mice/{method}/{variant}/{seed}.log",
    benchmark:
        "results/benchmarks/align_model_and_mice/{method}/{variant}/{seed}.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000),
        runtime=growing(120),
        gpu=fit_gpu,
    params:
        code=code("alignment/align_model_and_brain.py"),
        method_code=method_code,
        settings=candidate_settings,
    script:
        "../workflow_scripts/alignment/align_model_and_brain.py"
