"""Figures: every panel on its own, and the two composed figures."""


rule plot_figure:
    """Draw one panel or one composed figure."""
    input:
        predictivity="results/tables/predictivity.csv",
        silhouette="results/tables/silhouette.csv",
        mds="results/tables/mds.csv",
        separability="results/tables/separability.csv",
        mice="results/tables/mice.csv",
    output:
        svg=report(
            "results/figures/figure_{figure}.svg",
            caption="report/figure.rst",
            category=figure_category,
            labels=figure_labels,
        ),
        png="results/figures/figure_{figure}.png",
    log:
        "results/logs/plot_figure/{figure}.log",
    benchmark:
        "results/benchmarks/plot_figure/{figure}.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("figures/plot_figure.py"),
        settings=figure_settings,
    script:
        "../workflow_scripts/figures/plot_figure.py"


rule plot_mice:
    """Draw the units of the mice before and after each filter, and their reliability."""
    input:
        mice="results/tables/mice.csv",
        units="results/tables/mouse_units.csv",
    output:
        svg=report(
            "results/figures/figure_mice.svg",
            caption="report/figure_mice.rst",
            category="Mice",
            labels={"figure": "mice", "shows": "Units and their reliability"},
        ),
        png="results/figures/figure_mice.png",
    log:
        "results/logs/plot_mice.log",
    benchmark:
        "results/benchmarks/plot_mice.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("figures/plot_brain.py"),
        settings=plot_mice_settings,
    script:
        "../workflow_scripts/figures/plot_brain.py"


rule plot_training:
    """Draw the training curves of a variant's networks, and the first-layer filters of one."""
    input:
        curves=variant_curves,
        weights=first_weights,
        labels=training_labels,
    output:
        svg=report(
            "results/figures/training_{variant}.svg",
            caption="report/training.rst",
            category="Networks",
            labels={
                "figure": "{variant}",
                "shows": "Training and first-layer filters",
            },
        ),
        png="results/figures/training_{variant}.png",
    log:
        "results/logs/plot_training/{variant}.log",
    benchmark:
        "results/benchmarks/plot_training/{variant}.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        code=code("figures/plot_training.py"),
        settings=plot_training_settings,
    script:
        "../workflow_scripts/figures/plot_training.py"
