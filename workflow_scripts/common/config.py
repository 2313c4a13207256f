"""The configuration: every key with its type and limits, checked once, before anything is planned.

    uv run python -m workflow_scripts.common.config mine.yaml

checks a file, and names the line where it is not YAML, which Snakemake does not. ``--schema``
prints a JSON schema, with which an editor can complete and check configuration files. What a
method, a metric or an architecture takes is read from its own file. Checks that need more than one
key are in the ``plan.py`` of the stage that they protect. Only plans and commands import this
module: jobs are told what they need, and AllenSDK's environment does not have pydantic.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import yaml
from annotated_types import Ge, Gt, Le, Len
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    create_model,
)

from workflow_scripts.common.cards import card_values, gallery_names, parameters
from workflow_scripts.common.checksums import RESULTS
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.forms import (
    CROWD,
    LARGEST,
    MOST,
    Count,
    CountFromTwo,
    NotNegative,
    OpenShare,
    PositiveNumber,
    PositiveShare,
    Seed,
    Share,
    Size,
)
from workflow_scripts.common.sentences import (
    as_input_error,
    did_you_mean,
    expecting,
    one_of,
    short,
)

PACKAGE = Path(__file__).parents[1]
DEFAULTS = PACKAGE.parent / "config.yaml"
ARCHITECTURES = PACKAGE / "networks/architectures"
METHODS = PACKAGE / "methods"
METRICS = PACKAGE / "evaluation/metrics"

RESERVED = {
    *("training", "validation", "population", "networks", "models", "pool", "scenes"),
    "simulated_brains",
}
"""Names that a brain cannot have: the workflow has files or random streams of these names."""
MAY_BE_NULL = ("brains", "methods", "metrics")
"""Sections of which null leaves out an entry, or all brains or metrics."""
COLLECTIONS = ("tag:yaml.org,2002:seq", "tag:yaml.org,2002:map")
"""Tags of lists and mappings that have none of their own."""
MERGE = "tag:yaml.org,2002:merge"
"""Tag of the key ``<<``, which takes over what stands in other mappings."""
MOST_ITEMS = 100_000
"""Most items of a configuration file with all aliases replaced by what they stand for."""

SUMMARIES = {"overall", "mean"}
"""Labels that an area cannot have: tables have rows of these names."""


def _text(pattern: str, expected: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise expecting(expected)
        return value

    return AfterValidator(check)


def _is_unique(values: list[Any]) -> list[Any]:
    if len(set(values)) < len(values):
        raise expecting("each item once")
    return values


def _differs_in_letters(values: list[str]) -> list[str]:
    if len({value.casefold() for value in values}) < len(values):
        raise expecting("labels that differ in more than capital letters")
    return values


def _is_outside_results(value: str) -> str:
    """Refuse a path inside the folder of results, also one that leads there by links."""
    results = os.path.realpath(RESULTS)
    if os.path.commonpath([os.path.realpath(value), results]) == results:
        raise expecting(f"a path outside {RESULTS}/, in which only jobs write")
    return value


def _ascends(values: list[float]) -> list[float]:
    if values[0] > values[1]:
        raise expecting("the smaller value first")
    return values


def _is_no_brain(value: str) -> str:
    # Some disks do not tell capital letters from small ones.
    if value.casefold() in RESERVED:
        raise expecting(f"a name that is not one of {', '.join(sorted(RESERVED))}")
    return value


def _is_no_summary(value: str) -> str:
    if value.casefold() in SUMMARIES:
        raise expecting(f"a label that is not one of {', '.join(sorted(SUMMARIES))}")
    return value


Name = Annotated[
    str,
    _text(
        r"[A-Za-z][A-Za-z0-9_]{0,59}",
        "a letter, then letters, digits or underscores, at most 60 characters",
    ),
]
BrainName = Annotated[Name, AfterValidator(_is_no_brain)]
Label = Annotated[
    str,
    _text(
        # Legends leave out what begins with an underscore.
        r"(?!_|\s*$)[^$<\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]{1,60}",
        "1 to 60 characters on one line, not all blank, without $, which begins a formula in "
        "figures, without <, which begins a tag in pages, and without an underscore at the start",
    ),
]
Colour = Annotated[str, _text("#[0-9a-f]{6}", "a colour such as #1f77b4, in lower case")]
Area = Annotated[
    str,
    _text(
        r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}",
        "letters, digits, '_', '.' and '-', at most 60 characters",
    ),
    AfterValidator(_is_no_summary),
]
Layer = Annotated[str, _text(r".{1,200}", "1 to 200 characters on one line")]
File = Annotated[
    str,
    _text(
        r"(?!-)[^{}\x00-\x1f\x7f]{1,1000}",
        "a path of at most 1000 characters that does not begin with a hyphen and has no control "
        "characters and no braces, which Snakemake takes for wildcards",
    ),
    AfterValidator(os.path.expanduser),
    AfterValidator(_is_outside_results),
]
Address = Annotated[
    str,
    _text(
        r"https?://[^/\s]\S{0,1000}",
        "an address that begins with http:// or https://, without spaces",
    ),
]
Unique = AfterValidator(_is_unique)
Layers = Annotated[list[Layer], Len(1), Unique]
Range = Annotated[list[PositiveShare], Len(2, 2), AfterValidator(_ascends)]
Seconds = Annotated[float, Gt(0), Le(86_400)]
CountRange = Annotated[list[Count], Len(2, 2), AfterValidator(_ascends)]


class Form(BaseModel):
    """A part of the configuration: strict types, finite numbers, and no key that is not listed."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    RENAMED: ClassVar[dict[str, str]] = {}
    """New places of the keys of version 0.1."""


