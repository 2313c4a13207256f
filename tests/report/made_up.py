"""A made-up run: small tables, a figure and shards, from which the page is written in tests."""

import gzip
import json
from base64 import b64decode
from html.parser import HTMLParser
from itertools import product

import numpy as np
import pandas as pd
import xarray as xr

from workflow_scripts.common.files import write_netcdf, write_table
from workflow_scripts.common.provenance import stamp
from workflow_scripts.report.write_report import main

METHODS = ("soft_matching", "ridge_post", "rsa")
PARTS = ("conv1", "conv2")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><circle r="50"/></svg>'


def claims(population="networks", **changes):
    """One claim that holds, one of two parts that fails in a part, one that was not measured."""
    row = {
        "claim": "M7",
        "statement": "ridge is more specific than soft matching",
        "population": population,
        "measure": "specificity",
        "choice": "silhouette",
        "is_default": True,
        "part": "overall",
        "left": 0.3,
        "right": 0.1,
        "margin": 0.2,
        "slack": 0.0,
        "ci_low": 0.05,
        "ci_high": 0.35,
        "resampled": "subjects and stimuli",
        "p": 0.01,
        "p_holm": 0.03,
        "verdict": "holds",
        "note": "",
        **changes,
    }
    missing = dict.fromkeys(("left", "right", "margin", "ci_low", "ci_high", "p", "p_holm"))
    low = {"margin": -0.25, "ci_low": -0.4, "ci_high": -0.1, "verdict": "fails", "p_holm": None}
    every = {**row, "claim": "M2", "statement": "ridge is better in every layer"}
    rows = [
        row,
        {**row, "choice": "auc", "is_default": False, "verdict": "undecided", "p_holm": None},
        {**every, "part": "conv1", "p_holm": None},
        {**every, **low, "part": "conv2"},
        {**every, **low, "part": "all", "p_holm": 0.0002},
        {**row, **missing, "claim": "M9", "part": "", "resampled": "", "verdict": "not measured"},
    ]
    return pd.DataFrame(rows)


def predictivity(population="networks"):
    rows = product(METHODS[:2], ("same part", "different part"), (*PARTS, "overall"))
    table = pd.DataFrame(rows, columns=["method", "relation", "part"])
    values = np.linspace(0.2, 0.8, len(table))
    return table.assign(
        population=population,
        statistic="median",
        predictivity=values,
        ci_low=values - 0.1,
        ci_high=values + 0.1,
    )


def specificity(population="networks"):
    rows = product(METHODS, ("silhouette", "d_prime"))
    table = pd.DataFrame(rows, columns=["method", "reading"])
    values = np.array([0.1, 0.9, 0.3, 0.7, 0.2, 1.5])
    return table.assign(population=population, value=values, ci_low=values - 0.1, ci_high=np.nan)


def scores(comparison="networks", brain=""):
    """Every source and every target of three subjects, the subjects themselves included."""
    subjects = ("alexnet/0", "alexnet/1", "alexnet/2")
    rows = product(METHODS, subjects, PARTS, subjects, PARTS)
    ends = ["source_subject", "source_part", "target_subject", "target_part"]
    table = pd.DataFrame(rows, columns=["method", *ends])
    return table.assign(
        comparison=comparison,
        brain=brain,
        verdict="ok",
        score=np.linspace(-1.5, 0.9, len(table)),
    )


def subjects():
    rows = [{"subject": name, "area": "V4", "data_kind": "simulated"} for name in ("m1", "m2")]
    return pd.DataFrame(rows)


def tables():
    """Tables of a run by the folder of their population and their name; the brain has subjects."""
    return {
        ("networks", "claims"): claims(),
        ("networks", "predictivity"): predictivity(),
        ("networks", "specificity"): specificity(),
        ("networks", "scores"): scores(),
        ("macaque", "subjects"): subjects(),
    }


def settings(found, *, label="Ridge (post)", text="``Y = X B`` is fitted.", caption="A circle."):
    """Settings of the rule for these tables and one figure."""
    labels = dict(zip(METHODS, ("Soft matching", label, "RSA"), strict=True))
    return {
        "seed": 3,
        "populations": [
            {"name": "networks", "kind": "networks"},
            {"name": "macaque", "kind": "brain"},
        ],
        "networks": "3 seeds of alexnet, images: photographs",
        "tables": [
            {"population": population, "name": name, "title": "", "columns": {"score": "R²"}}
            for population, name in found
        ],
        "figures": [
            {
                "population": "networks",
                "name": "figure_1",
                "title": "All panels",
                "caption": caption,
                "is_composed": True,
            }
        ],
        "methods": [
            {
                "name": name,
                "label": labels[name],
                "colour": colour,
                "control": False,
                "title": "A map.",
                "text": text,
                "facts": ["Kind: mapping."],
                "parameters": {"alphas": [1.0, 2.0]},
            }
            for name, colour in zip(METHODS, ("#ff7f0e", "#2ca02c", "#7f7f7f"), strict=True)
        ],
    }


def write_run(folder, found=None, **texts):
    """Files of a run, and its page; the page and the tables by their folder and name."""
    found = tables() if found is None else found
    paths = {}
    for population, name in found:
        paths[population, name] = folder / "tables" / population / f"{name}.csv"
        write_table(found[population, name], paths[population, name])
    figure = folder / "figure.svg"
    figure.write_text(SVG)
    shards = []
    for number, created in enumerate(("2026-05-06T10:00:00+00:00", "2026-05-07T11:00:00+00:00")):
        shards.append(folder / f"{number}.nc")
        attributes = stamp({}, seed=3, data_kind="networks")
        attributes |= {"created": created, "workflow_version": "0123456789abcdef-dirty"}
        write_netcdf(xr.Dataset(attrs=attributes), shards[-1])
    page = folder / "report.html"
    main(list(paths.values()), [figure], shards, settings(found, **texts), page)
    return page, paths


class Page(HTMLParser):
    """A page as a browser reads it: its tags in their order, its text, and what is inside it.

    Attributes
    ----------
    tags : list of str
    text : str
        Without scripts and styles, in which nothing is escaped.
    attributes : list of (str, str)
    scripts : dict of str to str
        Contents of scripts that have a name.
    """

    def __init__(self, path):
        super().__init__()
        self.tags, self.pieces, self.attributes, self.scripts = [], [], [], {}
        self.inside, self.name = None, None
        self.feed(path.read_text("utf-8"))
        self.text = " ".join("".join(self.pieces).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag in ("script", "style"):
            self.inside, self.name = tag, dict(attrs).get("id")

    def handle_endtag(self, tag):
        if tag == self.inside:
            self.inside = None

    def handle_data(self, data):
        if self.inside is None:
            self.pieces.append(data)
        elif self.name:
            self.scripts[self.name] = self.scripts.get(self.name, "") + data

    @property
    def data(self):
        """What the scripts of the page are told."""
        return json.loads(self.scripts["page-data"])

    @property
    def files(self):
        """Tables inside the page, in their order."""
        packed = [text for name, text in self.scripts.items() if name.startswith("table-")]
        return [gzip.decompress(b64decode(text)) for text in packed]
