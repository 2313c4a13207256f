"""What all figures share: the style of texts and lines, the footer, and reproducible files."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure, SubFigure

from workflow_scripts.common.files import PathLike, replacing

DPI = 300
"""Pixels per inch of PNG files, as journals ask for."""

PAGE_WIDTH = 7.5
"""Inches that a figure is wide at most, so that a journal prints it without reducing it."""

SMALL = 7
"""Size in points of the smallest text of a figure."""

FOOTER_SIZE = SMALL
"""Size of the footer's text in points, the same as in legends."""

LINE_HEIGHT = 1.25
"""Height of a line of the footer in units of its size, as Matplotlib sets its own font."""

MAX_NAME = 20
"""Most letters of the name of an area, a layer, a subject or a candidate that is written whole."""

MAX_UPRIGHT = 8
"""Most groups on an axis whose names stand side by side; with more, they are turned."""

MAX_LETTERS = 44
"""Most letters of all these names together on an axis of three inches."""

INK = "0.15"
"""Colour of text, axes and ticks."""

READINGS = {
    "silhouette": "silhouette",
    "silhouette_other_subjects": "silhouette,\nother subjects only",
    "d_prime": "d′",
    "auc": "area under\nthe ROC curve",
    "identification": "share identified",
}
"""Readings of specificity, as figures name them and in the order in which they are drawn."""

LABEL_WIDTH = 25
"""Most letters in a line of the name of a method."""

MARGIN = 0.01
"""Space to the left and to the right of the footer, as a share of the figure's width."""

STYLE = {
    # Equal input gives equal files: the identifiers in an SVG file are not random.
    "svg.hashsalt": "model-brain-alignment",
    "svg.fonttype": "none",
    # Text can be read at the printed size; that of legends has the size of the font.
    "font.sans-serif": ["Arial", "DejaVu Sans", "Liberation Sans", "Bitstream Vera Sans"],
    "font.size": SMALL,
    "axes.labelsize": 8,
    "axes.titlesize": 8.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.title_fontsize": 8.5,
    "figure.titlesize": 8.5,
    "figure.labelsize": 8,
    # The width of a text depends on it, and the layout on the width.
    "figure.dpi": DPI,
    # Colours and lines are those of seaborn's theme "ticks" for papers. Importing seaborn for them
    # would take as long as importing everything else.
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.axisbelow": True,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.major.width": 1,
    "ytick.major.width": 1,
    "lines.linewidth": 1.2,
    "lines.markersize": 4.8,
    "lines.solid_capstyle": "round",
    "patch.linewidth": 0.8,
}
"""Settings of Matplotlib in which figures differ from its defaults."""


def style() -> None:
    """Take the style of all figures, whatever a user's own settings of Matplotlib are."""
    plt.style.use(["default", STYLE])


def shortened(names: Iterable[str], most: int = MAX_NAME) -> list[str]:
    """Names without the middle of those that are too long; with a number if some became equal."""
    whole = list(names)
    ends = [name[-8:] for name in whole]
    if len({(name[: most - 9], name[-8:]) for name in whole}) < len(set(whole)):
        ends = [str(whole.index(name) + 1) for name in whole]
    return [
        name if len(name) <= most else f"{name[: most - 1 - len(end)]}…{end}"
        for name, end in zip(whole, ends, strict=True)
    ]


def are_turned(names: Sequence[str], most_letters: int = MAX_LETTERS) -> bool:
    """Whether the names of groups have no room side by side."""
    return len(names) > MAX_UPRIGHT or sum(map(len, names)) > most_letters


def save(figure: Figure, path: PathLike) -> None:
    """Save in the format of the suffix, without metadata that differs between runs."""
    metadata = {"Date": None} if str(path).endswith(".svg") else {"Software": None}
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=DPI, metadata=metadata)
    plt.close(figure)


def add_footer(figure: Figure, *sentences: str) -> None:
    """Write sentences below everything else: all in one line, or one per line if that is too long.

    A sentence that is longer than the figure is wide is broken between words.
    """
    footer = figure.text(
        MARGIN, 0.005, "", fontsize=FOOTER_SIZE, color="0.35", ha="left", va="bottom"
    )

    def fits(line: str) -> bool:
        footer.set_text(line)
        return footer.get_window_extent().width <= (1 - 2 * MARGIN) * figure.bbox.width

    lines = ["; ".join(sentences)]
    if not fits(lines[0]):
        lines = [line for sentence in sentences for line in _broken(sentence, fits)]
    footer.set_text("\n".join(lines))
    # Nothing else is drawn in this strip; a single line keeps some distance from what is above it.
    points = (1.6 + LINE_HEIGHT * (len(lines) - 1)) * FOOTER_SIZE
    height = points / 72 / figure.get_size_inches()[1]
    figure.set_layout_engine("constrained", rect=(0, height, 1, 1 - height))


def _broken(sentence: str, fits: Callable[[str], bool]) -> list[str]:
    """A sentence in lines, each of as many words as fit."""
    first, *words = sentence.split()
    lines = [first]
    for word in words:
        longer = f"{lines[-1]} {word}"
        if fits(longer):
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def settle(figure: Figure) -> None:
    """Fix the layout and round it, so that equal tables give equal files.

    The last digits of a layout can differ from run to run, and the identifiers in an SVG file are
    computed from all digits.
    """
    if engine := figure.get_layout_engine():
        engine.execute(figure)
    figure.set_layout_engine("none")
    for part in _subfigures(figure):
        part.bbox_relative.set_points(np.round(part.bbox_relative.get_points(), 6))
    for axes in figure.axes:
        axes.set_position(np.round(axes.get_position(original=True).bounds, 6))


def _subfigures(figure: Figure | SubFigure) -> Iterator[SubFigure]:
    """Subfigures of a figure, and theirs."""
    for part in figure.subfigs:
        yield part
        yield from _subfigures(part)