class SetSizes(Form):
    training: Size
    validation: Size
    population: Annotated[int, Ge(10), Le(CROWD)]


class Stimuli(Form):
    source: Literal["photographs", "folder", "imagenet"]
    path: File | None
    n_generated: Annotated[int, Ge(0), Le(1000)]
    crop_scale: Range
    # Networks see 64 pixels; any more leave room for random crops.
    pack_side: Annotated[int, Ge(64), Le(MOST)]
    n: SetSizes


class Augmentation(Form):
    crop_scale: Range
    flip: Share
    jitter: Share
    greyscale: Share


class InstanceRecognition(Form):
    loss: Literal["softmax", "nce"]
    centred: bool
    negatives: Size | None
    temperature: PositiveNumber
    bank_momentum: Share


NESTED = ("augmentation", "instance_recognition")
"""Keys of ``training`` with keys of their own."""


class ReadyActivations(Form):
    """Keys of a variant that is activations which somebody has already."""

    activations: File


class TrainingForm(Form):
    """Keys under ``training`` or under a variant."""

    RENAMED: ClassVar[dict[str, str]] = {
        "batchnorm": "drive_deviation (null for false)",
        "embedding_batchnorm": "instance_recognition.centred",
        "negatives": "instance_recognition.negatives",
        "temperature": "instance_recognition.temperature",
        "bank_momentum": "instance_recognition.bank_momentum",
    }


class TrainingKeys(TrainingForm):
    """Keys of a training, whatever the architecture."""

    architecture: Name
    objective: Literal["supervised", "instance_recognition", "untrained"]
    epochs: Annotated[float, Gt(0), Le(MOST)]
    # Batch normalisation needs two images.
    batch_size: CountFromTwo
    learning_rate: PositiveNumber
    learning_rate_drops: Annotated[list[PositiveShare], Unique]
    weight_decay: NotNegative
    gradient_clip: PositiveNumber | None
    bfloat16: bool
    augmentation: Augmentation
    instance_recognition: InstanceRecognition


class Splits(Form):
    n_splits: Count
    train_fraction: OpenShare


class Population(Form):
    variant: Name
    seeds: Annotated[list[Seed], Len(2), Unique]
    # The silhouette tells layers apart, for which it needs two.
    layers: Annotated[list[Layer], Len(2), Unique]
    splits: Splits
    max_accuracy_spread: Share | None


