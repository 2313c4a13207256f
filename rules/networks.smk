"""Networks: reads images and ready activations; makes trained networks and their activations."""


rule train_model:
    """Train a group of networks; one thread, so that no weight depends on the number of cores."""
    input:
        training=PLAN.images.training_files,
        validation="results/stimuli/validation.nc",
    output:
        weights="results/models/{variant}/{seeds}.safetensors",
        config="results/models/{variant}/{seeds}.json",
        curve="results/models/{variant}/{seeds}.csv",
    log:
        "results/logs/train_model/{variant}/{seeds}.log",
    benchmark:
        "results/benchmarks/train_model/{variant}/{seeds}.tsv"
    wildcard_constraints:
        variant=pattern(PLAN.networks.trained_variants()),
    # Trainings are the longest jobs: if they start first, the fewest cores are idle at the end.
    priority: 10
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(120),
        gpu=int(PLAN.networks.uses_gpu),
    params:
        code=code("networks/train_model.py"),
        architecture_code=PLAN.networks.architecture_code,
        settings=PLAN.networks.train_settings,
        # Not an output: Snakemake would remove it before the next job could continue from it.
        checkpoints="results/checkpoints/{variant}",
    script:
        "../workflow_scripts/networks/train_model.py"


rule extract_activations:
    """Mean responses over noisy passes, of all layers, before and after the non-linearity.

    More passes follow until the responses are as reliable as config asks for.
    """
    input:
        weights=PLAN.networks.weights,
        images=PLAN.networks.images_seen,
    output:
        "results/activations/{stimuli}/{variant}/{seed}.nc",
    log:
        "results/logs/extract_activations/{stimuli}/{variant}/{seed}.log",
    benchmark:
        "results/benchmarks/extract_activations/{stimuli}/{variant}/{seed}.tsv"
    wildcard_constraints:
        variant=pattern(PLAN.networks.read_variants()),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
        gpu=int(PLAN.networks.uses_gpu),
    params:
        code=code("networks/extract_activations.py"),
        architecture_code=PLAN.networks.architecture_code,
        settings=PLAN.networks.activation_settings,
        state=PLAN.networks.weights_state,
    script:
        "../workflow_scripts/networks/extract_activations.py"


rule import_activations:
    """Choose units of activations that somebody has already, from whatever framework."""
    input:
        PLAN.networks.ready_files,
    output:
        "results/activations/{stimuli}/{variant}/{seed}.nc",
    log:
        "results/logs/import_activations/{stimuli}/{variant}/{seed}.log",
    benchmark:
        "results/benchmarks/import_activations/{stimuli}/{variant}/{seed}.tsv"
    wildcard_constraints:
        variant=pattern(PLAN.networks.imported_variants()),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=code("networks/import_activations.py"),
        settings=PLAN.networks.import_settings,
        state=PLAN.networks.ready_state,
    script:
        "../workflow_scripts/networks/import_activations.py"


rule summarise_training:
    """Last epoch of every trained network, and whether the population's seeds agree."""
    input:
        curves=PLAN.networks.all_curves(),
    output:
        "results/tables/training.csv",
    log:
        "results/logs/summarise_training.log",
    benchmark:
        "results/benchmarks/summarise_training.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("networks/summarise_training.py"),
        settings=PLAN.networks.summary_settings,
    script:
        "../workflow_scripts/networks/summarise_training.py"


rule summarise_activations:
    """Passes, and quartiles of the reliability, of all activations that are read here."""
    input:
        activations=PLAN.networks.all_activations(),
    output:
        "results/tables/activations.csv",
    log:
        "results/logs/summarise_activations.log",
    benchmark:
        "results/benchmarks/summarise_activations.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("networks/summarise_activations.py"),
    script:
        "../workflow_scripts/networks/summarise_activations.py"
