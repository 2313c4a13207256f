"""What a method is, in words: from the docstring of its file and from its card."""

import ast
from collections.abc import Iterable

from workflow_scripts.alignment.method import Card
from workflow_scripts.common.cards import Gallery


def documentation(gallery: Gallery, name: str) -> tuple[str, str]:
    """First line of a file's docstring, and the text below it; the file is not imported."""
    docstring = ast.get_docstring(ast.parse(gallery.path(name).read_text("utf-8"))) or ""
    first, _, rest = docstring.partition("\n")
    # "Reference: ..." is a paragraph of its own.
    return first, rest.strip().replace("\nReference:", "\n\nReference:")


def facts(card: Card) -> list[str]:
    """What the card of a method says, one sentence each."""
    low, high = card.bounds
    bounds = [
        f"from {low:g}" if low is not None else "no lower bound",
        f"at most {high:g}" if high is not None else "no upper bound",
    ]
    where = "networks and brains" if card.on_brains else "networks only"
    return [
        f"In figures: {card.label}.",
        f"Kind: {card.kind}, {card.source_stage} → {card.target_stage}; computed for {where}.",
        f"Invariant to: {_changes(card.invariant_to)}.",
        f"Not invariant to: {_changes(card.not_invariant_to)}.",
        f"Targets: {'must not be negative' if card.nonnegative_targets else 'may be negative'}.",
        f"Score: {', '.join(bounds)}; "
        + ("the same in both directions." if card.symmetric else "one for each direction."),
        f"Cited as: {card.reference}.",
    ]


def words(items: Iterable[str], last: str = "and") -> str:
    """Items as a list in a sentence."""
    names = list(items)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def _changes(names: tuple[str, ...]) -> str:
    """Changes of units that a card names, in words."""
    told = (name.replace("invertible_linear", "invertible linear maps") for name in names)
    return words(told) if names else "nothing that the tests try"
