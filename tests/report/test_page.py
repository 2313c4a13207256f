"""The page: nothing in a text becomes a tag, every table is there byte by byte, every verdict."""

import gzip
import re
from base64 import b64decode
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.report import made_up
from tests.report.made_up import METHODS, Page, write_run
from workflow_scripts.figures.panel import MethodLook
from workflow_scripts.report import charts, embedding
from workflow_scripts.report.charts import cells_between, readings
from workflow_scripts.report.page import marked
from workflow_scripts.report.standings import measured, standings

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "<!--",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;",
    "]]>`<b>`",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    path, tables = write_run(folder)
    return path, Page(path), tables


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_text(run, tmp_path, text):
    """In a label, a docstring, a caption, a claim, its note, and a cell of a table."""
    found = made_up.tables()
    found["networks", "claims"] = made_up.claims(statement=f"ridge {text}", note=text)
    found["networks", "scores"] = made_up.scores().assign(source_subject=text)
    path, _ = write_run(tmp_path, found, label=text, text=text, caption=text)
    page, (_, plain, _) = Page(path), run
    # The plain page has formulas, which are code, and no notes.
    expected = [tag for tag in plain.tags if tag != "code"] + ["small", "br"] * 3
    assert sorted(tag for tag in page.tags if tag != "code") == sorted(expected)
    if "`" not in text:
        assert page.text.count(" ".join(text.split())) >= 8
    charts = page.data["charts"]
    assert text in {row["label"] for row in values(charts["overview of networks"])}
    assert text in {row["source_subject"] for row in values(charts["cells of networks"])}


def values(spec):
    """Rows that a chart shows."""
    return spec["data"]["values"]


@given(st.text())
def test_any_text_is_read_again_as_it_was(text):
    """Marked text has no tags but paragraphs and code, and loses backticks alone."""
    parser = HTMLParser(convert_charrefs=True)
    tags, pieces = [], []
    parser.handle_starttag = lambda tag, attrs: tags.append(tag)
    parser.handle_data = pieces.append
    parser.feed(str(marked(text)))
    parser.close()
    assert set(tags) <= {"p", "code"}
    kept = "".join("".join(pieces).split()).replace("`", "")
    assert kept == "".join(text.split()).replace("`", "")


def test_every_table_is_in_the_page_byte_by_byte(run):
    _, page, tables = run
    assert page.files == [path.read_bytes() for path in tables.values()]
    links = [value for name, value in page.attributes if name == "href"]
    assert {str(path.relative_to(run[0].parent)) for path in tables.values()} <= set(links)
    assert [name for name in page.data["tables"]] == [f"table-{i}" for i in range(len(tables))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1))
def test_any_table_is_kept(tmp_path, cells):
    path = tmp_path / "any.csv"
    pd.DataFrame({"a": cells}).to_csv(path, index=False)
    (table,) = embedding.embed_tables([path], tmp_path)
    assert gzip.decompress(b64decode(table.content)) == path.read_bytes()


def test_tables_for_which_there_is_no_room_are_links(tmp_path, monkeypatch, run):
    """The largest ones, so that the page has as many tables as it can."""
    sizes = sorted(path.stat().st_size for path in run[2].values())
    monkeypatch.setattr(embedding, "MOST_BYTES", sum(sizes[:-1]))
    path, tables = write_run(tmp_path)
    page = Page(path)
    largest = tables.pop(("networks", "scores"))
    assert largest.stat().st_size == sizes[-1]
    assert page.files == [file.read_bytes() for file in tables.values()]
    assert (
        "scores 108 rows; too large for this page, but next to it: tables/networks/scores.csv"
        in page.text
    )
    assert ("href", "tables/networks/scores.csv") in page.attributes
    monkeypatch.setattr(embedding, "MOST_BYTES", sum(sizes[:-1]) - 1)
    assert len(Page(write_run(tmp_path)[0]).files) == len(sizes) - 2


def test_every_claim_stands_under_its_verdict(run):
    _, page, _ = run
    answer = page.text.partition("The claims of the paper")[2].partition("Click on a claim")[0]
    assert "Of 3 claims, 1 holds, 1 fails and 1 is not measured." in answer
    holds, fails, missing = re.split(r" fails the whole| not measured what it compares", answer)
    assert "M7 Ridge is more specific than soft matching: holds" in holds
    assert "M2 Ridge is better in every layer: fails" in fails
    assert "M9 Ridge is more specific than soft matching: not measured" in missing


def test_what_the_data_are_stands_first(run):
    _, page, _ = run
    head = page.text.partition("Figures Figures")[0]
    assert "Scores of 7 May 2026 · commit 0123456789 with changes · master seed 3" in page.text
    assert "Data: 3 seeds of alexnet, images: photographs." in page.text
    assert "Macaque simulated" in head
    assert "Data: macaque: 2 simulated subjects. Simulated subjects test the methods;" in head
    assert "2026-05-06T10:00:00+00:00 to 2026-05-07T11:00:00+00:00" in page.text
    told = "(2 files of scores; the code had changes that are in no commit)"
    assert f"0123456789abcdef-dirty {told}" in page.text


def test_equal_runs_give_equal_pages(run, tmp_path):
    path, _ = write_run(tmp_path)
    assert path.read_bytes() == run[0].read_bytes()


