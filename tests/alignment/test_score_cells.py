"""A cell that has no score has the true reason, whatever a method does."""

import numpy as np
import pytest

from workflow_scripts.alignment import fit, score_cells
from workflow_scripts.alignment.method import METHODS
from workflow_scripts.common.errors import InputError, NotComparable
from workflow_scripts.common.profile import Profile

N_STIMULI, N_UNITS = 20, 4
SPLITS = [(np.arange(15), np.arange(15, 20)), (np.arange(5, 20), np.arange(5))]


class Mean:
    """A mapping that predicts the mean training response, or what a test turns it into."""

    def __init__(self, change=lambda predicted: predicted, converged=True):
        self.change, self.converged = change, converged

    def fit(self, X, Y):
        self.mean = Y.mean(axis=0)
        self.converged_ = np.full(len(self.mean), self.converged)
        return self

    def predict(self, X):
        return self.change(np.tile(self.mean, (len(X), 1)))


@pytest.fixture
def source():
    return Profile("s", "v", np.random.default_rng(0).normal(size=(N_STIMULI, 3)))


@pytest.fixture
def target():
    return Profile("t", "v", np.random.default_rng(1).normal(size=(N_STIMULI, N_UNITS)))


@pytest.fixture
def score(monkeypatch):
    """Score a cell with a made-up estimator in the place of ridge_post's."""

    def score(estimator, *cells, method="ridge_post"):
        for module in (fit, score_cells):
            monkeypatch.setattr(module, "make_estimator", lambda name, parameters: estimator)
        return score_cells.score_cells(method, {}, cells, SPLITS, 1)

    return score


def no_numbers(predicted):
    return np.full_like(predicted, np.nan)


def test_predictions_that_are_nan_are_the_reason_themselves(score, source, target):
    result = score(Mean(no_numbers), (source, target))
    assert result["verdict"].item() == "skipped"
    assert result["reason"].item() == "no unit has a score: of 8 fits, 8 predicted NaN"


def test_fits_that_did_not_converge_are_the_reason_themselves(score, source, target):
    result = score(Mean(converged=False), (source, target))
    assert result["reason"].item() == "no unit has a score: of 8 fits, 8 did not converge"


def test_every_fit_without_a_score_is_counted_once(score, source):
    """One unit varies in the training stimuli of the first split alone, the others always."""
    values = np.random.default_rng(1).normal(size=(N_STIMULI, N_UNITS))
    values[:, 0] = 0
    values[:5, 0] = range(5)
    result = score(Mean(no_numbers), (source, Profile("t", "v", values)))
    assert result["reason"].item() == (
        "no unit has a score: of 8 fits, 6 predicted NaN, "
        "2 had a target that is constant over the training or test stimuli"
    )


def test_a_unit_that_is_predicted_keeps_its_score_next_to_one_that_is_not(score, source, target):
    def first_is_nan(predicted):
        return np.where(np.arange(predicted.shape[1]) == 0, np.nan, predicted)

    result = score(Mean(first_is_nan), (source, target))
    assert result["verdict"].item() == "ok"
    assert result["n_dropped_units"].item() == 1
    assert np.isnan(result["unit_score"].values[0]).tolist() == [True, False, False, False]


def test_targets_fitted_together_have_reasons_of_their_own(score, source, target):
    class HalfNaN(Mean):
        def predict(self, X):
            predicted = super().predict(X)
            predicted[:, N_UNITS:] = np.nan
            return predicted

    other = Profile("u", "v", target.values + 1)
    result = score(HalfNaN(), (source, target), (source, other))
    assert result["verdict"].values.tolist() == ["ok", "skipped"]
    assert "of 8 fits, 8 predicted NaN" in result["reason"].values[1]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda predicted: predicted[:, :1], "(5, 1)"),
        (lambda predicted: predicted[:, 0], "(5,)"),
        (lambda predicted: predicted[:1], "(1, 4)"),
        (lambda predicted: predicted.T, "(4, 5)"),
    ],
)
def test_predictions_of_another_shape_are_refused_by_the_name_of_the_file(
    change, found, score, source, target
):
    """They are refused even where NumPy would repeat them until they fit."""
    with pytest.raises(InputError) as error:
        score(Mean(change), (source, target))
    assert str(error.value) == (
        f"{METHODS.path('ridge_post')}: found predictions of shape {found}, expected (5, 4), one "
        "row per test stimulus and one column per target unit"
    )


def test_a_comparison_that_is_nan_is_a_reason(score, source, target):
    class Undefined:
        def prepare(self, X):
            return X

        def compare(self, first, second):
            return np.nan

    result = score(Undefined(), (source, target), method="rsa")
    assert result["verdict"].item() == "skipped"
    assert result["reason"].item() == "no score: the comparison of the two profiles is NaN"


def test_each_profile_is_prepared_once(score, source, target):
    class Counted:
        def __init__(self):
            self.prepared = []

        def prepare(self, X):
            self.prepared.append(len(X))
            return X

        def compare(self, first, second):
            return 0.5

    estimator = Counted()
    result = score(estimator, (source, target), (target, source), method="rsa")
    assert len(estimator.prepared) == 2
    assert result["split_score"].values.tolist() == [[0.5], [0.5]]
    # All stimuli are compared, and there is nothing to hold out.
    assert result["n_train"].values.tolist() == result["n_test"].values.tolist() == [N_STIMULI]


def test_what_a_method_reports_is_kept_by_split_and_unit(score, source, target):
    class Reporting(Mean):
        def fit(self, X, Y):
            self.alpha_ = np.arange(Y.shape[1], dtype=float)
            self.extras_ = {"mass": float(len(X))}
            return super().fit(X, Y)

    result = score(Reporting(), (source, target))
    assert result["alpha"].values.tolist() == [[1.5, 1.5]]
    assert result["mass"].values.tolist() == [[15, 15]]
    assert result["n_unconverged_fits"].item() == 0


def test_a_target_that_cannot_be_fitted_does_not_spoil_the_others(score, source, target):
    class Positive(Mean):
        def fit(self, X, Y):
            if (Y.min(axis=0) < -100).any():
                raise NotComparable("a response is below -100")
            return super().fit(X, Y)

    other = Profile("u", "v", target.values - 1000)
    result = score(Positive(), (source, target), (source, other))
    assert result["verdict"].values.tolist() == ["ok", "skipped"]
    assert result["reason"].values[1] == "a response is below -100"
