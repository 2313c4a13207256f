"""Checks of the configuration that end in one sentence; imports nothing heavy."""

import math
import os.path
from pathlib import Path

import jsonschema

from workflow_scripts.alignment import method as registry
from workflow_scripts.alignment.splits import count_training
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.sentences import _sentence, _short

LAYERS = {
    "alexnet": ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7"],
    "resnet18": ["stem", "layer1", "layer2", "layer3", "layer4"],
    "vgg11": ["block1", "block2", "block3", "block4", "block5"],
}
"""Layers of each architecture that can be read, from the image upwards."""


WEIGHTS = (".safetensors", ".pt", ".pth")
"""How the name of a file with an external model's weights ends."""

N_SCENES = 118
"""Scenes of the Allen Institute's sessions."""

MASKED_TRIALS = 5
"""Most trials, of 0.25 s each, that a simulated session's second without valid data touches."""

N_FOLDS = 5
"""Folds of the methods that have some, where config names no number."""


def _is_integer(checker, value):
    # JSON schema also takes 1.0, which would be another name of a file than 1.
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(checker, value):
    # NaN passes every limit, and infinity those on one side.
    return _is_integer(checker, value) or isinstance(value, float) and math.isfinite(value)


_STRICT = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
    {"integer": _is_integer, "number": _is_number}
)


_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=_STRICT)


def check_config(config, schema):
    """Refuse a configuration that cannot run.

    Parameters
    ----------
    config : dict
    schema : dict
        JSON schema of its form.

    Raises
    ------
    InputError
        With one sentence that names the key, what was found and what was expected.
    """
    validator = _Validator(schema)
    error = jsonschema.exceptions.best_match(validator.iter_errors(config))
    if error is not None:
        raise InputError(_sentence(error))
    _check_methods(config["methods"])
    for name in config["variants"]:
        _check_variant(config, name)
    population = config["population"]
    _check_reference(config, "population", population["variant"], population["layers"])
    networks = {}
    for index, candidate in enumerate(config["candidates"]):
        key = f"candidates[{index}]"
        network = f"{candidate['variant']}/{candidate['seed']}"
        if network in networks:
            raise InputError(
                f"config {key}: found {network}, which is {networks[network]}, too, expected "
                f"another variant or seed"
            )
        networks[network] = key
        _check_reference(config, key, candidate["variant"], candidate["layers"], external=True)
    _check_mouse(config["mouse"], config)
    methods = registry.configured_methods(config["methods"])
    _check_splits("population", population["splits"], config["stimuli"]["n"]["population"], methods)
    post = {name: method for name, method in methods.items() if method.card.on_brains}
    if not any(method.card.kind == "mapping" for method in post.values()):
        raise InputError(
            f"config methods: found {', '.join(methods)}, expected one map of post-softplus "
            f"responses at least, as mice have no others and only maps have a predictivity"
        )
    _check_splits("mouse", config["mouse"]["splits"], config["mouse"]["n_scenes"], post)
    _check_range("stimuli.crop_scale", config["stimuli"]["crop_scale"])
    source, path = config["stimuli"]["source"], config["stimuli"]["path"]
    if source != "photographs" and not (path and os.path.isdir(path)):
        raise InputError(
            f"config stimuli.path: found {path!r}, expected an existing folder for stimuli.source "
            f"{source!r}"
        )


def resolve_variant(config, name):
    """Settings of a variant: the shared ones under ``training``, overridden by its own.

    An external model is not trained and has none but its own.
    """
    variant = config["variants"][name]
    if variant.get("architecture") == "external":
        return variant
    return {**config["training"], **variant}


def own_files(folder):
    """A lab's own recordings: the ``*.nc`` of a folder, in order of name; none for None."""
    found = [] if folder is None or not os.path.isdir(folder) else Path(folder).glob("*.nc")
    # A leading dot marks a file that is still being written.
    return sorted(str(path) for path in found if not path.name.startswith("."))


