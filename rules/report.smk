"""Report: reads every table, the figures and the stamps of the scores; makes one page of all."""


rule write_report:
    """Write one page of the whole run, which needs no other file and no network."""
    input:
        tables=PLAN.report.tables(),
        figures=PLAN.report.figures(),
        shards=PLAN.report.shards(),
    output:
        report(
            "results/report.html",
            caption="report/caption.rst",
            category="report",
            labels={"figure": "report", "shows": "The whole run on one page"},
        ),
    log:
        "results/logs/write_report.log",
    benchmark:
        "results/benchmarks/write_report.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("report/write_report.py"),
        settings=PLAN.report.settings,
        caption="Claims, figures, tables and methods of this run on one page.",
    script:
        "../workflow_scripts/report/write_report.py"
