"""Brains: fetches, reads or simulates sessions; makes recordings, and the images that were seen."""

from snakemake.settings.types import DeploymentMethod

from workflow_scripts.common.fingerprints import pins_hash
from workflow_scripts.common.planning import link_folder

# With --sdm conda, conda provides AllenSDK; otherwise a rule builds its environment on demand.
CONDA = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
# It is where the workflow is. Another folder of results has a link to it, so that the same inputs
# have the same names wherever the two are.
ENVIRONMENTS = ".envs"
if PLAN.brains.sessions() and not CONDA:
    link_folder(ENVIRONMENTS, ROOT / ENVIRONMENTS)
ALLENSDK = f"{ENVIRONMENTS}/allensdk-{pins_hash(ROOT / 'envs/allensdk.txt')}"
# Responses are extracted again in the environment of new pins. Files are fetched in the environment
# that was built last, whatever its pins: what is there is not fetched again.
BUILT = [] if CONDA else f"{ALLENSDK}/.ready"
BUILT_LAST = [] if CONDA else f"{ENVIRONMENTS}/allensdk.ready"
# Told by environment variables, not by parameters: where AllenSDK is, and how patiently files are
# fetched, do not change what is read and fetched. The name of its folder has a hash of its pins.
os.environ.update(
    ALLENSDK=ALLENSDK,
    PINS=str(ROOT / "envs/allensdk.txt"),
    EXTRACTION_PYTHON="python" if CONDA else f"{ALLENSDK}/bin/python",
    DOWNLOAD_PYTHON="python" if CONDA else f"{ENVIRONMENTS}/allensdk/bin/python",
    PATIENCE=PLAN.config.download.patience.model_dump_json(),
)
SESSION_FILE = "results/brains/{brain}/nwb/session_{subject}.nwb"


rule build_environment:
    """Build the isolated environment of AllenSDK from its hashed pins, by uv or venv and pip."""
    output:
        built=touch(f"{ALLENSDK}/.ready"),
        built_last=touch(f"{ENVIRONMENTS}/allensdk.ready"),
    log:
        "results/logs/build_environment/allensdk.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    # pynwb writes its type map at the first import, which must not happen in two jobs at once.
    shell:
        """
        exec >{log:q} 2>&1
        folder=$ALLENSDK
        if command -v uv; then
            uv venv --quiet --clear --python 3.11 "$folder"
            uv pip sync --quiet --require-hashes --python "$folder/bin/python" "$PINS"
        else
            python3.11 -m venv --clear "$folder"
            "$folder/bin/python" -m pip install --quiet --require-hashes -r "$PINS"
        fi
        "$folder/bin/python" -c "import allensdk.brain_observatory.ecephys.ecephys_session"
        ln -sfn "$(basename "$folder")" "$(dirname "$folder")/allensdk"
        """


rule simulate_scenes:
    """Draw the scenes that simulated subjects see, and list which of them belong together."""
    output:
        images=directory("results/brains/{brain}/natural_scene_templates"),
        listed="results/brains/{brain}/stimuli.csv",
    log:
        "results/logs/simulate_scenes/{brain}.log",
    benchmark:
        "results/benchmarks/simulate_scenes/{brain}.tsv"
    wildcard_constraints:
        brain=pattern(PLAN.brains.of_source("simulated")),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        code=code("brains/simulated/simulate_scenes.py"),
        settings=PLAN.brains.simulated_scene_settings,
    script:
        "../workflow_scripts/brains/simulated/simulate_scenes.py"


rule simulate_session:
    """Write one simulated recording as an Allen session file."""
    input:
        truth=PLAN.brains.truth,
    output:
        SESSION_FILE,
    log:
        "results/logs/simulate_session/{brain}/{subject}.log",
    benchmark:
        "results/benchmarks/simulate_session/{brain}/{subject}.tsv"
    wildcard_constraints:
        brain=pattern(PLAN.brains.of_source("simulated")),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        code=code("brains/simulated/simulate_session.py"),
        settings=PLAN.brains.session_settings,
    script:
        "../workflow_scripts/brains/simulated/simulate_session.py"


