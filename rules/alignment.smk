"""Alignment: reads activations and recordings; makes shards of scores, and tables of all scores.

One job is one method and one subject, area or candidate, so that an addition only adds jobs.
"""


rule align_models:
    """One network against itself and, in both directions, every network before it in config."""
    input:
        activations=PLAN.alignment.activations,
    output:
        "results/scores/networks/{method}/{variant}/{seed}.nc",
    log:
        "results/logs/align_models/{method}/{variant}/{seed}.log",
    benchmark:
        "results/benchmarks/align_models/{method}/{variant}/{seed}.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(120),
        gpu=PLAN.alignment.gpu,
    params:
        code=code("alignment/align_models.py"),
        method_code=PLAN.alignment.method_code,
        settings=PLAN.alignment.model_settings,
    script:
        "../workflow_scripts/alignment/align_models.py"


rule align_brain:
    """One area, pooled over all other subjects, against every area of each subject."""
    input:
        recordings=PLAN.brains.recordings,
        stimuli="results/tables/{brain}/stimuli.csv",
    output:
        "results/scores/brain/{brain}/{method}/{area}.nc",
    log:
        "results/logs/align_brain/{brain}/{method}/{area}.log",
    benchmark:
        "results/benchmarks/align_brain/{brain}/{method}/{area}.tsv"
    wildcard_constraints:
        method=pattern(PLAN.alignment.post_methods),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing_with_input(3000, 6),
        runtime=growing(120),
        gpu=PLAN.alignment.gpu,
    params:
        code=code("alignment/align_brain.py"),
        method_code=PLAN.alignment.method_code,
        settings=PLAN.alignment.brain_settings,
    script:
        "../workflow_scripts/alignment/align_brain.py"


rule align_model_and_brain:
    """One candidate network against the subjects of a brain, in both directions."""
    input:
        activations=PLAN.alignment.candidate_activations,
        recordings=PLAN.brains.recordings,
        stimuli="results/tables/{brain}/stimuli.csv",
    output:
        model_to_brain="results/scores/model_to_brain/{brain}/{method}/{variant}/{seed}.nc",
        brain_to_model="results/scores/brain_to_model/{brain}/{method}/{variant}/{seed}.nc",
    log:
        "results/logs/align_model_and_brain/{brain}/{method}/{variant}/{seed}.log",
    benchmark:
        "results/benchmarks/align_model_and_brain/{brain}/{method}/{variant}/{seed}.tsv"
    wildcard_constraints:
        method=pattern(PLAN.alignment.post_methods),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing_with_input(3000, 6),
        runtime=growing(120),
        gpu=PLAN.alignment.gpu,
    params:
        code=code("alignment/align_model_and_brain.py"),
        method_code=PLAN.alignment.method_code,
        settings=PLAN.alignment.candidate_settings,
    script:
        "../workflow_scripts/alignment/align_model_and_brain.py"


rule align_brains:
    """The areas of one brain, pooled over its subjects, against those of another brain."""
    input:
        sources=PLAN.brains.source_recordings,
        recordings=PLAN.brains.recordings,
        source_stimuli="results/tables/{source_brain}/stimuli.csv",
        stimuli="results/tables/{brain}/stimuli.csv",
    output:
        "results/scores/brain_to_brain/{source_brain}/{brain}/{method}.nc",
    log:
        "results/logs/align_brains/{source_brain}/{brain}/{method}.log",
    benchmark:
        "results/benchmarks/align_brains/{source_brain}/{brain}/{method}.tsv"
    wildcard_constraints:
        method=pattern(PLAN.alignment.post_methods),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing_with_input(3000, 6),
        runtime=growing(120),
        gpu=PLAN.alignment.gpu,
    params:
        code=code("alignment/align_brains.py"),
        method_code=PLAN.alignment.method_code,
        settings=PLAN.alignment.brains_settings,
    script:
        "../workflow_scripts/alignment/align_brains.py"


rule collect_scores:
    """Collect a population's shards: a row per cell, one per split, both without each group."""
    input:
        shards=PLAN.alignment.score_shards,
    output:
        **COLLECTED,
    log:
        "results/logs/collect_scores/{population}.log",
    benchmark:
        "results/benchmarks/collect_scores/{population}.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("alignment/collect_scores.py"),
    script:
        "../workflow_scripts/alignment/collect_scores.py"


rule collect_units:
    """The scores of the candidates' units, each from the area that predicts it best."""
    input:
        shards=PLAN.alignment.unit_shards,
    output:
        "results/tables/{brain}/model_units.csv",
    log:
        "results/logs/collect_units/{brain}.log",
    benchmark:
        "results/benchmarks/collect_units/{brain}.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("alignment/collect_units.py"),
    script:
        "../workflow_scripts/alignment/collect_units.py"
