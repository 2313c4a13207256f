"""The unit in which a softplus is fitted: the output gain of each target."""

import numpy as np
import pytest

from workflow_scripts.solvers.glm import quasi_newton, units
from workflow_scripts.solvers.glm.units import _best_gain, _binned, softplus_gain

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
    Y = np.vstack([np.full(800, 3.0), np.eye(1, 800)])
    gains = softplus_gain(design, Y)
    assert np.isfinite(gains).all()
    assert (gains > 0).all()


def test_bins_hold_stimuli_of_similar_predictors(drive, responses):
    eta, Y, share = _binned(drive, responses)
    assert eta.shape == Y.shape == (5, units.N_BINS)
    assert (np.diff(eta, axis=1) > 0).all()
    assert share.sum() == pytest.approx(1)
    np.testing.assert_allclose(Y @ share, responses.mean(axis=1))
    np.testing.assert_allclose(eta @ share, drive.mean(axis=1), atol=1e-12)


def test_few_stimuli_are_bins_of_their_own(drive, responses):
    eta, Y, share = _binned(drive[:, :40], responses[:, :40])
    order = np.argsort(drive[:, :40], axis=1)
    np.testing.assert_allclose(eta, np.take_along_axis(drive[:, :40], order, axis=1), atol=1e-12)
    np.testing.assert_allclose(Y, np.take_along_axis(responses[:, :40], order, axis=1), atol=1e-12)
    np.testing.assert_allclose(share, 1 / 40)


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