# The code of the three rules that fetch is not tracked: a file is checked against what the server
# says about it. Changed code would bring the same files, and must not fetch 81 GB again.


rule fetch_tables:
    """Fetch what the Allen Institute says about its sessions, probes, channels and units."""
    input:
        environment=ancient(BUILT_LAST),
    output:
        sessions="results/brains/{brain}/tables/sessions.csv",
        probes="results/brains/{brain}/tables/probes.csv",
        channels="results/brains/{brain}/tables/channels.csv",
        units="results/brains/{brain}/tables/units.csv",
    log:
        "results/logs/fetch_tables/{brain}.log",
    benchmark:
        "results/benchmarks/fetch_tables/{brain}.tsv"
    wildcard_constraints:
        brain=pattern(PLAN.brains.of_source("s3", "warehouse")),
    conda:
        "../envs/allensdk.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
        download_slots=1,
    params:
        settings=PLAN.brains.fetch_settings,
    shell:
        '"$DOWNLOAD_PYTHON" -m workflow_scripts.brains.allen.fetch_tables'
        ' --settings {params.settings:q} --patience "$PATIENCE"'
        ' --output "$(dirname {output.sessions:q})" --log {log:q}'


rule select_sessions:
    """Say which sessions take part, and why the others do not, before any is fetched."""
    input:
        **rules.fetch_tables.output,
    output:
        "results/tables/{brain}/sessions.csv",
    log:
        "results/logs/select_sessions/{brain}.log",
    benchmark:
        "results/benchmarks/select_sessions/{brain}.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("brains/allen/select_sessions.py"),
        settings=PLAN.brains.selection_settings,
    script:
        "../workflow_scripts/brains/allen/select_sessions.py"


rule fetch_session:
    """Fetch one session file; what a failed job has fetched is kept for the next one."""
    input:
        # A change of the selection must not fetch anything again.
        selected=ancient("results/tables/{brain}/sessions.csv"),
        environment=ancient(BUILT_LAST),
    output:
        # Removed when it has been read, unless config keeps it.
        SESSION_FILE if PLAN.config.download.keep else temp(SESSION_FILE),
    log:
        "results/logs/fetch_session/{brain}/{subject}.log",
    benchmark:
        "results/benchmarks/fetch_session/{brain}/{subject}.tsv"
    wildcard_constraints:
        brain=pattern(PLAN.brains.of_source("s3", "warehouse")),
    # Sessions that are here are read, and removed, before others are fetched.
    priority: -1
    conda:
        "../envs/allensdk.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(240),
        download_slots=1,
    params:
        # Not an output: Snakemake would remove it before the next download is compared with it.
        receipt="results/brains/{brain}/downloads/session_{subject}.json",
        settings=PLAN.brains.fetch_settings,
    shell:
        '"$DOWNLOAD_PYTHON" -m workflow_scripts.brains.allen.fetch_session'
        ' --settings {params.settings:q} --patience "$PATIENCE"'
        " --output {output:q} --receipt {params.receipt:q} --log {log:q}"


rule fetch_scenes:
    """Fetch the scenes that the subjects saw."""
    input:
        environment=ancient(BUILT_LAST),
    output:
        directory("results/brains/{brain}/natural_scene_templates"),
    log:
        "results/logs/fetch_scenes/{brain}.log",
    benchmark:
        "results/benchmarks/fetch_scenes/{brain}.tsv"
    wildcard_constraints:
        brain=pattern(PLAN.brains.of_source("s3", "warehouse")),
    conda:
        "../envs/allensdk.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
        download_slots=1,
    params:
        settings=PLAN.brains.fetch_settings,
    shell:
        '"$DOWNLOAD_PYTHON" -m workflow_scripts.brains.allen.fetch_scenes'
        ' --settings {params.settings:q} --patience "$PATIENCE"'
        " --output {output:q} --log {log:q}"


