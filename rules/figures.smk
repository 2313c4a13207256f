"""Figures: reads tables; draws every panel on its own, composed figures, subjects and trainings."""


rule plot_figure:
    """Draw one panel or one composed figure of one population."""
    input:
        unpack(PLAN.figures.tables),
    output:
        svg=report(
            "results/figures/{population}/{figure}.svg",
            caption="report/caption.rst",
            category="{population}",
            labels=PLAN.figures.labels,
        ),
        png="results/figures/{population}/{figure}.png",
    log:
        "results/logs/plot_figure/{population}/{figure}.log",
    benchmark:
        "results/benchmarks/plot_figure/{population}/{figure}.tsv"
    wildcard_constraints:
        figure=pattern(PLAN.figures.all_names()),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("figures/plot_figure.py"),
        panel_code=PLAN.figures.code,
        settings=PLAN.figures.settings,
        caption=PLAN.figures.caption,
    script:
        "../workflow_scripts/figures/plot_figure.py"


rule plot_brain:
    """Draw the units of a brain's subjects before and after each filter, and their reliability."""
    input:
        subjects="results/tables/{brain}/subjects.csv",
        units="results/tables/{brain}/units.csv",
    output:
        svg=report(
            "results/figures/{brain}/subjects.svg",
            caption="report/caption.rst",
            category="{brain}",
            labels={"figure": "subjects", "shows": "Units and their reliability"},
        ),
        png="results/figures/{brain}/subjects.png",
    log:
        "results/logs/plot_brain/{brain}.log",
    benchmark:
        "results/benchmarks/plot_brain/{brain}.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("figures/plot_brain.py"),
        settings=PLAN.figures.brain_settings,
        caption=PLAN.figures.brain_caption,
    script:
        "../workflow_scripts/figures/plot_brain.py"


rule plot_training:
    """Draw the training curves of a variant's networks, and the first-layer filters of one."""
    input:
        curves=PLAN.figures.curves,
        weights=PLAN.figures.first_weights,
        labels=PLAN.images.training_labels,
    output:
        svg=report(
            "results/figures/networks/training_{variant}.svg",
            caption="report/caption.rst",
            category="networks",
            labels={
                "figure": "training of {variant}",
                "shows": "Training and first-layer filters",
            },
        ),
        png="results/figures/networks/training_{variant}.png",
    log:
        "results/logs/plot_training/{variant}.log",
    benchmark:
        "results/benchmarks/plot_training/{variant}.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        code=code("figures/plot_training.py"),
        settings=PLAN.figures.training_settings,
        caption=PLAN.figures.training_caption,
    script:
        "../workflow_scripts/figures/plot_training.py"
