"""Configuration, and the functions that rules use for inputs and parameters."""

import json
import os
import sys
from pathlib import Path

import yaml

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT))
os.environ.update(
    # Drivers, also those in other environments, import the package from the repository.
    PYTHONPATH=str(ROOT),
    # POT would import torch with every job that uses it.
    POT_BACKEND_DISABLE_PYTORCH="1",
    # Arrays of up to 256 MiB stay with the process: handing the memory of each intermediate result
    # back to the system, to get it again zeroed, takes up to a fifth of a fit.
    MALLOC_MMAP_THRESHOLD_=str(2**28),
    MALLOC_TRIM_THRESHOLD_=str(2**28),
    # Many shared file systems have no locks, with which HDF5 refuses to open a file. Nothing here
    # needs them: a file is written once, under another name, before anyone reads it.
    HDF5_USE_FILE_LOCKING="FALSE",
)
# Without byte code every job would compile its libraries anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from workflow_scripts.alignment.method import configured_methods, method_file
from workflow_scripts.common.config import check_config, own_files, resolve_variant
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.fingerprints import environment_folder, fingerprints
from workflow_scripts.common.sentences import check_keys
from workflow_scripts.images.sets import SETS


def check_own(files, mouse):
    """Refuse a lab's own recordings that are not in the form before anything runs."""
    if not files:
        return
    # Imported only here, because it takes time in every job.
    from workflow_scripts.brains.recording import check_recording, read_trials

    limits = (mouse["n_scenes"], mouse["min_reliability"])
    subjects = {str(session): "mouse.sessions" for session in mouse["sessions"]}
    for path in files:
        recording = check_recording(path, *limits, subjects)
        if mouse["noise_correction"] is not None:
            read_trials(path, recording)


try:
    for path in workflow.configfiles:
        # JSON, which Snakemake reads, too, is no YAML where tabs indent it.
        if Path(path).suffix in (".yaml", ".yml"):
            check_keys(path)
    check_config(
        config, yaml.safe_load((ROOT / "rules/schemas/config.schema.yaml").read_text())
    )
    # As config.yaml orders them, new ones last: Snakemake puts what other files override first.
    ORDER = list(yaml.safe_load((ROOT / "config.yaml").read_text())["methods"])
    METHODS = configured_methods(
        {
            name: config["methods"][name]
            for name in sorted(
                config["methods"], key=[*ORDER, *config["methods"]].index
            )
        }
    )
    MOUSE = config["mouse"]
    OWN_FILES = own_files(MOUSE["own_responses"])
    check_own(OWN_FILES, MOUSE)
except InputError as error:
    sys.exit(str(error))

# Each of several jobs takes one of the GPUs that have a name here; without names all take the first.
GPU_NAMES = os.environ.get("CUDA_VISIBLE_DEVICES", "")
LIMITS = workflow.resource_settings.resources
N_GPUS = LIMITS["gpu"].value if "gpu" in LIMITS else 1
if N_GPUS > len(GPU_NAMES.split(",")):
    sys.exit(
        f"resource gpu: found {N_GPUS}, expected the number of GPUs "
        f"that CUDA_VISIBLE_DEVICES names, which is {GPU_NAMES or 'not set'}"
    )

# How often a training is saved does not change what is trained: no parameter of its job.
os.environ.update(CHECKPOINT_MINUTES=str(config["checkpoint_minutes"]))
SIMULATED = MOUSE["source"] == "simulated"
FETCHED = MOUSE["source"] in ("warehouse", "s3")
# Images that are files of their own are packed; the parts for training and for all other sets.
PACKED = config["stimuli"]["source"] != "photographs"
PARTS = (
    ("train", "val") if config["stimuli"]["source"] == "imagenet" else ("all", "all")
)
# In commands by this name and no parameter: how to fetch does not change what is fetched.
PATIENCE = json.dumps(MOUSE["download"]["patience"])
POPULATION = [
    (config["population"]["variant"], seed) for seed in config["population"]["seeds"]
]
CANDIDATES = [(item["variant"], item["seed"]) for item in config["candidates"]]
SCENE_FOLDER = (
    "results/mouse/natural_scene_templates"
    if SIMULATED or FETCHED
    else f"{MOUSE['directory']}/natural_scene_templates"
)


wildcard_constraints:
    method="|".join(METHODS),
    variant="|".join(config["variants"]),
    seed=r"\d+",
    seeds=r"\d+(_\d+)*",
    session=r"\d+",
    area="|".join(MOUSE["areas"]),
    part="train|val|all",
    set="validation|population" if PACKED else "training|validation|population",
    images="population|scenes",
    size=r"(_\d+)?",
    figure="[12][abcde]?",


def repository(path):
    """Path of a file of this repository, relative to the working directory."""
    return os.path.relpath(ROOT / path)


