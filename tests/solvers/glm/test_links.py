"""Link functions, far from zero too."""

import numpy as np
import pytest
from scipy.special import expit

from workflow_scripts.solvers.glm.links import LINKS


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softplus_is_exact_far_from_zero(dtype):
    eta = np.array([-800.0, -85.0, -9.0, -1e-3, 0.0, 50.0, 800.0], dtype)
    with np.errstate(over="ignore"):
        mu, log_mu, slope, log_slope = LINKS["softplus"].evaluate(eta, np)
    exact = eta.astype(np.float64)
    tolerance = 20 * np.finfo(dtype).eps
    np.testing.assert_allclose(mu, np.logaddexp(0, exact), rtol=tolerance)
    np.testing.assert_allclose(slope, expit(exact), rtol=tolerance)
    expected = np.r_[exact[:2], np.log(np.logaddexp(0, exact[2:]))]
    np.testing.assert_allclose(log_mu, expected, rtol=tolerance, atol=tolerance)
    expected = np.r_[1, 1, expit(exact[2:]) / np.logaddexp(0, exact[2:])]
    np.testing.assert_allclose(log_slope, expected, rtol=tolerance)


@pytest.mark.parametrize("link", LINKS)
def test_inverse_of_a_link_gives_its_mean(link):
    mean = np.array([0.01, 0.3, 0.8])
    np.testing.assert_allclose(LINKS[link].evaluate(LINKS[link].inverse(mean, np), np)[0], mean)
