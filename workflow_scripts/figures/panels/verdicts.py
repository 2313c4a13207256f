"""Verdict of every claim under every reasonable choice of how to measure what it compares."""

from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.patches import Patch, Rectangle

from workflow_scripts.figures.panel import Card, PanelData
from workflow_scripts.figures.style import READINGS, SMALL

CARD = Card(
    title="Verdicts under every choice",
    caption="Each claim of the paper under each choice of how to measure it: it holds (+) where "
    "the 95 % interval of the paired difference is above zero, fails (−) where it is below, and is "
    "undecided (?) where zero is inside. The configured choice has a frame. Silhouettes are of "
    "the mean, the lower (min) or the higher (max) similarity of two profiles in both directions; "
    "clipped: a similarity below 0 counts as 0.",
    tables=("claims",),
    value="margin",
    populations=("networks", "brain"),
    size=(7.5, 7.2),
)

LOOKS = {
    "holds": ("#3b76af", "white", "+"),
    "fails": ("#d1601f", "white", "−"),
    "undecided": ("#dcdcdc", "black", "?"),
    "not measured": ("white", "black", ""),
}
"""Colour of a verdict and of its sign, and the sign."""

BLOCKS = {
    "predictivity": ["predictivity"],
    "specificity": ["specificity", "distances"],
    "separability": ["separability"],
}
"""Measures of claims that are drawn together, because they share their choices."""

LETTERS = {"statement": 57, "choice": 32}
"""Most letters in a line of text."""

LETTER = 0.19
"""Width of a letter in the name of a choice, in cells."""

STATEMENT_WIDTH = 212
"""Width in points of the longest line of a statement, with its distance from the first cell."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """One block for each measure: a row for each claim, a column for each choice."""
    table = data.tables["claims"].drop_duplicates(["claim", "choice"], keep="last")
    blocks = [table[table["measure"].isin(measures)] for measures in BLOCKS.values()]
    blocks = [block for block in blocks if len(block)]
    heights = [block["claim"].nunique() + _room_of_names(block) for block in blocks]
    rows = figure.subplots(len(blocks), 1, height_ratios=heights, squeeze=False)[:, 0]
    for axes, block in zip(rows, blocks, strict=True):
        _draw_block(axes, block)
    handles = [
        Patch(facecolor=colour, edgecolor="0.6", label=f"{sign} {verdict}".strip())
        for verdict, (colour, _, sign) in LOOKS.items()
    ]
    handles.append(Patch(fill=False, edgecolor="black", linewidth=1.6, label="configured choice"))
    # Constrained layout leaves no room for a title and a legend above all axes: this is both.
    figure.legend(
        handles=handles,
        title=CARD.title,
        loc="outside upper center",
        ncols=len(handles),
        frameon=False,
    )


def _names(block: pd.DataFrame) -> list[str]:
    """Choices of a block, in the words of figures and in lines."""
    choices = dict.fromkeys(block["choice"])
    return [fill(READINGS.get(choice, choice), LETTERS["choice"]) for choice in choices]


def _room_of_names(block: pd.DataFrame) -> float:
    """Height of the turned names of a block's choices, in cells."""
    return LETTER * max(len(line) for name in _names(block) for line in name.split("\n"))


def _draw_block(axes: Axes, block: pd.DataFrame) -> None:
    claims = list(dict.fromkeys(block["claim"]))
    choices = list(dict.fromkeys(block["choice"]))
    for row in block.to_dict("records"):
        colour, ink, sign = LOOKS[row["verdict"]]
        x, y = choices.index(row["choice"]), claims.index(row["claim"])
        # A cell that is not measured is seen by its edge; one without an edge is no choice there.
        edge = "black" if row["is_default"] else "0.8" if colour == "white" else colour
        width = 1.6 if row["is_default"] else 0.8
        axes.add_patch(
            Rectangle((x - 0.45, y - 0.45), 0.9, 0.9, facecolor=colour, edgecolor=edge, lw=width)
        )
        axes.text(x, y, sign, color=ink, ha="center", va="center", fontsize=8, zorder=3)
    statements = block.drop_duplicates("claim")
    told = [
        fill(f"{claim}: {statement}", LETTERS["statement"])
        for claim, statement in zip(statements["claim"], statements["statement"], strict=True)
    ]
    axes.set_xticks(range(len(choices)), _names(block), rotation=90, fontsize=SMALL)
    axes.set_yticks(range(len(claims)), told, fontsize=SMALL, ha="left")
    axes.tick_params(axis="y", pad=STATEMENT_WIDTH)
    axes.set(xlim=(-0.6, max(len(choices), 14) - 0.4), ylim=(len(claims) - 0.4, -0.6))
    axes.set_aspect("equal", anchor="NW")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