def code(driver):
    """A driver and every module of the package that it imports, as parameters."""
    return fingerprints(ROOT / "workflow_scripts" / driver)


def canonical(value):
    """The same value with the keys of all dicts sorted: Snakemake compares their text."""
    if isinstance(value, dict):
        return {key: canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    return value


def settings(**items):
    """Everything that one job is told, as one parameter."""
    return canonical({"seed": config["seed"], **items})


def growing(amount):
    """A request of MB or minutes: so much again at each attempt that a profile's retries grant."""

    def request(wildcards, attempt):
        return amount * attempt

    return request


# Of training and extraction; `auto` may take one.
GPU = 0 if config["device"] == "cpu" else 1


def fit_gpu(wildcards):
    """Methods of one array library, NumPy's, have no use for a GPU."""
    return GPU if METHODS[wildcards.method].card.array_api else 0


def method_code(wildcards):
    """A method's file and every module that it imports."""
    return fingerprints(method_file(METHODS[wildcards.method].file))


def post_methods():
    """Methods that need no pre-softplus stage, which brains do not have."""
    return [name for name, method in METHODS.items() if method.card.on_brains]


def activations(images, subjects):
    """Activation files of (variant, seed) pairs on one stimulus set."""
    return [
        f"results/activations/{images}/{variant}/{seed}.nc"
        for variant, seed in subjects
    ]


def session_files():
    """Response files of all mice, a lab's own last."""
    sessions = [f"results/mouse/sessions/{session}.nc" for session in MOUSE["sessions"]]
    return sessions + OWN_FILES


# Stimuli and networks


def pack_settings(wildcards):
    # Neither the master seed nor the size of a set: every image of the part is packed.
    return {
        "part": wildcards.part,
        "path": config["stimuli"]["path"],
        "side": config["stimuli"]["pack_side"],
    }


def pack_files(part):
    """What others read of packed images."""
    names = ("images.npy", "labels.npy", "manifest.csv")
    return [f"results/images/{part}/{name}" for name in names]


def set_pack(wildcards):
    """Packed images that a stimulus set is chosen from; photographs need none."""
    return pack_files(PARTS[1]) if PACKED else []


def training_files(wildcards):
    return pack_files(PARTS[0])[:2] if PACKED else ["results/stimuli/training.nc"]


def training_labels(wildcards):
    """The file of the training images that has their labels."""
    return training_files(wildcards)[-1]


def set_sizes(name):
    """Numbers of images that decide on a set; photographs give each set crops of its own."""
    sets = SETS[: SETS.index(name) + 1] if PACKED else [name]
    return {other: config["stimuli"]["n"][other] for other in sets}


def stimuli_settings(wildcards):
    options = {**config["stimuli"], "n": set_sizes(wildcards.set)}
    # Of training alone.
    del options["pack_side"]
    return settings(**options)


def train_settings(wildcards):
    variant = resolve_variant(config, wildcards.variant)
    stimuli = {"source": config["stimuli"]["source"], "n": set_sizes("training")}
    return settings(device=config["device"], variant=variant, stimuli=stimuli)


def layers_of(variant, images):
    """Layers of a variant that any comparison reads from one stimulus set, in one order."""
    layers = []
    if images == "population" and variant == config["population"]["variant"]:
        layers += config["population"]["layers"]
    if images == "scenes":
        for candidate in config["candidates"]:
            if candidate["variant"] == variant:
                layers += candidate["layers"]
        if SIMULATED and MOUSE["simulated"]["truth"]["variant"] == variant:
            layers += MOUSE["simulated"]["layers"].values()
    return sorted(set(layers))


def seeds_of(variant):
    """Seeds of all networks of a variant, in the order in which jobs train them."""
    networks = [*POPULATION, *CANDIDATES]
    if SIMULATED:
        truth = MOUSE["simulated"]["truth"]
        networks.append((truth["variant"], truth["seed"]))
    return list(dict.fromkeys(seed for name, seed in networks if name == variant))


def trained_variants():
    """Variants of which the run has networks that are not external."""
    return [
        variant
        for variant in sorted(config["variants"])
        if seeds_of(variant)
        and resolve_variant(config, variant)["architecture"] != "external"
    ]


def trained(variant, seed, suffix):
    """File of the job that trains a network, with the others of its group.

    A new seed of the population moves no other network into another group.
    """
    population = [other for name, other in POPULATION if name == variant]
    seeds = population
    if seed not in population:
        seeds = [other for other in seeds_of(variant) if other not in population]
    size = config["seeds_per_job"]
    start = seeds.index(seed) // size * size
    group = "_".join(str(other) for other in seeds[start : start + size])
    return f"results/models/{variant}/{group}.{suffix}"


def curve_files(variants):
    """Training curves of all networks of some variants."""
    paths = [
        trained(variant, seed, "csv")
        for variant in variants
        for seed in seeds_of(variant)
    ]
    return list(dict.fromkeys(paths))


def network_weights(wildcards):
    """Weights of a network; an external model's are in a file of its owner, or none."""
    variant = resolve_variant(config, wildcards.variant)
    if variant["architecture"] == "external":
        return variant["weights"] or []
    return trained(wildcards.variant, int(wildcards.seed), "safetensors")


def network_images(wildcards):
    """Images that a network sees; an external model sees the scenes at a size of its own."""
    variant = resolve_variant(config, wildcards.variant)
    external = variant["architecture"] == "external"
    size = f"_{variant['input_size']}" if external else ""
    return f"results/stimuli/{wildcards.images}{size}.nc"


def activation_settings(wildcards):
    options = dict(config["activations"])
    return settings(
        device=config["device"],
        variant_name=wildcards.variant,
        variant=resolve_variant(config, wildcards.variant),
        set=wildcards.images,
        layers=layers_of(wildcards.variant, wildcards.images),
        n_trials=options.pop("n_trials"),
        units=options,
    )


# Mice


def truth_activations():
    """Activations of the network whose layers the simulated mice read out."""
    truth = MOUSE["simulated"]["truth"]
    return f"results/activations/scenes/{truth['variant']}/{truth['seed']}.nc"


def scene_settings(wildcards):
    return settings(
        n_scenes=MOUSE["n_scenes"],
        crop_scale=config["stimuli"]["crop_scale"],
        data_kind="simulated" if SIMULATED else "recorded",
    )


def session_settings(wildcards):
    options = {
        key: value for key, value in MOUSE["simulated"].items() if key != "truth"
    }
    areas = options.pop("layers")
    return settings(
        session=int(wildcards.session),
        areas={area: areas[area] for area in MOUSE["areas"]},
        **options,
    )


def session_nwb(wildcards):
    """The session's NWB file: simulated, fetched, or in the AllenSDK cache folder."""
    if SIMULATED or FETCHED:
        return f"results/mouse/nwb/session_{wildcards.session}.nwb"
    folder = MOUSE["directory"]
    return f"{folder}/session_{wildcards.session}/session_{wildcards.session}.nwb"


def kept_or_temporary(path):
    """A downloaded file, which goes once it has been read unless config keeps it."""
    return path if MOUSE["download"]["keep"] else temp(path)


def fetch_settings_json(wildcards):
    """Settings of a download as text, for a script in another environment."""
    items = {key: MOUSE[key] for key in ("source", "base_url", "n_scenes")}
    if "session" in wildcards.keys():
        items["session"] = int(wildcards.session)
    # Not the master seed, which decides on nothing here.
    return json.dumps(canonical(items))


def selection_settings(wildcards):
    return settings(**{key: MOUSE[key] for key in ("sessions", "areas", "quality")})


def response_settings(wildcards):
    keys = ("areas", "preset", "window_s", "quality", "min_trials", "n_halves")
    return settings(
        session=int(wildcards.session),
        expected_scenes=MOUSE["n_scenes"],
        **{key: MOUSE[key] for key in keys},
    )


def response_settings_json(wildcards):
    """Settings as text, for a script in another environment."""
    return json.dumps(response_settings(wildcards))


# Alignment


def subjects_to(wildcards):
    """The shard's network and all networks before it in config, itself last."""
    subject = (wildcards.variant, int(wildcards.seed))
    return POPULATION[: POPULATION.index(subject) + 1]


def shard_activations(wildcards):
    return activations("population", subjects_to(wildcards))


def method_settings(wildcards, **items):
    method = METHODS[wildcards.method]
    return settings(
        method=wildcards.method,
        method_file=method.file,
        device=config["device"],
        parameters=method.parameters,
        **items,
    )


def models_settings(wildcards):
    population = config["population"]
    return method_settings(
        wildcards,
        subjects=[f"{variant}/{seed}" for variant, seed in subjects_to(wildcards)],
        layers=population["layers"],
        splits=population["splits"],
    )


def mice_settings(wildcards, **items):
    keys = (
        "areas",
        "preset",
        "min_reliability",
        "min_units",
        "n_scenes",
        "noise_correction",
        "splits",
    )
    return method_settings(wildcards, **{key: MOUSE[key] for key in keys}, **items)


def area_settings(wildcards):
    return mice_settings(wildcards, area=wildcards.area)


def candidate_settings(wildcards):
    candidate = config["candidates"][
        CANDIDATES.index((wildcards.variant, int(wildcards.seed)))
    ]
    return mice_settings(
        wildcards,
        subject=f"{wildcards.variant}/{wildcards.seed}",
        layers=candidate["layers"],
    )


def score_files():
    """All shards of all comparisons."""
    models = expand(
        "results/scores/models/{method}/{subject}.nc",
        method=METHODS,
        subject=[f"{variant}/{seed}" for variant, seed in POPULATION],
    )
    mice = expand(
        "results/scores/mouse/{method}/{area}.nc",
        method=post_methods(),
        area=MOUSE["areas"],
    )
    across = expand(
        "results/scores/{direction}/{method}/{subject}.nc",
        direction=["model_to_mouse", "mouse_to_model"],
        method=post_methods(),
        subject=[f"{variant}/{seed}" for variant, seed in CANDIDATES],
    )
    return models + mice + across


# Tables and figures

FIGURES = {
    "1": "All panels on the model population",
    "1a": "Predictivity by layer",
    "1b": "Predictivity, mean over layers",
    "1c": "Silhouette",
    "1d": "Maps of the profiles",
    "2": "All panels on the mice",
    "2a": "Predictivity by area",
    "2b": "Separability by direction",
    "2c": "Predictivity, mean over areas",
    "2d": "Separability, both directions",
}
if MOUSE["noise_correction"] is not None:
    FIGURES["2e"] = "Predictivity without the noise of trials"

TABLES = [
    "scores",
    "split_scores",
    "predictivity",
    "silhouette",
    "mds",
    "separability",
    "claims",
    "cost",
    "mice",
    "mouse_units",
    "training",
]


def population_subjects():
    return [f"{variant}/{seed}" for variant, seed in POPULATION]


def predictivity_settings(wildcards):
    mappings = [n for n, method in METHODS.items() if method.card.kind == "mapping"]
    return settings(n_draws=config["bootstrap"]["n"], mappings=mappings)


def silhouette_settings(wildcards):
    return settings(
        subjects=population_subjects(),
        layers=config["population"]["layers"],
        n_draws=config["bootstrap"]["n"],
        **config["silhouette"],
    )


def embedding_settings(wildcards):
    options = {key: config["silhouette"][key] for key in ("symmetrisation", "clip")}
    return settings(
        subjects=population_subjects(),
        layers=config["population"]["layers"],
        **options,
        **config["mds"],
    )


def separability_settings(wildcards):
    return settings(
        areas=MOUSE["areas"],
        candidates=[f"{variant}/{seed}" for variant, seed in CANDIDATES],
        n_draws=config["bootstrap"]["n"],
        **config["separability"],
    )


def summary_settings(wildcards):
    keys = ("areas", "preset", "min_reliability", "min_units", "n_scenes")
    return settings(
        expected_subjects=MOUSE["expected_subjects"],
        **{key: MOUSE[key] for key in keys},
    )


def training_settings():
    population = config["population"]
    keys = ("variant", "seeds", "max_accuracy_spread")
    return settings(**{key: population[key] for key in keys})


def population_description():
    """What the model population is, for claims and for the foot of every figure."""
    variant = config["population"]["variant"]
    objective = resolve_variant(config, variant)["objective"].replace("_", " ")
    images = config["stimuli"]["source"]
    return f"{len(POPULATION)} seeds of {variant} ({objective}), images: {images}"


def claim_settings(wildcards):
    return settings(
        layers=config["population"]["layers"], models=population_description()
    )


def figure_settings(wildcards):
    return settings(
        methods=[
            {"name": name, "label": method.card.label, "colour": method.card.colour}
            for name, method in METHODS.items()
        ],
        layers=config["population"]["layers"],
        areas=MOUSE["areas"],
        models=population_description(),
    )


def plot_mice_settings(wildcards):
    keys = ("areas", "min_reliability", "min_units")
    return settings(**{key: MOUSE[key] for key in keys})


def variant_curves(wildcards):
    return curve_files([wildcards.variant])


def first_weights(wildcards):
    """Weights of the network whose filters are drawn."""
    variant = wildcards.variant
    return trained(variant, seeds_of(variant)[0], "safetensors")


def plot_training_settings(wildcards):
    return settings(
        variant_name=wildcards.variant,
        variant=resolve_variant(config, wildcards.variant),
        first_seed=seeds_of(wildcards.variant)[0],
        stimuli={
            "source": config["stimuli"]["source"],
            "n": {
                name: config["stimuli"]["n"][name]
                for name in ("training", "validation")
            },
        },
    )


def figure_category(wildcards):
    return "Model population" if wildcards.figure.startswith("1") else "Mice"


def figure_labels(wildcards):
    return {"figure": wildcards.figure.upper(), "shows": FIGURES[wildcards.figure]}


def final_files():
    """Every table and every figure."""
    figures = [f"figure_{figure}" for figure in [*FIGURES, "mice"]]
    figures += [f"training_{variant}" for variant in trained_variants()]
    return expand("results/tables/{table}.csv", table=TABLES) + expand(
        "results/figures/{figure}.{format}", figure=figures, format=["svg", "png"]
    )