def test_nothing_is_loaded_from_elsewhere(run):
    _, page, _ = run
    loaded = [value for name, value in page.attributes if name in ("src", "srcset", "action")]
    assert loaded
    assert all(value.startswith("data:") for value in loaded)
    assert not [value for name, value in page.attributes if name == "href" and "//" in value]
    (policy,) = [value for _, value in page.attributes if value.startswith("default-src")]
    assert policy.startswith("default-src 'none';")


def test_each_population_is_told_from_its_own_tables(tmp_path):
    found = made_up.tables()
    found["macaque", "claims"] = made_up.claims("macaque", claim="B1").iloc[:1]
    found["macaque", "predictivity"] = made_up.predictivity("macaque").assign(predictivity=0.5)
    found["macaque", "specificity"] = made_up.specificity("macaque")
    found["macaque", "scores"] = made_up.scores("brain", "macaque").assign(score=0.25)
    page = Page(write_run(tmp_path, found)[0])
    _, networks, macaque = re.split("Networks Data: |Macaque simulated Data: ", page.text)[:3]
    assert "Of 3 claims, 1 holds, 1 fails and 1 is not measured." in networks
    assert "B1" not in networks
    assert "Of 1 claim, 1 holds." in macaque
    charts = page.data["charts"]
    assert {row["predictivity"] for row in values(charts["overview of macaque"])} == {0.5}
    assert {row["score"] for row in values(charts["cells of macaque"])} == {0.25}
    assert len({row["predictivity"] for row in values(charts["overview of networks"])}) > 1
    assert len({row["score"] for row in values(charts["cells of networks"])}) > 1


def test_a_point_is_a_methods_mean_over_parts_and_a_reading():
    tables = {"predictivity": made_up.predictivity(), "specificity": made_up.specificity()}
    points = readings(measured(tables)).set_index(["method", "reading"])
    assert list(points.index) == [
        (method, reading) for method in METHODS[:2] for reading in ("silhouette", "d prime")
    ]
    chosen = tables["predictivity"].query("relation == 'same part' and part == 'overall'")
    assert set(points["predictivity"]) == set(chosen["predictivity"])


def test_methods_stand_in_their_order_with_the_first_reading_of_each_table():
    tables = {"predictivity": made_up.predictivity(), "specificity": made_up.specificity()}
    looks = [MethodLook(name, f"the {name}", "#000000", False) for name in reversed(METHODS)]
    found = standings(measured(tables), looks)
    assert found.heads == ["predictivity", "specificity: silhouette"]
    assert found.rows == [
        ("the rsa", [("–", ""), (".20", "no interval")]),
        ("the ridge_post", [(".64", ".54 to .74"), (".30", "no interval")]),
        ("the soft_matching", [(".31", ".21 to .41"), (".10", "no interval")]),
    ]


def test_without_a_table_of_a_metric_there_are_no_standings():
    found = standings(measured({"scores": made_up.scores()}), [])
    assert (found.heads, found.rows) == ([], [])


def test_models_of_a_brain_are_told_apart_in_each_direction():
    separability = pd.DataFrame(
        {
            "method": "ridge_post",
            "direction": ["model_to_brain", "both", "both", "both"],
            "area": ["mean", "mean", "V4", "mean"],
            "scale": ["raw", "raw", "raw", "relative"],
            "separability": [0.1, 0.2, 0.3, 0.4],
            "ci_low": 0.0,
            "ci_high": 1.0,
        }
    )
    tables = {"predictivity": made_up.predictivity(), "separability": separability}
    points = readings(measured(tables))
    assert dict(zip(points["reading"], points["value"], strict=True)) == {
        "separability of models, both": 0.2,
        "separability of models, model to brain": 0.1,
    }


def test_cells_between_subjects_are_thinned_evenly(monkeypatch):
    table = made_up.scores()
    cells, n_cells = cells_between(table)
    assert len(cells) == n_cells == len(METHODS) * 6 * 4
    assert (cells["source_subject"] != cells["target_subject"]).all()
    assert (cells["relation"] == "same part").sum() == len(METHODS) * 6 * 2
    monkeypatch.setattr(charts, "MOST_CELLS", 30)
    fewer, n_cells = cells_between(table)
    assert n_cells == 72
    assert abs(len(fewer) - 30) <= 1
    for name in ("method", "target_subject", "target_part", "source_part"):
        assert fewer[name].value_counts().min() > 30 / cells[name].nunique() / 2


@pytest.mark.parametrize("comparison", ["networks", "brain", "groups"])
def test_cells_of_candidates_and_of_another_brain_are_left_out(comparison):
    every = [comparison, "model_to_brain", "brain_to_model", "brain_to_brain"]
    cells, n_cells = cells_between(pd.concat(map(made_up.scores, every), ignore_index=True))
    assert n_cells == len(cells) == 72
    assert set(cells["comparison"]) == {comparison}


def test_a_brain_without_scores_has_no_charts(run):
    """That of the made-up run has subjects alone."""
    _, page, _ = run
    assert len(page.data["charts"]) == 2
    assert "Predictivity or specificity was not measured on these data." in page.text
    assert "No claim was checked on these data." in page.text
