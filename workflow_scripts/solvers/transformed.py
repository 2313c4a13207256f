"""A generalised linear model from transformed source units."""


class TransformedModel:
    """Generalised linear model from transformed source units: the shape of several methods.

    Parameters
    ----------
    transformation : object
        With ``fit_transform(X)`` and ``transform(X)``.
    model : GeneralisedLinear

    Attributes
    ----------
    alpha_, converged_ : numpy.ndarray, shape (n_targets,)
        See `GeneralisedLinear`.
    guards_ : dict of str to int
        How often the guards bound in the last `predict`.
    """

    def __init__(self, transformation, model):
        self.transformation = transformation
        self.model = model

    def fit(self, X, Y):
        """Fit on training responses X (n_stimuli, n_units) and Y (n_stimuli, n_targets)."""
        self.model.fit(self.transformation.fit_transform(X), Y)
        self.alpha_ = self.model.alpha_
        self.converged_ = self.model.converged_
        return self

    def predict(self, X):
        """Predicted mean responses (n_stimuli, n_targets)."""
        predicted = self.model.predict(self.transformation.transform(X))
        self.guards_ = {
            "source clipped": getattr(self.transformation, "n_clipped_", 0),
            "prediction capped": self.model.n_capped_,
        }
        return predicted