def _check_methods(entries):
    files = registry.method_names()
    for name, entry in entries.items():
        if "method" not in entry:
            if name not in files:
                raise InputError(
                    f"config methods: found {name!r}, expected one of {', '.join(files)}, or an "
                    f"entry that names one as its method"
                )
        elif entry["method"] not in files:
            raise InputError(
                f"config methods.{name}.method: found {entry['method']!r}, expected one of "
                f"{', '.join(files)}"
            )
        elif not {"label", "colour"} <= set(entry):
            raise InputError(
                f"config methods.{name}: found a method without label and colour, expected both "
                f"for an entry with a name of its own"
            )
        known = registry.parameter_names(entry.get("method", name))
        for parameter in entry:
            if parameter not in (*known, *registry.ENTRY_KEYS):
                raise InputError(
                    f"config methods.{name}: found the unknown parameter "
                    f"{_short(parameter, repr)}, expected one of "
                    f"{', '.join(known) or '(it takes none)'}"
                )
    for attribute in ("label", "colour"):
        seen = {}
        for name, method in registry.configured_methods(entries).items():
            value = getattr(method.card, attribute)
            if value in seen:
                raise InputError(
                    f"config methods.{name}: found the {attribute} {value!r} of {seen[value]}, "
                    f"expected another one"
                )
            seen[value] = name


def _check_variant(config, name):
    variant = config["variants"][name]
    if variant.get("architecture") == "external":
        weights = variant["weights"]
        if weights is not None and not (weights.endswith(WEIGHTS) and os.path.isfile(weights)):
            raise InputError(
                f"config variants.{name}.weights: found {weights!r}, expected null or an existing "
                f"file that ends in {', '.join(WEIGHTS)}"
            )
        return
    allowed = set(config["training"])
    for key in variant:
        if key not in allowed:
            raise InputError(
                f"config variants.{name}: found the unknown key {key!r}, expected one of "
                f"{', '.join(sorted(allowed))}"
            )


