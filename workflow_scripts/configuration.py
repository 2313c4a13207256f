"""Checks of the configuration that end in one sentence; imports nothing heavy."""

import difflib
from pathlib import Path

import jsonschema

from workflow_scripts import registry
from workflow_scripts.errors import InputError

LAYERS = {
    "alexnet": ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7"],
    "resnet18": ["stem", "layer1", "layer2", "layer3", "layer4"],
    "vgg11": ["block1", "block2", "block3", "block4", "block5"],
}
"""Layers of each architecture that can be read, from the image upwards."""

WEIGHTS = (".safetensors", ".pt", ".pth")
"""How the name of a file with an external model's weights ends."""


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
    validator = jsonschema.Draft202012Validator(schema)
    error = jsonschema.exceptions.best_match(validator.iter_errors(config))
    if error is not None:
        raise InputError(_sentence(error))
    _check_methods(config["methods"])
    for name in config["variants"]:
        _check_variant(config, name)
    population = config["population"]
    _check_reference(config, "population", population["variant"], population["layers"])
    for index, candidate in enumerate(config["candidates"]):
        key = f"candidates[{index}]"
        _check_reference(config, key, candidate["variant"], candidate["layers"], external=True)
    _check_mouse(config["mouse"], config)
    source, path = config["stimuli"]["source"], config["stimuli"]["path"]
    if source != "photographs" and not (path and Path(path).is_dir()):
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
    found = [] if folder is None else Path(folder).glob("*.nc")
    # A leading dot marks a file that is still being written.
    return sorted(str(path) for path in found if not path.name.startswith("."))


def _sentence(error):
    key = ".".join(str(part) for part in error.absolute_path) or "the top level"
    if error.validator == "additionalProperties":
        known = sorted(error.schema.get("properties", {}))
        unknown = sorted(set(error.instance) - set(known))
        close = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        return (
            f"config {key}: found the unknown key {unknown[0]!r}{hint}, expected one of "
            f"{', '.join(known)}"
        )
    if error.validator == "enum":
        expected = "one of " + ", ".join(str(value) for value in error.validator_value)
    elif error.validator == "type":
        types = error.validator_value
        expected = types if isinstance(types, str) else " or ".join(types)
    elif error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        wanted = ", ".join(error.validator_value)
        return f"config {key}: found no key {missing[0]!r}, expected {wanted}"
    else:
        expected = f"{error.validator} {error.validator_value!r}"
    return f"config {key}: found {error.instance!r}, expected {expected}"


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
                    f"config methods.{name}: found the unknown parameter {parameter!r}, "
                    f"expected one of {', '.join(known) or '(it takes none)'}"
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
        if weights is not None and not (weights.endswith(WEIGHTS) and Path(weights).is_file()):
            raise InputError(
                f"config variants.{name}.weights: found {weights!r}, expected null or an existing "
                f"file that ends in {', '.join(WEIGHTS)}"
            )
        return
    allowed = set(config["training"])
    for key in variant:
        if key not in allowed:
            raise InputError(
                f"config variants.{name}: the unknown key {key!r}, expected one of "
                f"{', '.join(sorted(allowed))}"
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


def _check_mouse(mouse, config):
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
        simulated = mouse["simulated"]
        missing = [area for area in mouse["areas"] if area not in simulated["layers"]]
        if missing:
            raise InputError(
                f"config mouse.simulated.layers: found no layer for area {missing[0]!r}, expected "
                f"one for each of mouse.areas"
            )
        truth = simulated["truth"]["variant"]
        layers = list(simulated["layers"].values())
        _check_reference(config, "mouse.simulated.truth", truth, layers)
        return
    if mouse["source"] != "directory":
        return
    folder = mouse["directory"]
    if not (folder and Path(folder).is_dir()):
        raise InputError(
            f"config mouse.directory: found {folder!r}, expected an existing AllenSDK cache folder"
        )
    for session in mouse["sessions"]:
        path = Path(folder, f"session_{session}", f"session_{session}.nwb")
        if not path.is_file():
            raise InputError(
                f"config mouse.sessions: found no file {path} for session {session}, expected the "
                "layout of an AllenSDK cache"
            )
