"""Networks: images, training, and what each layer answers."""

if PACKED:

    rule pack_images:
        """Decode every image once; what a killed job has decoded is kept for the next one."""
        output:
            images="results/images/{part}/images.npy",
            labels="results/images/{part}/labels.npy",
            manifest="results/images/{part}/manifest.csv",
            config="results/images/{part}/config.json",
        log:
            "results/logs/pack_images/{part}.log",
        benchmark:
            "results/benchmarks/pack_images/{part}.tsv"
        conda:
            "../envs/workflow.yaml"
        threads: 32
        resources:
            mem_mb=growing(8000),
            runtime=growing(120),
        params:
            code=code("images/pack_images.py"),
            settings=pack_settings,
        script:
            "../workflow_scripts/images/pack_images.py"


rule prepare_stimuli:
    """Make one stimulus set; no image is in two sets."""
    input:
        pack=set_pack,
    output:
        "results/stimuli/{set}.nc",
    log:
        "results/logs/prepare_stimuli/{set}.log",
    benchmark:
        "results/benchmarks/prepare_stimuli/{set}.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(10),
    params:
        code=code("images/prepare_stimuli.py"),
        settings=stimuli_settings,
    script:
        "../workflow_scripts/images/prepare_stimuli.py"


rule train_model:
    """Train a group of networks; one thread, so that no weight depends on the number of cores."""
    input:
        training=training_files,
        validation="results/stimuli/validation.nc",
    output:
        weights="results/models/{variant}/{seeds}.safetensors",
        config="results/models/{variant}/{seeds}.json",
        curve="results/models/{variant}/{seeds}.csv",
    log:
        "results/logs/train_model/{variant}/{seeds}.log",
    benchmark:
        "results/benchmarks/train_model/{variant}/{seeds}.tsv"
    # Trainings are the longest jobs: the first to start leave the fewest cores idle at the end.
    priority: 10
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(120),
        gpu=GPU,
    params:
        code=code("networks/train_model.py"),
        settings=train_settings,
        # No output, which would be gone before the next job could go on from it.
        checkpoints="results/checkpoints/{variant}",
    script:
        "../workflow_scripts/networks/train_model.py"


rule extract_activations:
    """Mean responses over noisy passes, of all layers, before and after the non-linearity."""
    input:
        weights=network_weights,
        images=network_images,
    output:
        "results/activations/{images}/{variant}/{seed}.nc",
    log:
        "results/logs/extract_activations/{images}/{variant}/{seed}.log",
    benchmark:
        "results/benchmarks/extract_activations/{images}/{variant}/{seed}.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
        gpu=GPU,
    params:
        code=code("networks/extract_activations.py"),
        settings=activation_settings,
    script:
        "../workflow_scripts/networks/extract_activations.py"
