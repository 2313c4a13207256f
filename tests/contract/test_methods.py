"""What every file in methods/ must keep, whatever it does; a new file is tested without a test."""

import inspect
import json
import re
from types import UnionType
from typing import Literal, get_args, get_origin

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from workflow_scripts.alignment.method import METHODS, make_estimator
from workflow_scripts.alignment.score_cells import score_cells
from workflow_scripts.alignment.splits import make_splits
from workflow_scripts.common.config import method_model
from workflow_scripts.common.errors import InputError, NotComparable
from workflow_scripts.common.forms import MOST
from workflow_scripts.common.profile import Profile
from workflow_scripts.common.sentences import as_input_error
from workflow_scripts.common.stimuli import Stimuli
from workflow_scripts.solvers.arrays import to_numpy
from workflow_scripts.solvers.dissimilarity import Comparison
from workflow_scripts.solvers.glm.families import FAMILIES
from workflow_scripts.solvers.glm.links import LINKS

N_STIMULI = 120
NAMES = np.arange(N_STIMULI).astype(str)
SPLITS = make_splits(Stimuli(NAMES, groups=NAMES), 2, 0.8, np.random.default_rng(0))


def softplus(z):
    return np.logaddexp(0, z)


@pytest.fixture(scope="module")
def responses():
    """Two subjects of 20 units that share five dimensions and have one each of their own."""
    random = np.random.default_rng(1)
    shared = random.normal(size=(N_STIMULI, 5))
    subjects = []
    for _ in range(2):
        latent = np.hstack([shared, random.normal(size=(N_STIMULI, 1))])
        subjects.append(softplus(latent @ random.normal(size=(6, 20)) / 2 + 0.5))
    return subjects


def score(method, X, Y, min_units=1, **parameters):
    """Median score, or the reason why there is none."""
    cells = [(Profile("a", "v", X), Profile("b", "v", Y))]
    result = score_cells(method, parameters, cells, SPLITS, min_units)
    if result["verdict"].item() == "skipped":
        return result["reason"].item()
    return float(result["unit_score"].median())


def predicts_nothing(method, X):
    """Whether it is a control that does not even predict a profile from itself."""
    return METHODS.card(method).control and score(method, X, X) < 0.15


def extremes(form):
    """Every choice of a form that lists them, and the limits that belong to a range."""
    if form is bool:
        return [True, False]
    if get_origin(form) is Literal:
        return list(get_args(form))
    if get_origin(form) is UnionType:
        return [value for item in get_args(form) for value in extremes(item)]
    limits = [getattr(item, key, None) for item in metadata(form) for key in ("ge", "le")]
    return [value for value in limits if value is not None and value < MOST]


def metadata(form):
    """What is annotated to a type."""
    return getattr(form, "__metadata__", ())


def rotation(n):
    return np.linalg.qr(np.random.default_rng(2).normal(size=(n, n)))[0]


TRANSFORMATIONS = {
    "permutation": lambda X: X[:, ::-1],
    "rotation": lambda X: X @ rotation(X.shape[1]),
    "scaling": lambda X: X * np.linspace(0.5, 2, X.shape[1]),
    "translation": lambda X: X + np.linspace(0, 3, X.shape[1]),
    "invertible_linear": lambda X: X @ (rotation(X.shape[1]) * np.linspace(0.2, 5, X.shape[1])),
}


