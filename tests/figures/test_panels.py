"""Figures: every panel draws, says what it shows, and equal input gives equal files."""

import pandas as pd
import pytest

from workflow_scripts.figures.style import COMPOSITIONS, PANELS, draw, save

METHODS = ["soft_matching", "ridge_post", "rsa"]
LOOKS = [
    {"name": m, "label": f"label of {m}", "colour": f"#00000{i}"} for i, m in enumerate(METHODS)
]
SETTINGS = {
    "methods": LOOKS,
    "layers": ["conv1", "conv2"],
    "areas": ["VISp", "VISl"],
    "data": {"models": "2 seeds of a network", "mice": "3 simulated mice"},
}


@pytest.fixture(scope="module")
def tables():
    """Small tables with a value, or an interval, missing here and there."""
    value = {"ci_low": 0.2, "ci_high": 0.5}
    predictivity = [
        {
            "population": population,
            "method": method,
            "relation": "same part",
            "part": part,
            "statistic": statistic,
            "predictivity": 0.1 + 0.3 * rank,
            **(value if method == "ridge_post" else {}),
        }
        for population, parts in (("models", ["conv1", "conv2"]), ("mice", ["VISp", "VISl"]))
        for part in (*parts, "overall")
        for rank, method in enumerate(METHODS[:2])
        for statistic in ("median", "correlation", "correlation_corrected")
    ]
    silhouette = [{"method": m, "default": True, "silhouette": 0.3, **value} for m in METHODS]
    mds = [
        {"method": m, "subject": f"net/{s}", "part": f"conv{p}", "x": s, "y": p, "stress": 0.1}
        for m in METHODS
        for s in (0, 1)
        for p in (1, 2)
    ]
    separability = [
        {"method": m, "direction": d, "area": "mean", "separability": 0.2, **value}
        for m in METHODS
        for d in ("model_to_mouse", "mouse_to_model", "both")
    ]
    named = {"predictivity": predictivity, "silhouette": silhouette, "mds": mds}
    return {
        name: pd.DataFrame(rows) for name, rows in {**named, "separability": separability}.items()
    }


@pytest.mark.parametrize("name", [*PANELS, *COMPOSITIONS])
def test_a_figure_says_what_it_shows(tables, name, tmp_path):
    figure = draw(name, tables, SETTINGS)
    path = tmp_path / "figure.svg"
    save(figure, path)
    text = path.read_text()
    assert ("3 simulated mice" if name.startswith("2") else "2 seeds of a network") in text
    assert ("simulated" in text) == name.startswith("2")
    if name != "1d":
        assert "error bars: 95 % bootstrap interval over" in text
    assert LOOKS[1]["label"] in text


def test_equal_input_gives_equal_files(tables, tmp_path):
    for name in ("one.svg", "two.svg"):
        save(draw("1a", tables, SETTINGS), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_a_method_has_its_colour_in_every_panel(tables, tmp_path):
    for name in ("1a", "1b", "1c", "2a", "2b", "2c", "2d"):
        save(draw(name, tables, SETTINGS), tmp_path / "figure.svg")
        assert LOOKS[1]["colour"] in (tmp_path / "figure.svg").read_text()


def test_the_interval_is_drawn_where_it_is(tables):
    """Also where it leaves the value out; and where there is none, no line."""
    axes = draw("1b", tables, SETTINGS).subfigs[0].axes[0]
    drawn = [segment for segment in axes.collections[0].get_segments() if len(segment)]
    assert [segment[:, 1].tolist() for segment in drawn] == [[0.2, 0.5]]