def _check_training(config, name):
    """Refuse a network that is trained, of which a variant may be none, without a step to take."""
    variant = config["variants"][name]
    settings = resolve_variant(config, name)

    def where(key):
        return f"variants.{name}.{key}" if key in variant else f"training.{key}"

    _check_range(f"{where('augmentation')}.crop_scale", settings["augmentation"]["crop_scale"])
    if settings["objective"] == "untrained":
        return
    n, size = config["stimuli"]["n"]["training"], settings["batch_size"]
    if size > n:
        raise InputError(
            f"config {where('batch_size')}: found {size}, expected at most stimuli.n.training, {n}"
        )
    if settings["epochs"] * (n // size) <= 0.5:
        raise InputError(
            f"config {where('epochs')}: found {settings['epochs']}, expected one step at least, "
            f"1/{n // size} of the {n} training images in batches of {size}"
        )


def _check_range(key, limits):
    low, high = limits
    if low > high:
        raise InputError(f"config {key}: found {limits}, expected the smaller value first")


def _check_splits(population, splits, n_stimuli, methods):
    """Splits must leave what every fit and every score needs."""
    folds = [
        method.parameters.get("n_folds", N_FOLDS)
        for method in methods.values()
        if "n_folds" in registry.parameter_names(method.file)
    ]
    fewest = max(folds, default=2)
    n_train = count_training(n_stimuli, splits["train_fraction"])
    if not fewest <= n_train <= n_stimuli - 2:
        raise InputError(
            f"config {population}.splits.train_fraction: found {splits['train_fraction']}, which "
            f"is {n_train} of {n_stimuli} stimuli, expected {fewest} at least, the folds of the "
            f"methods, and two left to test"
        )


def _check_reference(config, key, variant, layers, external=False):
    if variant not in config["variants"]:
        raise InputError(
            f"config {key}.variant: found {variant!r}, expected one of "
            f"{', '.join(config['variants'])}"
        )
    architecture = resolve_variant(config, variant)["architecture"]
    if architecture == "external":
        if not external:
            raise InputError(
                f"config {key}.variant: found {variant!r}, an external model, expected a network "
                f"that is trained here; external models can be candidates alone"
            )
        # The job that reads the model checks its layers: torchvision takes seconds to import.
        return
    known = LAYERS[architecture]
    for layer in layers:
        if layer not in known:
            raise InputError(
                f"config {key}.layers: found {layer!r}, expected layers of {variant}: "
                f"{', '.join(known)}"
            )
    _check_training(config, variant)


def _check_simulated(mouse, config):
    simulated = mouse["simulated"]
    missing = [area for area in mouse["areas"] if area not in simulated["layers"]]
    if missing:
        raise InputError(
            f"config mouse.simulated.layers: found no layer for area {missing[0]!r}, expected "
            f"one for each of mouse.areas"
        )
    truth, population = simulated["truth"], config["population"]
    layers = list(simulated["layers"].values())
    _check_reference(config, "mouse.simulated.truth", truth["variant"], layers)
    if truth["variant"] == population["variant"] and truth["seed"] in population["seeds"]:
        raise InputError(
            f"config mouse.simulated.truth.seed: found {truth['seed']}, which is in "
            f"population.seeds, too, expected a network outside the population"
        )
    valid = simulated["n_trials"] - MASKED_TRIALS
    if mouse["min_trials"] > valid:
        raise InputError(
            f"config mouse.min_trials: found {mouse['min_trials']}, expected at most {valid}, "
            f"mouse.simulated.n_trials less {MASKED_TRIALS}, as many as may have no valid data"
        )
    _check_range("mouse.simulated.units_per_area", simulated["units_per_area"])
    if mouse["min_units"] > simulated["units_per_area"][1]:
        raise InputError(
            f"config mouse.min_units: found {mouse['min_units']}, expected at most the largest of "
            f"mouse.simulated.units_per_area, {simulated['units_per_area'][1]}"
        )
    components = mouse["n_scenes"] - 1
    if config["activations"]["mode"] != "all":
        components = min(components, config["activations"]["max_per_layer"])
    if simulated["dimensions"] > components:
        raise InputError(
            f"config mouse.simulated.dimensions: found {simulated['dimensions']}, expected at most "
            f"{components}, fewer than mouse.n_scenes and no more than activations.max_per_layer"
        )


def _check_mouse(mouse, config):
    start, stop = mouse["window_s"]
    if start >= stop:
        raise InputError(
            f"config mouse.window_s: found {mouse['window_s']}, expected a start before its end"
        )
    if mouse["preset"] == "nayebi" and mouse["window_s"] != [0, 0.25]:
        raise InputError(
            f"config mouse.window_s: found {mouse['window_s']}, expected [0, 0.25] for "
            "mouse.preset nayebi"
        )
    if mouse["preset"] == "nayebi" and mouse["noise_correction"] is not None:
        raise InputError(
            f"config mouse.noise_correction: found {mouse['noise_correction']}, expected null for "
            "mouse.preset nayebi, whose window differs between mice"
        )
    own = own_files(mouse["own_responses"])
    if mouse["own_responses"] is not None and not own:
        raise InputError(
            f"config mouse.own_responses: found {mouse['own_responses']!r}, expected an existing "
            f"folder with *.nc files"
        )
    for path in own:
        if not path.isprintable() or "{" in path or "}" in path:
            raise InputError(
                f"config mouse.own_responses: found the file {path!r}, expected names without "
                "braces, which Snakemake takes for wildcards, and control characters"
            )
    if own and mouse["preset"] == "nayebi":
        raise InputError(
            f"config mouse.own_responses: found {len(own)} files, expected none for mouse.preset "
            "nayebi, which needs responses in bins of 10 ms"
        )
    if len(mouse["sessions"]) + len(own) < 2:
        raise InputError(
            f"config mouse.sessions: found {len(mouse['sessions'])} sessions and {len(own)} files "
            f"of mouse.own_responses, expected two mice at least"
        )
    if mouse["source"] == "simulated" and not mouse["sessions"]:
        raise InputError(
            "config mouse.sessions: found none for mouse.source 'simulated', whose scenes are "
            "simulated, too, expected mouse.source 'directory' for own responses alone"
        )
    if mouse["source"] == "simulated":
        _check_simulated(mouse, config)
        return
    if mouse["source"] != "directory":
        if mouse["base_url"] is None and mouse["n_scenes"] != N_SCENES:
            raise InputError(
                f"config mouse.n_scenes: found {mouse['n_scenes']}, expected {N_SCENES}, the "
                f"scenes of the sessions that mouse.source {mouse['source']!r} fetches"
            )
        return
    folder = mouse["directory"]
    if not (folder and os.path.isdir(folder)):
        raise InputError(
            f"config mouse.directory: found {folder!r}, expected an existing AllenSDK cache folder"
        )
    for session in mouse["sessions"]:
        path = os.path.join(folder, f"session_{session}", f"session_{session}.nwb")
        if not os.path.isfile(path):
            raise InputError(
                f"config mouse.sessions: found no file {path} for session {session}, expected the "
                "layout of an AllenSDK cache"
            )
