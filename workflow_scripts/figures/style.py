"""The panels of the two figures, and what they share: colours, error bars and the footer."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

from workflow_scripts.common.files import replacing

DPI = 200
FOOTER_SIZE = 8
LAYER_PALETTE = "viridis"
MARKERS = "osD^vP*X<>"
DIRECTIONS = {"model_to_mouse": "model to mouse", "mouse_to_model": "mouse to model"}
R2 = "held-out R² (median over units)"
SEPARABILITY = "separability of models (difference in R²)"
OVER_SUBJECTS = "error bars: 95 % bootstrap interval over {}"

# Equal input gives equal files: no date, and identifiers that are not random.
plt.rcParams["svg.hashsalt"] = "model-brain-alignment"
plt.rcParams["svg.fonttype"] = "none"


def style():
    """Seaborn's style, with text that is read at the printed size."""
    sns.set_theme(
        context="paper",
        style="ticks",
        rc={"font.size": 9, "axes.labelsize": 9, "axes.titlesize": 10, "legend.fontsize": 8},
    )


def save(figure, path):
    """Save as the format of the suffix, without metadata that differs between runs."""
    metadata = {"Date": None} if str(path).endswith(".svg") else {"Software": None}
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=DPI, metadata=metadata)
    plt.close(figure)


def _bars(axes, x, rows, column, width, colours, label=None):
    """Bars with the ends of their intervals where they are; no line where there is none."""
    axes.bar(x, rows[column], width, color=colours, edgecolor="white", linewidth=0.5, label=label)
    axes.vlines(x, rows["ci_low"], rows["ci_high"], color="black", linewidth=0.8)


def _grouped_bars(axes, table, groups, group_column, value_column, methods):
    """Bars of all methods side by side, for each group."""
    width = 0.8 / len(methods)
    for number, method in enumerate(methods):
        rows = table[table["method"] == method["name"]].set_index(group_column).reindex(groups)
        x = np.arange(len(groups)) + (number - (len(methods) - 1) / 2) * width
        _bars(axes, x, rows, value_column, width, method["colour"], method["label"])
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(np.arange(len(groups)), groups)
    sns.despine(ax=axes)


def _method_bars(axes, table, value_column, methods):
    """One bar a method, named on the axis."""
    rows = table.set_index("method").reindex([method["name"] for method in methods])
    colours = [method["colour"] for method in methods]
    _bars(axes, np.arange(len(methods)), rows, value_column, 0.7, colours)
    axes.axhline(0, color="black", linewidth=0.8)
    names = [method["label"] for method in methods]
    axes.set_xticks(np.arange(len(methods)), names, rotation=40, ha="right", rotation_mode="anchor")
    sns.despine(ax=axes)


def _predictivity(tables, population):
    table = tables["predictivity"]
    chosen = (table["population"] == population) & (table["relation"] == "same part")
    return table[chosen & (table["statistic"] == "median")]


def _present(table, methods):
    """Methods of the configuration that the table has, in the configuration's order."""
    return [method for method in methods if method["name"] in set(table["method"])]


def _predictivity_by_part(figure, tables, settings, population, parts, title):
    table = _predictivity(tables, population)
    axes = figure.subplots()
    methods = _present(table, settings["methods"])
    _grouped_bars(axes, table, parts, "part", "predictivity", methods)
    axes.set(xlabel={"models": "layer", "mice": "area"}[population], ylabel=R2, title=title)
    axes.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.18))


def _predictivity_overall(figure, tables, settings, population, title):
    table = _predictivity(tables, population)
    table = table[table["part"] == "overall"]
    axes = figure.subplots()
    _method_bars(axes, table, "predictivity", _present(table, settings["methods"]))
    axes.set(ylabel=R2, title=title)


def panel_1a(figure, tables, settings):
    """Predictivity of each layer between networks that differ in their seed."""
    title = "Same layer, another seed"
    _predictivity_by_part(figure, tables, settings, "models", settings["layers"], title)


def panel_1b(figure, tables, settings):
    """Predictivity, mean over layers."""
    _predictivity_overall(figure, tables, settings, "models", "Predictivity, mean over layers")