@pytest.mark.parametrize("method", METHODS.names())
class TestMethod:
    def test_card_is_complete_and_read_as_it_is_imported(self, method):
        module, card = METHODS.load(method), METHODS.card(method)
        assert card == module.CARD
        assert re.fullmatch("#[0-9a-f]{6}", card.colour)
        assert card.kind in ("mapping", "geometry")
        assert {card.source_stage, card.target_stage} <= {"pre", "post"}
        assert set(card.invariant_to) | set(card.not_invariant_to) <= set(TRANSFORMATIONS)
        assert not set(card.invariant_to) & set(card.not_invariant_to)
        assert card.label
        assert card.reference
        assert module.__doc__
        for function in ("fit", "predict") if card.kind == "mapping" else ("prepare", "compare"):
            assert hasattr(module.Estimator, function)

    def test_parameters_have_defaults_that_json_can_hold(self, method):
        parameters = inspect.signature(METHODS.load(method).Estimator).parameters.values()
        assert [parameter.name for parameter in parameters] == list(METHODS.parameters(method))
        assert inspect.Parameter.empty not in [parameter.default for parameter in parameters]
        defaults = {parameter.name: parameter.default for parameter in parameters}
        assert json.loads(json.dumps(defaults)) == defaults
        method_model(method).model_validate(defaults)  # they are within their own limits

    def test_every_choice_and_limit_of_a_parameter_is_fitted(self, method, responses):
        """Or the cell has a reason: never a number that is not finite, never another error."""
        for name, form in METHODS.parameters(method).items():
            for value in extremes(form):
                found = score(method, *responses, **{name: value})
                assert isinstance(found, str) or np.isfinite(found), (name, value)

    def test_same_input_gives_the_same_score_and_is_left_alone(self, method, responses):
        X, Y = (values.copy() for values in responses)
        assert score(method, X, Y) == score(method, X, Y)
        np.testing.assert_array_equal(X, responses[0])
        np.testing.assert_array_equal(Y, responses[1])

    def test_a_profile_aligns_best_with_itself(self, method, responses):
        X, Y = responses
        itself = score(method, X, X)
        if predicts_nothing(method, X):
            return
        assert itself > 0.9
        assert itself > score(method, X, Y)

    def test_shuffled_stimuli_score_about_zero(self, method, responses):
        X, Y = responses
        shuffled = Y[np.random.default_rng(3).permutation(N_STIMULI)]
        assert score(method, X, shuffled) < 0.15

    def test_declared_invariances_hold(self, method, responses):
        X, Y = responses
        expected = score(method, X, Y)
        for name in METHODS.card(method).invariant_to:
            found = score(method, TRANSFORMATIONS[name](X), Y)
            assert found == pytest.approx(expected, abs=2e-3), name

    def test_declared_non_invariances_lower_the_score(self, method, responses):
        X, _ = responses
        itself = score(method, X, X)
        for name in METHODS.card(method).not_invariant_to:
            assert score(method, TRANSFORMATIONS[name](X), X) < itself - 0.01, name

    def test_symmetric_methods_are_symmetric(self, method, responses):
        X, Y = responses
        if METHODS.card(method).symmetric:
            assert score(method, X, Y) == pytest.approx(score(method, Y, X))
        else:
            assert METHODS.card(method).kind == "mapping"

    def test_unequal_numbers_of_units_in_both_directions(self, method, responses):
        """By the best unit, because most targets may lack a match if they outnumber the sources."""
        X, Y = responses
        for source, target in ((X[:, :7], Y), (X, Y[:, :7])):
            cells = [(Profile("a", "v", source), Profile("b", "v", target))]
            best = float(score_cells(method, {}, cells, SPLITS, 1)["unit_score"].max())
            assert np.isfinite(best)
            assert (best > 0.2) != predicts_nothing(method, X)

    def test_score_stays_within_its_bounds(self, method, responses):
        X, Y = responses
        low, high = METHODS.card(method).bounds
        for source, target in ((X, X), (X, Y), (X, Y[::-1])):
            value = score(method, source, target)
            assert low is None or value >= low
            assert high is None or value <= high + 1e-9

    def test_signed_sources_have_a_score(self, method, responses):
        X, Y = responses
        assert np.isfinite(score(method, X - X.mean(axis=0), Y))

    def test_signed_targets_have_a_score_or_are_skipped_as_the_card_says(self, method, responses):
        X, Y = responses
        signed = Y.copy()
        signed[:, :3] -= 1
        found = score(method, X, signed)
        if METHODS.card(method).nonnegative_targets:
            assert found == (
                "3 units of the target have negative responses, which this method cannot predict"
            )
        else:
            assert np.isfinite(found)

    def test_the_unit_of_responses_does_not_matter(self, method, responses):
        """Spikes per second or counts, of the targets; of the sources where they are scaled."""
        X, Y = responses
        expected = score(method, X, Y)
        for factor in (0.004, 37):
            assert score(method, X, factor * Y) == pytest.approx(expected, abs=1e-4)
            if "scaling" in METHODS.card(method).invariant_to:
                assert score(method, factor * X, Y) == pytest.approx(expected, abs=1e-4)

    def test_constant_units_do_not_matter(self, method, responses):
        X, Y = responses
        if METHODS.card(method).kind == "geometry":
            return  # a constant unit is part of a pattern across units
        with_constant = np.hstack([X, np.full((N_STIMULI, 1), 2.0)])
        if not METHODS.card(method).joint_targets:
            assert score(method, with_constant, Y) == pytest.approx(score(method, X, Y), abs=1e-6)
        target = np.hstack([Y, np.full((N_STIMULI, 1), 2.0)])
        cells = [(Profile("a", "v", X), Profile("b", "v", target))]
        result = score_cells(method, {}, cells, SPLITS, 1)
        assert result["n_dropped_units"].item() == 1
        assert np.isnan(result["unit_score"].values[0, -1])

    def test_what_cannot_be_compared_has_a_reason(self, method, responses):
        X, Y = responses
        assert "no units" in score(method, X[:, :0], Y)
        assert "fewer than 5" in score(method, X, Y[:, :4], min_units=5)
        assert "no units" in score(method, X, Y[:, :0]) or "0 units" in score(method, X, Y[:, :0])
        assert isinstance(score(method, np.ones_like(X), Y), str)
        missing = X.copy()
        missing[3, :2] = np.nan
        assert score(method, missing, Y) == "2 units of the source have missing responses"
        assert score(method, Y, missing) == "2 units of the target have missing responses"

    def test_one_unit_has_a_score_or_a_reason(self, method, responses):
        X, Y = responses
        result = score(method, X[:, :1], Y[:, :1])
        assert isinstance(result, str) or np.isfinite(result)

    def test_test_stimuli_do_not_reach_the_fit(self, method, responses):
        """Poisoned test responses of the source change no prediction but their own."""
        if METHODS.card(method).kind == "geometry":
            return
        X, Y = responses
        train, test = SPLITS[0]
        estimator = make_estimator(method, {}).fit(X[train], Y[train])
        expected = estimator.predict(X[test])
        poisoned = X[test].copy()
        poisoned[1:] += 100
        np.testing.assert_allclose(estimator.predict(poisoned)[0], expected[0])

    def test_arrays_of_another_library_give_the_same_score(self, method, responses):
        """PyTorch on the CPU; on a GPU it is the same code."""
        if not METHODS.card(method).array_api:
            return
        X, Y = responses
        train, test = SPLITS[0]
        predictions = []
        for place in (np.asarray, torch.as_tensor):
            fitted = make_estimator(method, {}).fit(place(X[train]), place(Y[train]))
            predictions.append(to_numpy(fitted.predict(place(X[test]))))
        np.testing.assert_allclose(*predictions, rtol=1e-4, atol=1e-5)

    def test_targets_fitted_together_are_those_fitted_alone(self, method, responses):
        X, Y = responses
        if METHODS.card(method).joint_targets:
            return
        together, alone = (
            make_estimator(method, {}).fit(X, target).predict(X) for target in (Y, Y[:, :3])
        )
        np.testing.assert_allclose(together[:, :3], alone, rtol=2e-3, atol=2e-3)


