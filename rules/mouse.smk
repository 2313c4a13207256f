"""Mice: scenes, simulated sessions, and responses read by AllenSDK in its own environment."""

from snakemake.settings.types import DeploymentMethod

# With --sdm conda, conda provides AllenSDK; otherwise a rule builds its environment on demand.
CONDA = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
ALLENSDK = repository(environment_folder(ROOT / "envs/allensdk.txt"))
ALLENSDK_READY = [] if CONDA else f"{ALLENSDK}/.ready"
ALLENSDK_PYTHON = "python" if CONDA else f"{ALLENSDK}/bin/python"


rule build_environment:
    """Build the isolated environment of AllenSDK from its hashed pins, by uv or venv and pip."""
    input:
        # The folder is named by the content of the pins, so their age says nothing.
        ancient(repository("envs/allensdk.txt")),
    output:
        touch(f"{ALLENSDK}/.ready"),
    log:
        "results/logs/build_environment/allensdk.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    # pynwb writes its type map at the first import, which must not happen in two jobs at once.
    shell:
        """
        exec >{log:q} 2>&1
        folder=$(dirname {output:q})
        if command -v uv; then
            uv venv --quiet --clear --python 3.11 "$folder"
            uv pip sync --quiet --require-hashes --python "$folder/bin/python" {input:q}
        else
            python3.11 -m venv --clear "$folder"
            "$folder/bin/python" -m pip install --quiet --require-hashes -r {input:q}
        fi
        "$folder/bin/python" -c "import allensdk.brain_observatory.ecephys.ecephys_session"
        """


rule prepare_scenes:
    """Bring the scenes that the mice saw into the form, and the size, that networks see."""
    input:
        templates=SCENE_FOLDER,
    output:
        "results/stimuli/scenes{size}.nc",
    log:
        "results/logs/prepare_scenes{size}.log",
    benchmark:
        "results/benchmarks/prepare_scenes{size}.tsv"
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        code=code("brains/prepare_scenes.py"),
        settings=scene_settings,
    script:
        "../workflow_scripts/brains/prepare_scenes.py"


rule extract_responses:
    """Count the spikes of one session's units at each scene and trial."""
    input:
        nwb=session_nwb,
        environment=ALLENSDK_READY,
    output:
        "results/mouse/sessions/{session}.nc",
    log:
        "results/logs/extract_responses/{session}.log",
    benchmark:
        "results/benchmarks/extract_responses/{session}.tsv"
    conda:
        "../envs/allensdk.yaml"
    threads: 1
    resources:
        mem_mb=growing(8000),
        runtime=growing(30),
    params:
        code=code("brains/allen/extract_responses.py"),
        python=ALLENSDK_PYTHON,
        settings=response_settings_json,
    shell:
        "{params.python:q} -m workflow_scripts.brains.allen.extract_responses --nwb {input.nwb:q}"
        " --settings {params.settings:q} --output {output:q} --log {log:q}"


if SIMULATED:

    rule simulate_scenes:
        """Draw the scenes of the simulated mice."""
        output:
            directory(SCENE_FOLDER),
        log:
            "results/logs/simulate_scenes.log",
        benchmark:
            "results/benchmarks/simulate_scenes.tsv"
        conda:
            "../envs/workflow.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(10),
        params:
            code=code("brains/simulated/simulate_scenes.py"),
            settings=scene_settings,
        script:
            "../workflow_scripts/brains/simulated/simulate_scenes.py"

    rule simulate_session:
        """Write one simulated recording as an Allen session file."""
        input:
            truth=truth_activations(),
        output:
            "results/mouse/nwb/session_{session}.nwb",
        log:
            "results/logs/simulate_session/{session}.log",
        benchmark:
            "results/benchmarks/simulate_session/{session}.tsv"
        conda:
            "../envs/workflow.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(10),
        params:
            code=code("brains/simulated/simulate_session.py"),
            settings=session_settings,
        script:
            "../workflow_scripts/brains/simulated/simulate_session.py"


if FETCHED:

    rule fetch_tables:
        """Fetch what the Allen Institute says of its sessions, probes, channels and units."""
        input:
            environment=ALLENSDK_READY,
        output:
            sessions="results/mouse/tables/sessions.csv",
            probes="results/mouse/tables/probes.csv",
            channels="results/mouse/tables/channels.csv",
            units="results/mouse/tables/units.csv",
        log:
            "results/logs/fetch_tables.log",
        benchmark:
            "results/benchmarks/fetch_tables.tsv"
        conda:
            "../envs/allensdk.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(30),
            download_slots=1,
        params:
            python=ALLENSDK_PYTHON,
            folder="results/mouse/tables",
            settings=fetch_settings_json,
        shell:
            "{params.python:q} -m workflow_scripts.brains.allen.fetch_tables"
            " --settings {params.settings:q} --patience {PATIENCE:q}"
            " --output {params.folder:q} --log {log:q}"

    rule select_sessions:
        """Say which sessions take part, and why the others do not, before any is fetched."""
        input:
            **rules.fetch_tables.output,
        output:
            "results/tables/sessions.csv",
        log:
            "results/logs/select_sessions.log",
        benchmark:
            "results/benchmarks/select_sessions.tsv"
        conda:
            "../envs/workflow.yaml"
        threads: 1
        resources:
            mem_mb=growing(1000),
            runtime=growing(10),
        params:
            code=code("brains/allen/select_sessions.py"),
            settings=selection_settings,
        script:
            "../workflow_scripts/brains/allen/select_sessions.py"

    rule fetch_session:
        """Fetch one session file; what a failed job has fetched is kept for the next one."""
        input:
            # Another selection fetches nothing anew.
            selected=ancient("results/tables/sessions.csv"),
            environment=ALLENSDK_READY,
        output:
            kept_or_temporary("results/mouse/nwb/session_{session}.nwb"),
        log:
            "results/logs/fetch_session/{session}.log",
        benchmark:
            "results/benchmarks/fetch_session/{session}.tsv"
        # Sessions that are here are read, and removed, before others are fetched.
        priority: -1
        conda:
            "../envs/allensdk.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(240),
            download_slots=1,
        params:
            python=ALLENSDK_PYTHON,
            # No output, which would be gone before the next download could be compared with it.
            receipt="results/mouse/downloads/session_{session}.json",
            settings=fetch_settings_json,
        shell:
            "{params.python:q} -m workflow_scripts.brains.allen.fetch_session"
            " --settings {params.settings:q} --patience {PATIENCE:q}"
            " --output {output:q} --receipt {params.receipt:q} --log {log:q}"

    rule fetch_scenes:
        """Fetch the scenes that the mice saw."""
        input:
            environment=ALLENSDK_READY,
        output:
            directory(SCENE_FOLDER),
        log:
            "results/logs/fetch_scenes.log",
        benchmark:
            "results/benchmarks/fetch_scenes.tsv"
        conda:
            "../envs/allensdk.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(30),
            download_slots=1,
        params:
            python=ALLENSDK_PYTHON,
            settings=fetch_settings_json,
        shell:
            "{params.python:q} -m workflow_scripts.brains.allen.fetch_scenes"
            " --settings {params.settings:q} --patience {PATIENCE:q}"
            " --output {output:q} --log {log:q}"