def panel_1c(figure, tables, settings):
    """Silhouette of profiles by layer."""
    table = tables["silhouette"]
    table = table[table["default"]]
    axes = figure.subplots()
    _method_bars(axes, table, "silhouette", _present(table, settings["methods"]))
    axes.set(ylabel="silhouette of layers (−1 to 1)", title="Specificity")


def panel_1d(figure, tables, settings):
    """Maps of the profiles, one a method."""
    table = tables["mds"]
    methods = _present(table, settings["methods"])
    n_columns = (len(methods) + 1) // 2
    grid = figure.subplots(2, n_columns, squeeze=False).ravel()
    colours = dict(
        zip(
            settings["layers"],
            sns.color_palette(LAYER_PALETTE, len(settings["layers"])),
            strict=True,
        )
    )
    subjects = list(dict.fromkeys(table["subject"]))
    shapes = {subject: MARKERS[i % len(MARKERS)] for i, subject in enumerate(subjects)}
    for axes, method in zip(grid, methods, strict=False):
        rows = table[table["method"] == method["name"]]
        sns.scatterplot(
            rows,
            x="x",
            y="y",
            hue="part",
            style="subject",
            palette=colours,
            hue_order=settings["layers"],
            markers=shapes,
            s=35,
            ax=axes,
            legend=False,
        )
        axes.set_title(f"{method['label']}\nstress {rows['stress'].iloc[0]:.2f}", fontsize=8)
        axes.set(xticks=[], yticks=[], xlabel="", ylabel="", aspect="equal")
        axes.set_adjustable("datalim")
    for axes in grid[len(methods) :]:
        axes.set_axis_off()
    handles = [
        plt.Line2D([], [], marker="o", linestyle="", color=colour, label=layer)
        for layer, colour in colours.items()
    ]
    handles += [
        plt.Line2D([], [], marker=shape, linestyle="", color="grey", label=f"seed {subject}")
        for subject, shape in (
            (subject.rsplit("/", 1)[-1], shape) for subject, shape in shapes.items()
        )
    ]
    figure.legend(handles=handles, loc="outside center right", ncols=1, frameon=False)
    figure.supxlabel("first axis of the map (unit: 1 − similarity, rotated and scaled)", fontsize=9)
    figure.supylabel("second axis of the map", fontsize=9)


def panel_2a(figure, tables, settings):
    """Predictivity of each area of a mouse from the same area of all others."""
    title = "Same area, all other mice as the source"
    _predictivity_by_part(figure, tables, settings, "mice", settings["areas"], title)


def panel_2b(figure, tables, settings):
    """Separability of candidate models, for each direction of the map."""
    table = tables["separability"]
    table = table[table["area"] == "mean"]
    axes = figure.subplots()
    methods = _present(table, settings["methods"])
    _grouped_bars(axes, table, list(DIRECTIONS), "direction", "separability", methods)
    axes.set_xticks(range(len(DIRECTIONS)), DIRECTIONS.values())
    axes.set(xlabel="direction of the map", ylabel=SEPARABILITY, title="Separability by direction")
    axes.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.22))


def panel_2c(figure, tables, settings):
    """Predictivity between mice, mean over areas."""
    _predictivity_overall(figure, tables, settings, "mice", "Predictivity, mean over areas")


def panel_2d(figure, tables, settings):
    """Separability of candidate models, both directions."""
    table = tables["separability"]
    table = table[(table["area"] == "mean") & (table["direction"] == "both")]
    axes = figure.subplots()
    _method_bars(axes, table, "separability", _present(table, settings["methods"]))
    axes.set(ylabel=SEPARABILITY, title="Separability, both directions")


def panel_2e(figure, tables, settings):
    """Correlations between mice as measured, and without the noise of trials, mean over areas."""
    table = tables["predictivity"]
    groups = {"correlation": "as measured", "correlation_corrected": "noise corrected"}
    chosen = (table["population"] == "mice") & (table["relation"] == "same part")
    table = table[chosen & (table["part"] == "overall") & table["statistic"].isin(groups)]
    axes = figure.subplots()
    methods = _present(table, settings["methods"])
    _grouped_bars(axes, table, list(groups), "statistic", "predictivity", methods)
    axes.set_xticks(range(len(groups)), groups.values())
    axes.set(
        ylabel="held-out correlation r (median over units)",
        title="Same area, all other mice as the source, mean over areas",
    )
    axes.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.12))