def test_colours_and_labels_differ():
    cards = [METHODS.card(method) for method in METHODS.names()]
    assert len({card.colour for card in cards}) == len({card.label for card in cards}) == len(cards)


@pytest.mark.parametrize(
    ("method", "parameter", "value", "sentence"),
    [
        ("generalised_linear", "link", "tanh", "expected one of exp, softplus, relu, normcdf"),
        ("generalised_linear", "family", "binomial", "expected one of poisson, gaussian"),
        ("generalised_linear", "yeo_johnson", "yes", "found 'yes', expected true or false"),
        ("kernel_ridge", "width", 0, "found 0, expected more than 0"),
        ("linear_nonlinear", "alphas", [0.0], "alphas.0: found 0.0, expected more than 0"),
        ("linear_nonlinear", "n_folds", 1, "found 1, expected at least 2"),
        ("partial_soft_matching", "mass", 0, "found 0, expected more than 0"),
        ("partial_soft_matching", "mass", -0.1, "found -0.1, expected more than 0"),
        ("partial_soft_matching", "mass", 1.1, "found 1.1, expected at most 1"),
        ("partial_soft_matching", "mass", float("nan"), "found nan, expected a finite number"),
        ("partial_soft_matching", "mass", "half", "found 'half', expected a number or null"),
        ("pls", "n_components", 0, "found 0, expected at least 1"),
        ("pls", "n_components", 2.5, "found 2.5, expected a whole number"),
        ("ridge_post", "alphas", [], "found [], expected at least 1 item"),
        ("ridge_post", "alphas", [1.0, 0.0], "alphas.1: found 0.0, expected more than 0"),
        ("ridge_post", "alphas", [-1.0], "alphas.0: found -1.0, expected more than 0"),
        ("ridge_post", "alphas", [float("nan")], "alphas.0: found nan, expected a finite number"),
        ("rsa", "comparison", "kendall", "found 'kendall', expected one of pearson, spearman"),
        ("soft_matching", "scaling", "none", "found 'none', expected one of corr, zscore, ols"),
    ],
)
def test_a_value_outside_its_limits_is_refused(method, parameter, value, sentence):
    """By the configuration, from the annotation of the parameter alone."""
    model = method_model(method)
    with pytest.raises(ValidationError) as error:
        model.model_validate({parameter: value})
    told = str(as_input_error(error.value, model, ("methods", method)))
    assert told.startswith(f"config methods.{method}.{parameter}")
    assert sentence in told


