"""Draw the training of a variant's networks, and the first-layer filters of one of them."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from workflow_scripts.common.job import job
from workflow_scripts.figures.style import add_footer, save, settle, style
from workflow_scripts.images.sets import read_training_labels
from workflow_scripts.networks.weights import read_weights

LOSSES = {
    "supervised": "cross-entropy (nats)",
    "instance_recognition": "noise-contrastive loss (nats)",
}


MANY_EPOCHS = 30  # too many for the marker of each to be seen apart


def filters_of(weights):
    """Filters of the first convolution, the one that reads three colours.

    Parameters
    ----------
    weights : dict of str to torch.Tensor
        State dict of a network, in the order of its names.

    Returns
    -------
    numpy.ndarray, shape (filter, 3, height, width)
    """
    convolutions = (value for value in weights.values() if value.ndim == 4)
    return next(value for value in convolutions if value.shape[1] == 3).numpy()


def filter_mosaic(filters):
    """Filters as small colour images, side by side in an array that is about as high as wide.

    Each is divided by its largest absolute weight, so that grey (0.5) is zero, and 0 and 1 are the
    largest negative and positive weights. White lines lie between filters.

    Parameters
    ----------
    filters : numpy.ndarray, shape (filter, 3, height, width)

    Returns
    -------
    numpy.ndarray, shape (y, x, 3)
        Values from 0 to 1.
    """
    n, _, height, width = filters.shape
    largest = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    # A filter without any weight is grey.
    images = 0.5 + 0.5 * filters / np.where(largest == 0, 1, largest)
    n_columns = int(np.ceil(np.sqrt(n)))
    n_rows = -(-n // n_columns)
    mosaic = np.ones((n_rows * (height + 1) - 1, n_columns * (width + 1) - 1, 3))
    for number, image in enumerate(images):
        y, x = np.multiply(divmod(number, n_columns), (height + 1, width + 1))
        mosaic[y : y + height, x : x + width] = image.transpose(1, 2, 0)
    return mosaic


def _draw_curves(figure, axes, curve, n_classes, variant):
    """Loss and accuracy, a line a network; the legend stands above all panels."""
    loss, accuracy = axes
    # The last epoch may be a part of one.
    curve = curve.assign(epoch=curve["epoch"].clip(upper=variant["epochs"]))
    marker = "o" if curve["epoch"].nunique() <= MANY_EPOCHS else ""
    networks = curve.groupby("seed", sort=False)
    for colour, (seed, rows) in zip(
        sns.color_palette("husl", networks.ngroups), networks, strict=True
    ):
        look = {"color": colour, "marker": marker, "markersize": 4, "linewidth": 1.2}
        loss.plot(rows["epoch"], rows["loss"], **look)
        accuracy.plot(rows["epoch"], rows["accuracy"], label=f"seed {seed}", **look)
    accuracy.axhline(
        1 / n_classes,
        color="0.4",
        linewidth=1,
        linestyle="--",
        label=f"chance (1 of {n_classes} classes)",
    )
    for panel in axes:
        for share in variant["learning_rate_drops"]:
            drop = panel.axvline(share * variant["epochs"], color="0.6", linewidth=0.6, zorder=0)
        panel.set(xlabel="epochs of training", xlim=(0, 1.05 * variant["epochs"]))
        sns.despine(ax=panel)
    if variant["learning_rate_drops"]:
        drop.set_label("learning rate falls to a tenth")
    loss.set(ylabel=LOSSES[variant["objective"]], title="Training loss, mean over the epoch")
    accuracy.set(ylabel="share of images classified correctly", title="Validation accuracy")
    accuracy.set_ylim(bottom=0)
    handles, names = accuracy.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=7, frameon=False)


def draw(curve, filters, n_classes, settings):
    """Training curves of all networks of a variant, and the first-layer filters of one.

    Parameters
    ----------
    curve : pandas.DataFrame
        ``seed``, ``epoch``, ``loss`` and ``accuracy``, a row a network and epoch; without rows if
        they are not trained, and then the filters alone are drawn.
    filters : numpy.ndarray, shape (filter, 3, height, width)
        Of ``first_seed``.
    n_classes : int
        Number of classes of the training images.
    settings : dict
        ``variant_name``, ``variant`` (its settings), ``first_seed``, and ``stimuli`` (``source``
        and ``n``).

    Returns
    -------
    matplotlib.figure.Figure
    """
    style()
    variant, stimuli = settings["variant"], settings["stimuli"]
    objective = variant["objective"].replace("_", " ")
    if curve.empty:
        figure = plt.figure(figsize=(4.5, 4.2), layout="constrained")
        axes = figure.subplots()
        data = f"a network of {settings['variant_name']} with its initial weights"
    else:
        figure = plt.figure(figsize=(10.5, 4.2), layout="constrained")
        *curves, axes = figure.subplots(1, 3)
        _draw_curves(figure, curves, curve, n_classes, variant)
        n_networks, n = curve["seed"].nunique(), stimuli["n"]
        data = (
            f"{n_networks} {'network' if n_networks == 1 else 'networks'} of "
            f"{settings['variant_name']} ({objective}), trained on {n['training']:,} and "
            f"validated on {n['validation']:,} images: {stimuli['source']}"
        )
    axes.imshow(filter_mosaic(filters), interpolation="nearest")
    axes.set(
        title=f"First-layer filters of seed {settings['first_seed']}",
        xlabel="each scaled to its largest absolute weight,\ngrey is zero",
        xticks=[],
        yticks=[],
    )
    sns.despine(ax=axes, left=True, bottom=True)
    add_footer(figure, f"data: {data}")
    settle(figure)
    return figure


def main(curves, weights, labels, settings, outputs):
    """Write the figure in every format asked for."""
    labels = read_training_labels(labels, settings["stimuli"], settings["seed"])
    figure = draw(
        pd.concat([pd.read_csv(path) for path in curves]),
        filters_of(read_weights(weights, settings["first_seed"])),
        len(np.unique(labels)),
        settings,
    )
    for output in outputs:
        save(figure, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.curves,
            snakemake.input.weights,
            snakemake.input.labels,
            snakemake.params.settings,
            snakemake.output,
        )