class Activations(Form):
    n_trials: Count
    min_reliability: OpenShare | None
    max_trials: Count
    mode: Literal["hypercolumn", "random_same_index", "random_independent", "all"]
    positions: Size
    max_per_layer: Size
    projection: bool


class Patience(Form):
    connect_s: Seconds
    read_s: Seconds
    tries: Count
    backoff_s: Seconds


class Download(Form):
    keep: bool
    patience: Patience


class Quality(Form):
    isi_violations_maximum: NotNegative
    amplitude_cutoff_maximum: NotNegative
    presence_ratio_minimum: Share


class Extraction(Form):
    window_s: Annotated[list[NotNegative], Len(2, 2)]
    quality: Quality
    # The reliability of a unit compares two halves of its trials.
    min_trials: CountFromTwo
    n_halves: Count


class Filters(Form):
    min_reliability: Annotated[float, Le(1)] | None = 0.5
    reliability_stimuli: Literal["all", "training"] = "all"
    min_units: Count = 5


class Groups(Form):
    n_groups: CountFromTwo = 3
    n_groupings: CountFromTwo = 10


class Truth(Form):
    variant: Name
    seed: Seed


class Simulated(Form):
    RENAMED: ClassVar[dict[str, str]] = {"dimensions": "max_dimensions"}

    truth: Truth
    layers: dict[Area, Layer]
    n_trials: CountFromTwo
    units_per_area: CountRange
    max_dimensions: Count
    spectrum: Literal["cortex", "layer"]
    mean_rate_hz: PositiveNumber
    gain: PositiveNumber


class Brain(Form):
    RENAMED: ClassVar[dict[str, str]] = {
        **{key: f"extraction.{key}" for key in Extraction.model_fields},
        **{key: f"filters.{key}" for key in Filters.model_fields},
        "download": "download, at the top level,",
        "own_responses": "recordings",
    }

    source: Literal["simulated", "s3", "warehouse", "directory", "recordings"]
    directory: File | None = None
    base_url: Address | None = None
    sessions: Annotated[list[Annotated[int, Ge(1), Le(LARGEST)]], Unique] = []
    recordings: File | None = None
    n_scenes: Annotated[int, Ge(10), Le(MOST)] | None = None
    areas: Annotated[list[Area], Len(1), Unique, AfterValidator(_differs_in_letters)]
    preset: Literal["ccn25", "nayebi"] = "ccn25"
    extraction: Extraction | None = None
    filters: Filters = Filters()
    sources: Literal["pooled", "pairs", "groups"] = "pooled"
    groups: Groups = Groups()
    max_source_units: Size | None = None
    compare_with: Annotated[list[Name], Unique] = []
    noise_correction: Count | None = None
    expected_subjects: Count | None = None
    splits: Splits = Splits(n_splits=5, train_fraction=0.8)
    simulated: Simulated | None = None

    @property
    def has_images(self) -> bool:
        """Whether there are images that networks can be shown."""
        return self.source != "recordings" or Path(str(self.recordings), "images").is_dir()


class Candidate(Form):
    variant: Name
    seed: Seed
    layers: Layers


class Permutations(Form):
    n: Annotated[int, Ge(1), Le(1_000_000)]


Options = dict[str, Any]
"""The given values of keys that a file of a gallery declares."""


