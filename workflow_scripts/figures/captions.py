"""Captions of the report: what a figure shows, and the data that it is drawn from.

What a panel shows stands in its card, and is only put together here.
"""

from workflow_scripts.figures.composition import composition


def figure_caption(figure: str, population: str, models: str | None) -> str:
    """Caption of a panel or of a composed figure, whose panels are listed by their letters.

    Parameters
    ----------
    figure : str
        A name that `composition` knows.
    population : str
        ``networks``, the name of a brain, or ``simulated_brains``.
    models : str or None
        The networks in words, for a figure of networks.
    """
    content = composition(figure)
    shown = [
        f"{letter}: {card.caption}" if letter else card.caption
        for letter, card in zip(content.letters, content.cards, strict=True)
    ]
    if population == "networks":
        data = f"Data: {models}."
    elif population == "simulated_brains":
        data = (
            "Data: all simulated brains; the foot of the figure says how many subjects they have."
        )
    else:
        data = (
            f"Data: the brain {population}; "
            "the foot of the figure says how many subjects were recorded or simulated."
        )
    return "\n\n".join([*shown, data])


def subjects_caption(brain: str) -> str:
    """Caption of the figure of a brain's subjects and units."""
    return (
        "Above: units of each subject and area, in the file and after each filter in turn. "
        "Below: distribution and quartiles (grey lines) of the split-half reliability of the units "
        "that have enough trials. The orange lines are limits: the smallest number of units of a "
        "target and, if there is one, the smallest reliability that is kept. "
        f"`results/tables/{brain}/subjects.csv` says why an area is not a target.\n\n"
        f"Data: the brain {brain}; "
        "the foot of the figure says how many subjects were recorded or simulated."
    )


def training_caption(variant_name: str, objective: str, first_seed: int) -> str:
    """Caption of the figure of a variant's training; untrained networks have no curves."""
    curves = (
        "Loss on the training images, mean over the epoch, and accuracy on the validation images "
        f"after it, one line per network of {variant_name}: those of the population, the "
        "candidates and the networks that simulated subjects read out. "
    )
    return (
        f"{'' if objective == 'untrained' else curves}"
        f"First-layer filters of seed {first_seed}, each divided by its largest absolute weight: "
        "grey is zero. "
        "`results/tables/training.csv` has the last epoch of every network that was trained."
    )