@pytest.mark.parametrize(
    ("method", "parameter", "known"),
    [
        ("generalised_linear", "link", LINKS),
        ("generalised_linear", "family", FAMILIES),
        ("rsa", "comparison", get_args(Comparison)),
        ("rsa_squared", "comparison", get_args(Comparison)),
    ],
)
def test_choices_are_what_the_solvers_have(method, parameter, known):
    assert set(get_args(METHODS.parameters(method)[parameter])) == set(known)


def test_a_signed_target_does_not_spoil_the_others(responses):
    """A negative response has no Poisson likelihood; the other targets of the same fit have one."""
    X, Y = responses
    source = Profile("a", "v", X)
    cells = [(source, Profile("b", part, Y - shift)) for part, shift in (("v", 0), ("w", 9))]
    result = score_cells("linear_nonlinear", {}, cells, SPLITS, 1)
    assert list(result["verdict"].values) == ["ok", "skipped"]
    assert "20 units of the target have negative responses" in result["reason"].values[1]
    with pytest.raises(NotComparable, match="so must responses be, found -8"):
        make_estimator("linear_nonlinear", {}).fit(X, Y - 9)


def test_unequal_numbers_of_stimuli_are_named(responses):
    X, Y = responses
    cells = [(Profile("a", "v", X), Profile("b", "w", Y[:50]))]
    with pytest.raises(InputError, match="b w: found responses to 50 stimuli, expected 120"):
        score_cells("ridge_post", {}, cells, SPLITS, 1)