class Config(Form):
    """The whole configuration.

    ``training``, ``variants``, ``methods`` and ``metrics`` hold what the files of the galleries
    declare, checked by the models below. A brain, method or metric that is null is left out.
    """

    RENAMED: ClassVar[dict[str, str]] = {
        "mouse": "brains.mouse",
        "bootstrap": "permutations",
        **{name: f"metrics.{name}" for name in ("silhouette", "mds", "separability")},
    }

    seed: Seed
    device: Literal["auto", "cpu", "cuda"]
    # The seeds of a job form the name of its files, which may have 255 characters.
    seeds_per_job: Annotated[int, Ge(1), Le(20)]
    checkpoint_minutes: PositiveNumber
    stimuli: Stimuli
    training: Options
    variants: dict[Name, Options]
    population: Population | None
    activations: Activations
    download: Download
    brains: dict[BrainName, Brain]
    candidates: list[Candidate]
    methods: Annotated[dict[Name, Options], Len(1)]
    only_methods: Annotated[list[Name], Len(1), Unique] | None
    metrics: dict[Name, Options]
    permutations: Permutations


class MethodEntry(Form):
    """Keys of an entry of ``methods`` that are not parameters."""

    method: Name
    label: Label
    colour: Colour


def _optional(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that need not be given."""
    return {name: (form, None) for name, form in fields.items()}


def _annotations(model: type[BaseModel]) -> dict[str, Any]:
    return {
        name: Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        for name, field in model.model_fields.items()
    }


@cache
def is_trained(architecture: str) -> bool:
    """Whether networks of this architecture are trained by the workflow."""
    return bool(card_values(ARCHITECTURES / f"{architecture}.py")["trained"])


@cache
def training_model() -> type[BaseModel]:
    """Keys of ``training``: all of `TrainingKeys`, and the options of all architectures."""
    options: dict[str, Any] = {}
    for name in gallery_names(ARCHITECTURES):
        if not is_trained(name):
            continue
        path = ARCHITECTURES / f"{name}.py"
        for option, form in parameters(path, "build").items():
            if option in TrainingKeys.model_fields or options.get(option, form) != form:
                raise InputError(
                    path,
                    f"an option {option} of another form than elsewhere under training",
                    "the same form, or another name",
                )
            options[option] = form
    return create_model("Training", __base__=TrainingKeys, **_optional(options))


@cache
def variant_model(architecture: str) -> type[BaseModel]:
    """Keys of a variant: any of ``training``; for a model that is not trained, all its options."""
    if is_trained(architecture):
        options = _annotations(training_model())
        # Of these, a variant may give some keys.
        for name in NESTED:
            keys = _optional(_annotations(options[name]))
            options[name] = create_model(options[name].__name__, __base__=Form, **keys)
        return create_model("Variant", __base__=TrainingForm, **_optional(options))
    options = parameters(ARCHITECTURES / f"{architecture}.py", "build")
    required: dict[str, Any] = {name: (form, ...) for name, form in options.items()}
    return create_model("Variant", __base__=Form, architecture=(Name, ...), **required)


@cache
def method_model(implementation: str) -> type[BaseModel]:
    """Keys of an entry of ``methods`` that uses this file."""
    forms = parameters(METHODS / f"{implementation}.py", "Estimator.__init__")
    fields = {**_annotations(MethodEntry), **forms}
    return create_model(f"Method_{implementation}", __base__=Form, **_optional(fields))


@cache
def metric_model(name: str) -> type[BaseModel]:
    """Keys of an entry of ``metrics``."""
    return create_model(
        f"Metric_{name}", __base__=Form, **_optional(parameters(METRICS / f"{name}.py", "measure"))
    )


def parse_config(values: Mapping[str, Any]) -> Config:
    """Check the keys of a configuration, each on its own.

    Parameters
    ----------
    values : dict
        As YAML gives it; it is not changed.

    Raises
    ------
    InputError
        If a key is unknown, missing, or has a value that it cannot have.
    """
    values = dict(values)
    _check_indentation(values)
    if isinstance(values.get("methods"), list):
        raise InputError(
            "config methods",
            "a list",
            "names with their parameters, as in config.yaml; only_methods is a list of names",
        )
    for section in MAY_BE_NULL:
        entries = values.get(section)
        if entries is None and section in values and section != "methods":
            values[section] = {}
        elif isinstance(entries, Mapping):
            values[section] = {name: entry for name, entry in entries.items() if entry is not None}
    config = validated(Config, values)
    for section in ("brains", "variants", "methods"):
        _check_letters(section, getattr(config, section))
    config.training = _given(training_model(), config.training, "training")
    _check_architecture("training", config.training["architecture"], trained=True)
    for name, entry in config.variants.items():
        key = f"variants.{name}"
        if "activations" in entry:
            config.variants[name] = _given(ReadyActivations, entry, "variants", name)
            continue
        architecture = entry.get("architecture", config.training["architecture"])
        _check_architecture(key, architecture)
        config.variants[name] = _given(variant_model(architecture), entry, "variants", name)
    written = config.methods
    if config.only_methods:
        config.methods = {name: written.get(name, {}) for name in config.only_methods}
    for name, entry in config.methods.items():
        implementation = entry.get("method", name)
        if implementation not in gallery_names(METHODS):
            place, others = f"methods.{name}.method", ""
            if "method" not in entry:
                place = "methods" if name in written else "only_methods"
                others = ", or an entry of methods that names one as its method"
            known = gallery_names(METHODS)
            raise _unknown(f"config {place}", implementation, known, others)
        config.methods[name] = _given(method_model(implementation), entry, "methods", name)
    for name, entry in config.metrics.items():
        if name not in gallery_names(METRICS):
            raise _unknown("config metrics", name, gallery_names(METRICS))
        config.metrics[name] = _given(metric_model(name), entry, "metrics", name)
    # In the order of config.yaml, new ones last: Snakemake puts those first that a file overrides.
    order = [*(read_yaml(DEFAULTS).get("methods") or {}), *config.methods]
    config.methods = {
        name: config.methods[name] for name in sorted(config.methods, key=order.index)
    }
    return config


def _unknown(place: str, name: str, known: Sequence[str], others: str = "") -> InputError:
    """Error for a name that is none of the known ones."""
    found = f"{short(name, repr)}{did_you_mean(name, known)}"
    return InputError(place, found, f"{one_of(known)}{others}")


def _check_letters(section: str, names: Iterable[str]) -> None:
    """Refuse names that differ in capital letters alone: on some disks they are one folder."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise InputError(
                f"config {section}",
                f"{other} and {name}",
                "names that differ in more than capital letters, as some disks do not tell these "
                "apart",
            )