# Panel: function, size in inches, and over what its error bars are.
PANELS = {
    "1a": (panel_1a, (7.5, 4.2), "seeds"),
    "1b": (panel_1b, (4.5, 4.2), "seeds"),
    "1c": (panel_1c, (4.5, 4.2), "seeds"),
    "1d": (panel_1d, (8.5, 5.2), None),
    "2a": (panel_2a, (7.5, 4.2), "mice"),
    "2b": (panel_2b, (6.0, 4.4), "areas"),
    "2c": (panel_2c, (4.5, 4.2), "mice"),
    "2d": (panel_2d, (4.5, 4.2), "areas"),
    "2e": (panel_2e, (7.5, 4.2), "mice"),
}
# Rows of a composed figure: height, and panels with their widths.
COMPOSITIONS = {
    "1": [(4.2, {"1a": 7.0, "1b": 3.5}), (5.2, {"1c": 3.5, "1d": 7.0})],
    "2": [(4.2, {"2a": 7.0, "2c": 3.5}), (4.4, {"2b": 7.0, "2d": 3.5})],
}


def _description(panels, settings):
    """Data that the figure shows and what its error bars are."""
    population = "models" if panels[0].startswith("1") else "mice"
    over = list(dict.fromkeys(PANELS[panel][2] for panel in panels if PANELS[panel][2]))
    parts = [f"data: {settings['data'][population]}"]
    if over:
        parts.append(OVER_SUBJECTS.format(" (predictivity) or ".join(over)))
    return "; ".join(parts)


def add_footer(figure, text):
    """Write a line below everything else, where nothing else is drawn."""
    height = 1.6 * FOOTER_SIZE / 72 / figure.get_size_inches()[1]
    figure.get_layout_engine().set(rect=(0, height, 1, 1 - height))
    figure.text(0.01, 0.005, text, fontsize=FOOTER_SIZE, color="0.35", ha="left", va="bottom")


def settle(figure):
    """Fix the layout, rounded, so that equal tables give equal files.

    The last digits of the layout differ from run to run, and SVG identifiers are made from all.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(np.round(axes.get_position(original=True).bounds, 6))


def draw(name, tables, settings):
    """One panel, or the composed figure with its panels lettered.

    Parameters
    ----------
    name : str
        One of `PANELS` or `COMPOSITIONS`.
    tables : dict of str to pandas.DataFrame
        ``predictivity``, ``silhouette``, ``mds`` and ``separability``.
    settings : dict
        ``methods`` (of each: ``name``, ``label`` and ``colour``), ``layers``, ``areas`` in display
        order, and ``data``: what the populations ``models`` and ``mice`` are.

    Returns
    -------
    matplotlib.figure.Figure
    """
    style()
    if name in PANELS:
        function, size, _ = PANELS[name]
        figure = plt.figure(figsize=size, layout="constrained")
        # In a part of the figure, labels of all axes keep off the footer, as in a composed one.
        function(figure.subfigures(1, 1), tables, settings)
        panels = [name]
    else:
        rows = COMPOSITIONS[name]
        size = sum(rows[0][1].values()), sum(height for height, _ in rows)
        figure = plt.figure(figsize=size, layout="constrained")
        bands = figure.subfigures(len(rows), 1, height_ratios=[height for height, _ in rows])
        for band, (_, widths) in zip(bands, rows, strict=True):
            parts = band.subfigures(1, len(widths), width_ratios=list(widths.values()))
            for part, panel in zip(parts, widths, strict=True):
                PANELS[panel][0](part, tables, settings)
                part.text(0.01, 0.99, panel[-1].upper(), fontsize=13, weight="bold", va="top")
        panels = [panel for _, widths in rows for panel in widths]
    add_footer(figure, _description(panels, settings))
    return figure
