"""Images: reads photographs or a folder; makes stimulus sets, and images packed for training."""


rule pack_images:
    """Decode every image once; what a killed job has decoded is kept for the next one."""
    input:
        shown=PLAN.images.shown_pack,
    output:
        images="results/images/{subset}/images.npy",
        labels="results/images/{subset}/labels.npy",
        manifest="results/images/{subset}/manifest.csv",
        config="results/images/{subset}/config.json",
    log:
        "results/logs/pack_images/{subset}.log",
    benchmark:
        "results/benchmarks/pack_images/{subset}.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 32
    resources:
        mem_mb=growing(8000),
        runtime=growing(120),
    params:
        code=code("images/pack_images.py"),
        settings=PLAN.images.pack_settings,
        state=PLAN.images.pack_state,
    script:
        "../workflow_scripts/images/pack_images.py"


rule prepare_stimuli:
    """Make one stimulus set; no image is in two sets."""
    input:
        pack=PLAN.images.set_pack,
    output:
        "results/stimuli/{set}.nc",
    log:
        "results/logs/prepare_stimuli/{set}.log",
    benchmark:
        "results/benchmarks/prepare_stimuli/{set}.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(10),
    params:
        code=code("images/prepare_stimuli.py"),
        settings=PLAN.images.set_settings,
    script:
        "../workflow_scripts/images/prepare_stimuli.py"
