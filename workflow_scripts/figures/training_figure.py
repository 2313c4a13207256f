"""Draw the training of a variant's networks, and the first-layer filters of one of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from workflow_scripts.figures.filter_mosaic import filter_mosaic
from workflow_scripts.figures.style import PAGE_WIDTH, add_footer, settle, style

ACCURACIES = {
    "supervised": "share of images classified correctly",
    "instance_recognition": "share of images nearest\nto one of their class",
}
"""What the accuracy of each objective is, as the axis names it."""

RECOGNITION_LOSSES = {
    "softmax": "cross-entropy over images (nats)",
    "nce": "noise-contrastive loss (nats)",
}
"""Losses of instance recognition, as the axis names them."""

MANY_EPOCHS = 30
"""With more epochs than this, markers would run into each other, and only lines are drawn."""


def draw(
    curve: pd.DataFrame, filters: np.ndarray, n_classes: int, settings: Mapping[str, Any]
) -> Figure:
    """Training curves of all networks of a variant, and the first-layer filters of one.

    Parameters
    ----------
    curve : pandas.DataFrame
        ``seed``, ``epoch``, ``loss`` and ``accuracy``, one row per network and epoch. Networks that
        are not trained have no rows; then only the filters are drawn.
    filters : numpy.ndarray, shape (filter, 3, height, width)
        Filters of the seed ``first_seed``.
    n_classes : int
        Number of classes of the training images.
    settings : dict
        ``variant_name``, ``variant`` (its settings), ``first_seed``, ``stimuli`` (``source`` and
        ``n``), and ``images``, which says what they are.

    Returns
    -------
    matplotlib.figure.Figure
    """
    style()
    if curve.empty:
        figure = plt.figure(figsize=(3.2, 3.2), layout="constrained")
        axes = figure.subplots()
    else:
        figure = plt.figure(figsize=(PAGE_WIDTH, 3.2), layout="constrained")
        *curves, axes = figure.subplots(1, 3)
        _draw_curves(figure, curves, curve, n_classes, settings["variant"])
    _draw_filters(axes, filters, settings["first_seed"])
    add_footer(figure, f"data: {_description(curve, settings)}")
    settle(figure)
    return figure


def _draw_curves(
    figure: Figure,
    axes: Sequence[Axes],
    curve: pd.DataFrame,
    n_classes: int,
    variant: Mapping[str, Any],
) -> None:
    """Loss and accuracy, one line per network; the legend stands above all axes."""
    loss, accuracy = axes
    # A training may end within its last epoch, which the table counts as a whole one.
    curve = curve.assign(epoch=curve["epoch"].clip(upper=variant["epochs"]))
    marker = "o" if curve["epoch"].nunique() <= MANY_EPOCHS else ""
    networks = curve.groupby("seed", sort=False)
    for colour, (seed, rows) in zip(
        sns.color_palette("husl", networks.ngroups), networks, strict=True
    ):
        look = {"color": colour, "marker": marker, "markersize": 4, "linewidth": 1.2}
        loss.plot(rows["epoch"], rows["loss"], **look)
        accuracy.plot(rows["epoch"], rows["accuracy"], label=f"seed {seed}", **look)
    label = f"chance (1 of {n_classes} classes)"
    accuracy.axhline(1 / n_classes, color="0.4", linewidth=1, linestyle="--", label=label)
    for panel in axes:
        _draw_epochs(panel, variant["epochs"], variant["learning_rate_drops"])
    loss.set(ylabel=_loss_label(variant), title="Training loss, mean over the epoch")
    accuracy.set(ylabel=ACCURACIES[variant["objective"]], title="Validation accuracy")
    accuracy.set_ylim(bottom=0)
    handles, names = accuracy.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=6, frameon=False)


def _loss_label(variant: Mapping[str, Any]) -> str:
    if variant["objective"] == "supervised":
        return "cross-entropy over classes (nats)"
    return RECOGNITION_LOSSES[variant["instance_recognition"]["loss"]]


def _draw_epochs(axes: Axes, epochs: float, drops: Sequence[float]) -> None:
    """The axis of epochs, with a line where the learning rate falls: at each share in `drops`."""
    for number, share in enumerate(drops):
        # Named once in the legend.
        label = "" if number else "learning rate falls to a tenth"
        axes.axvline(share * epochs, color="0.6", linewidth=0.6, zorder=0, label=label)
    axes.set(xlabel="epochs of training", xlim=(0, 1.05 * epochs))
    axes.spines[["top", "right"]].set_visible(False)


def _draw_filters(axes: Axes, filters: np.ndarray, seed: int) -> None:
    """The filters in one image, without ticks."""
    axes.imshow(filter_mosaic(filters), interpolation="nearest")
    axes.set(
        title=f"First-layer filters of seed {seed}",
        xlabel="each scaled to its largest\nabsolute weight; grey is zero",
        xticks=[],
        yticks=[],
    )
    axes.spines[:].set_visible(False)


def _description(curve: pd.DataFrame, settings: Mapping[str, Any]) -> str:
    """What was trained, on which images."""
    name, stimuli = settings["variant_name"], settings["stimuli"]
    if curve.empty:
        return f"a network of {name} with its initial weights"
    n_networks, n = curve["seed"].nunique(), stimuli["n"]
    objective = settings["variant"]["objective"].replace("_", " ")
    return (
        f"{n_networks} {'network' if n_networks == 1 else 'networks'} of {name} ({objective}), "
        f"trained on {n['training']:,} and validated on {n['validation']:,} images: "
        f"{settings['images']}"
    )