def _check_indentation(values: Mapping[str, Any]) -> None:
    """Refuse a key at the top level that has its place under another one."""
    sections: dict[str, type[BaseModel]] = {
        "stimuli": Stimuli,
        "training": training_model(),
        "population": Population,
        "activations": Activations,
        "download": Download,
    }
    for key in values:
        for name, section in sections.items():
            if key in section.model_fields and key not in Config.model_fields:
                raise InputError(
                    f"config {key}",
                    "this key at the left margin",
                    f"it under {name}, indented by spaces",
                )


def validated(model: Any, values: object, *prefix: str) -> Any:
    """A value that stands under the keys of `prefix`, checked; InputError if it cannot be."""
    try:
        return TypeAdapter(model).validate_python(values)
    except ValidationError as error:
        raise as_input_error(error, model, prefix) from None


def _given(model: type[BaseModel], values: object, *prefix: str) -> Options:
    """Checked values of the keys that are given."""
    given: Options = validated(model, values, *prefix).model_dump(exclude_unset=True)
    return given


def _check_architecture(key: str, architecture: object, trained: bool = False) -> None:
    known = [name for name in gallery_names(ARCHITECTURES) if is_trained(name) or not trained]
    if architecture == "external" and not trained:
        raise InputError(
            f"config {key}.architecture",
            "'external', its name in version 0.1",
            "torchvision_model in its place",
        )
    if architecture not in known:
        raise InputError(f"config {key}.architecture", short(architecture, repr), one_of(known))


def read_config(paths: list[str]) -> Config:
    """Configuration of ``config.yaml`` and files that override it, for commands.

    Raises
    ------
    InputError
        See `parse_config` and `check_files`.
    """
    from snakemake.utils import update_config

    values: dict[str, Any] = {}
    for content in check_files([DEFAULTS, *map(Path, paths)]):
        update_config(values, content)
    return parse_config(values)


