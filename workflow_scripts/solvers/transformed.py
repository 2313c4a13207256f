"""A model fitted to source units that are transformed first: the form of several methods."""

from typing import Protocol, Self, runtime_checkable

from workflow_scripts.solvers.arrays import Array


class Transformation(Protocol):
    """Learnt from training responses (n_stimuli, n_units), applied to any."""

    def fit_transform(self, X: Array) -> Array:
        """Learn from training responses and transform them."""

    def transform(self, X: Array) -> Array:
        """Transform responses to (n_stimuli, n_kept)."""


class Model(Protocol):
    """A regression with a penalty for each target unit."""

    alpha_: Array

    def fit(self, Z: Array, Y: Array) -> Self:
        """Fit on transformed sources (n_stimuli, n_kept) and targets (n_stimuli, n_targets)."""

    def predict(self, Z: Array) -> Array:
        """Predicted responses (n_stimuli, n_targets)."""


@runtime_checkable
class CostlyModel(Protocol):
    """One whose penalties take much longer to choose than the final fit."""

    def fit_like(self, like: Model, Z: Array, Y: Array) -> Self:
        """Fit with the penalties of another fit of the same targets."""


class TransformedModel:
    """A regression from transformed source units.

    Parameters
    ----------
    transformation : Transformation
        One that clips has ``n_clipped_``, the responses that the last ``transform`` clipped.
    model : Model
        One that may miss its optimum has ``converged_``, one that caps its predictions
        ``n_capped_``; see `workflow_scripts.solvers.glm.penalised.GeneralisedLinear`.

    Attributes
    ----------
    alpha_ : array, shape (n_targets,)
        Penalty of each target unit.
    converged_ : array of bool, shape (n_targets,), or True
        Whether each fit reached its optimum; True for a model that always does.
    guards_ : dict of str to int
        How often each safeguard acted in the last `predict`.
    """

    def __init__(self, transformation: Transformation, model: Model) -> None:
        self.transformation = transformation
        self.model = model

    def fit(self, X: Array, Y: Array) -> Self:
        """Fit on training responses X (n_stimuli, n_units) and Y (n_stimuli, n_targets)."""
        self.model.fit(self.transformation.fit_transform(X), Y)
        return self._report()

    def fit_like(self, like: Self, X: Array, Y: Array) -> Self:
        """Fit with the penalties of another fit of the same targets, if choosing them is costly."""
        Z = self.transformation.fit_transform(X)
        if isinstance(self.model, CostlyModel):
            self.model.fit_like(like.model, Z, Y)
        else:
            self.model.fit(Z, Y)
        return self._report()

    def _report(self) -> Self:
        self.alpha_ = self.model.alpha_
        self.converged_ = getattr(self.model, "converged_", True)
        return self

    def predict(self, X: Array) -> Array:
        """Predicted responses (n_stimuli, n_targets)."""
        predicted = self.model.predict(self.transformation.transform(X))
        self.guards_ = {
            "source clipped": getattr(self.transformation, "n_clipped_", 0),
            "prediction capped": getattr(self.model, "n_capped_", 0),
        }
        return predicted