rule prepare_images:
    """Bring the images that the subjects saw into the form, and the size, that networks see."""
    input:
        images=PLAN.brains.images,
        # A new subject changes the table, but hardly ever what is shown: `state` says if it does.
        table=ancient(PLAN.brains.image_table),
    output:
        "results/stimuli/{brain}/{size}.nc",
    log:
        "results/logs/prepare_images/{brain}/{size}.log",
    benchmark:
        "results/benchmarks/prepare_images/{brain}/{size}.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        code=code("brains/prepare_images.py"),
        settings=PLAN.brains.image_settings,
        state=PLAN.brains.image_state,
    script:
        "../workflow_scripts/brains/prepare_images.py"


rule import_recording:
    """Check a lab's own recording, and add what can be computed from it."""
    input:
        unpack(PLAN.brains.import_inputs),
    output:
        "results/brains/{brain}/recordings/{subject}.nc",
    log:
        "results/logs/import_recording/{brain}/{subject}.log",
    benchmark:
        "results/benchmarks/import_recording/{brain}/{subject}.tsv"
    wildcard_constraints:
        subject=pattern(PLAN.brains.own_subjects()),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing_with_input(3000, 6),
        runtime=growing(30),
    params:
        code=code("brains/import_recording.py"),
        settings=PLAN.brains.import_settings,
        state=PLAN.brains.recording_state,
    script:
        "../workflow_scripts/brains/import_recording.py"


rule extract_responses:
    """Count the spikes of one session's units at each scene and trial."""
    input:
        nwb=PLAN.brains.session_file,
        # The name has a hash of the pins, so its age says nothing.
        environment=ancient(BUILT),
    output:
        "results/brains/{brain}/recordings/{subject}.nc",
    log:
        "results/logs/extract_responses/{brain}/{subject}.log",
    benchmark:
        "results/benchmarks/extract_responses/{brain}/{subject}.tsv"
    wildcard_constraints:
        subject=pattern(PLAN.brains.sessions()),
    conda:
        "../envs/allensdk.yaml"
    resources:
        mem_mb=growing(8000),
        runtime=growing(30),
    params:
        code=code("brains/allen/extract_responses.py"),
        settings=PLAN.brains.extraction_settings,
        state=PLAN.brains.session_state,
    shell:
        '"$EXTRACTION_PYTHON" -m workflow_scripts.brains.allen.extract_responses'
        " --nwb {input.nwb:q} --settings {params.settings:q} --output {output:q} --log {log:q}"


rule list_stimuli:
    """Who saw each stimulus, which stimuli belong together, and which take part."""
    input:
        unpack(PLAN.brains.stimulus_inputs),
    output:
        "results/tables/{brain}/stimuli.csv",
    log:
        "results/logs/list_stimuli/{brain}.log",
    benchmark:
        "results/benchmarks/list_stimuli/{brain}.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("brains/list_stimuli.py"),
        settings=PLAN.brains.stimulus_settings,
        state=PLAN.brains.stimulus_state,
    script:
        "../workflow_scripts/brains/list_stimuli.py"


rule summarise_brain:
    """Units of each subject and area before and after each filter, and which subjects take part."""
    input:
        recordings=PLAN.brains.recordings,
        stimuli="results/tables/{brain}/stimuli.csv",
    output:
        subjects="results/tables/{brain}/subjects.csv",
        units="results/tables/{brain}/units.csv",
    log:
        "results/logs/summarise_brain/{brain}.log",
    benchmark:
        "results/benchmarks/summarise_brain/{brain}.tsv"
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=growing_with_input(1000, 3),
        runtime=growing(10),
    params:
        code=code("brains/summarise_brain.py"),
        settings=PLAN.brains.summary_settings,
    script:
        "../workflow_scripts/brains/summarise_brain.py"