def check_files(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Contents of configuration files, each checked on its own, and for what only they can tell.

    Once files are merged, a misspelt name with null looks like one that an earlier file defines
    and a later one leaves out. The first file has none before it, and may say null of any name, as
    every file may of a method or metric of the galleries: that changes nothing.

    Raises
    ------
    InputError
        If a file cannot be read, see `check_keys`, or leaves out a name that no file defines.
    """
    files = [read_yaml(path) for path in paths]
    galleries = {"methods": gallery_names(METHODS), "metrics": gallery_names(METRICS)}
    for section in (*MAY_BE_NULL, "variants"):
        first, *later = (dict(_entries(content, section)) for content in files)
        defined = [name for names in later for name, value in names.items() if value is not None]
        known = list(dict.fromkeys([*first, *defined, *galleries.get(section, [])]))
        for name in (name for names in later for name in names):
            if name not in known:
                found = f"null for an unknown name{did_you_mean(name, known)}"
                raise InputError(f"config {section}.{short(name)}", found, one_of(known))
    return files


def _entries(content: Mapping[str, Any], section: str) -> Iterable[tuple[str, Any]]:
    """Names of a section and what stands under them, as far as it has names."""
    found = content.get(section)
    return found.items() if isinstance(found, Mapping) else ()


def read_yaml(path: Path) -> dict[str, Any]:
    """Content of a configuration file; InputError if it is not YAML with keys at its top."""
    expected = "a YAML file with keys at the top level"
    try:
        check_keys(path)
        values = yaml.safe_load(_content(path))
    except OSError as error:
        raise InputError(path, f"no readable file ({error.strerror})", expected) from error
    if not isinstance(values, dict):
        raise InputError(path, "nothing" if values is None else short(values, repr), expected)
    return values


def _content(path: Path) -> str:
    text = path.read_text("utf-8")
    # JSON is YAML but for tabs between its items; in its texts there can be none.
    return text.replace("\t", " ") if path.suffix == ".json" else text


def check_keys(path: Path) -> None:
    """Refuse a file that is not YAML, or names a key twice, of which only the last would count.

    Raises
    ------
    InputError
        It names the line, or the key and both lines.
    """
    try:
        root = yaml.compose(_content(path), yaml.SafeLoader)
        _check_size(path, root)
        waiting = [(root, "")]
    except RecursionError as error:
        raise InputError(path, "items inside each other without end", "a few levels") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "bytes that are not text", "a YAML file in UTF-8") from error
    except InputError:
        raise
    # An escape such as \UFFFFFFFF in quotation marks.
    except (ValueError, OverflowError) as error:
        raise InputError(path, "an escape that is no character", "text in UTF-8") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(
            path,
            f"{(error.problem or error.context or '').removeprefix('found ')}{where}",
            "YAML: keys indented by spaces, equal ones equally, and a space after each colon",
        ) from error
    except yaml.YAMLError as error:
        raise InputError(path, " ".join(str(error).split()), "a YAML file in UTF-8") from error
    seen = set()
    while waiting:
        node, parents = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            _check_scalar(node, parents)
        elif isinstance(node, yaml.CollectionNode) and node.tag not in COLLECTIONS:
            raise InputError(path, f"the tag {node.tag}", "lists and mappings without tags")
        if isinstance(node, yaml.SequenceNode):
            waiting += [(item, f"{parents}{index}.") for index, item in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            continue
        lines: dict[str, int] = {}
        for name, value in node.value:
            line = name.start_mark.line + 1
            if not isinstance(name, yaml.ScalarNode):
                found = f"a list or a mapping as a key in line {line}"
                raise InputError(path, found, "text as each key")
            if name.tag == MERGE and not _is_merged(value):
                found = f"<< with something other than mappings in line {line}"
                raise InputError(path, found, "<<: *NAME of a mapping, or a list of these")
            if name.value in lines:
                raise InputError(
                    f"config {parents}{short(name.value)}",
                    f"twice in {path.name}, in lines {lines[name.value]} and {line}",
                    "once",
                )
            lines[name.value] = line
            waiting.append((value, f"{parents}{short(name.value)}."))


def _is_merged(value: yaml.Node) -> bool:
    items = value.value if isinstance(value, yaml.SequenceNode) else [value]
    return all(isinstance(item, yaml.MappingNode) for item in items)


def _check_size(path: Path, root: yaml.Node | None) -> None:
    """Refuse aliases that stand for more than any configuration holds, or for themselves."""
    sizes: dict[int, float] = {}

    def size(node: yaml.Node) -> float:
        if id(node) not in sizes:
            sizes[id(node)] = float("inf")  # as long as it is not known: an alias leads back here
            items = [] if isinstance(node, yaml.ScalarNode) else node.value
            if isinstance(node, yaml.MappingNode):
                items = [item for pair in items for item in pair]
            sizes[id(node)] = 1 + sum(size(item) for item in items)
        return sizes[id(node)]

    if root is not None and size(root) > MOST_ITEMS:
        found = f"aliases that stand for more than {MOST_ITEMS} items"
        raise InputError(path, found, "fewer, and no alias inside of what it stands for")


def _check_scalar(node: yaml.ScalarNode, parents: str) -> None:
    """Refuse what is not what its tag says, and numbers that YAML reads otherwise than people.

    010 is 8, and 1:30 is 90.
    """
    place = f"config {parents.removesuffix('.')}"
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, OverflowError) as error:
        found = f"{short(node.value)}, which is not what YAML takes it for"
        expected = "text in quotation marks, or a value without a tag"
        raise InputError(place, found, expected) from error
    is_number = node.tag.removeprefix("tag:yaml.org,2002:") in ("int", "float")
    if is_number and (":" in node.value or re.fullmatch(r"[-+]?0[0-9_]+", node.value)):
        raise InputError(
            place,
            f"{short(node.value)}, which YAML reads as {value}",
            "a decimal number, or text in quotation marks",
        )


Brains = dict[BrainName, Brain | None] | None
"""What may stand under ``brains``: null leaves out one brain, or all."""


def json_schema() -> dict[str, Any]:
    """The configuration as a JSON schema, with what the files of the galleries take."""

    def entries(title: str, models: Mapping[str, type[BaseModel]], extra: Any) -> Any:
        known: dict[str, Any] = {name: (model | None, None) for name, model in models.items()}
        return create_model(title, __config__=ConfigDict(extra=extra), **known)

    methods = {name: method_model(name) for name in gallery_names(METHODS)}
    metrics = {name: metric_model(name) for name in gallery_names(METRICS)}
    # A method may have a name of its own, and say which file it uses.
    all_methods = entries("Methods", methods, extra="allow")
    all_metrics = entries("Metrics", metrics, extra="forbid")
    whole = create_model(
        "Configuration",
        __base__=Config,
        training=(training_model(), ...),
        variants=(dict[Name, Any], ...),
        brains=(Brains, ...),
        methods=(all_methods, ...),
        metrics=(all_metrics | None, ...),
    )
    schema = whole.model_json_schema()
    # A file may override a few keys only, and null leaves out a brain or all of them.
    for form in (schema, *schema["$defs"].values()):
        form.pop("required", None)
    return schema


def main() -> None:
    parser = argparse.ArgumentParser(description="Check configuration files, or print their form.")
    parser.add_argument("files", nargs="*", help="files for --configfile, in this order")
    parser.add_argument("--schema", action="store_true", help="print the form as a JSON schema")
    arguments = parser.parse_args()
    if arguments.schema:
        print(json.dumps(json_schema(), indent=2))
        return
    try:
        read_config(arguments.files)
    except InputError as error:
        sys.exit(str(error))
    print("Every key is known and has a value that it can have.")


if __name__ == "__main__":
    main()
