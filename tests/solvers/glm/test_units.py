"""The unit in which a softplus is fitted: the output gain of each target."""

import numpy as np
import pytest

from workflow_scripts.solvers.glm import quasi_newton, units
from workflow_scripts.solvers.glm.units import _at_knots, _best_gain, softplus_gain

GAINS = np.array([0.2, 1.0, 1.0, 5.0, 40.0])


@pytest.fixture(scope="module")
def design():
    """Ones and five independent sources, for 800 stimuli."""
    return np.hstack([np.ones((800, 1)), np.random.default_rng(0).normal(size=(800, 5))])


@pytest.fixture(scope="module")
def drive(design):
    """Linear predictors of five targets."""
    return np.random.default_rng(1).normal(size=(5, 6)) @ design.T


@pytest.fixture(scope="module")
def responses(drive):
    return GAINS[:, None] * np.logaddexp(0, drive)


def test_the_gain_of_a_softplus_is_found(design, responses):
    np.testing.assert_allclose(softplus_gain(design, responses), GAINS, rtol=0.1)


def test_along_the_true_predictors_the_gain_is_exact_but_for_its_penalty(drive, responses):
    """Whatever their slope and offset are."""
    found = _best_gain(2 * drive - 1, responses, np.full(800, 1 / 800))
    np.testing.assert_allclose(found, GAINS, rtol=0.02)


def test_noise_of_spikes_does_not_bias_the_gain(design, responses):
    """Means over 20 trials with about one spike each."""
    counts = np.random.default_rng(2).poisson(20 * responses / GAINS[:, None]) / 20
    assert np.log(softplus_gain(design, counts)).mean() == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("shape", [np.exp, lambda drive: np.maximum(0, drive)])
def test_a_mean_that_is_no_softplus_has_a_finite_gain(design, drive, shape):
    Y = shape(drive)
    gains = softplus_gain(design, Y) / Y.std(axis=1)
    assert (gains > 1e-3).all()
    assert (gains < 1e3).all()


def test_constant_and_nearly_silent_targets_have_a_gain(design):
    """Whether or not the deviation of a constant is zero to the last digit."""
    Y = np.vstack([np.full(800, 3.0), np.full(800, 1 / 3), np.eye(1, 800)])
    gains = softplus_gain(design, Y)
    assert gains[1] == pytest.approx(gains[0] / 9)
    assert np.isfinite(gains).all()
    assert (gains > 0).all()


def test_knots_keep_the_means_of_predictors_and_responses(drive, responses):
    eta, Y, share = _at_knots(drive, responses)
    assert eta.shape == Y.shape == share.shape == (5, units.N_KNOTS)
    np.testing.assert_allclose(share.sum(axis=1), 1)
    np.testing.assert_allclose(np.vecdot(eta, share), drive.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(np.vecdot(Y, share), responses.mean(axis=1))


def test_a_stimulus_lies_between_the_two_knots_next_to_it():
    last = units.N_KNOTS - 1.0
    eta, Y, share = _at_knots(np.array([[0.0, 7.25, last]]), np.array([[1.0, 2.0, 3.0]]))
    np.testing.assert_allclose(eta, [np.arange(units.N_KNOTS)])
    np.testing.assert_allclose(3 * share[0, [0, 7, 8, -1]], [1, 0.75, 0.25, 1])
    np.testing.assert_allclose(Y[0, [0, 7, 8, -1]], [1, 2, 2, 3])
    assert share.sum() == pytest.approx(1)


def test_gains_at_knots_are_those_of_all_stimuli(drive, responses):
    counts = np.random.default_rng(4).poisson(responses).astype(float)
    for Y in (responses, counts):
        exact = _best_gain(drive, Y, np.full(800, 1 / 800))
        np.testing.assert_allclose(_best_gain(*_at_knots(drive, Y)), exact, rtol=0.01)


def test_a_gain_does_not_jump_when_predictors_move(drive, responses):
    """It would, by up to a hundredth, if each stimulus went to the knot that is nearest."""
    random = np.random.default_rng(5)
    counts = random.poisson(responses).astype(float)
    gains = _best_gain(*_at_knots(drive, counts))
    for _ in range(10):
        moved = drive + 1e-4 * random.normal(size=drive.shape)
        np.testing.assert_allclose(_best_gain(*_at_knots(moved, counts)), gains, rtol=2e-3)


def test_compiled_and_plain_fits_and_those_of_torch_give_the_same_gain(
    design, responses, monkeypatch
):
    torch = pytest.importorskip("torch")
    Y = np.random.default_rng(3).poisson(responses).astype(float)
    compiled = softplus_gain(design, Y)
    theirs = softplus_gain(torch.from_numpy(design), torch.from_numpy(Y)).numpy()
    np.testing.assert_allclose(theirs, compiled, rtol=1e-3)
    monkeypatch.setattr(quasi_newton, "arithmetic_of", lambda array: quasi_newton.plain)
    np.testing.assert_allclose(softplus_gain(design, Y), compiled, rtol=1e-3)
