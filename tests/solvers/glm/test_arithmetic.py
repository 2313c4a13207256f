"""The arithmetic of the fits: derivatives, and the compiled functions against the plain ones."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from workflow_scripts.solvers.glm import fused, plain
from workflow_scripts.solvers.glm.families import FAMILIES
from workflow_scripts.solvers.glm.links import LINKS
from workflow_scripts.solvers.glm.problem import pose_problem
from workflow_scripts.solvers.glm.quasi_newton import (
    _arithmetic_of_numpy,
    arithmetic_of,
    evaluate,
    minimise,
)
from workflow_scripts.solvers.glm.state import start_at

ROOT = Path(__file__).parents[3]
ALL = [(link, family) for link in LINKS for family in FAMILIES]


def pose(link, family="poisson", dtype=np.float64, n_targets=4, n_stimuli=60, k=7):
    """A problem, and parameters near zero."""
    random = np.random.default_rng(0)
    A = np.hstack([np.ones((n_stimuli, 1)), random.normal(size=(n_stimuli, k))]).astype(dtype)
    Y = random.gamma(2, 0.2, size=(n_targets, n_stimuli)).astype(dtype)
    start, problem = pose_problem(A, Y, LINKS[link], FAMILIES[family])
    return start + (random.normal(size=start.shape) / 5).astype(dtype), problem


@pytest.mark.parametrize(("link", "family"), ALL)
def test_gradient_is_the_derivative(link, family):
    theta, problem = pose(link, family, n_targets=1)

    def losses(parameters):
        return evaluate(parameters[None].copy(), problem, plain)[0][0]

    _, gradient = evaluate(theta.copy(), problem, plain)
    np.testing.assert_allclose(
        gradient[0], approx_fprime(theta[0], losses, 1e-7), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("module", [plain, fused])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [1, 300])
def test_an_exponential_mean_has_its_best_intercept(module, dtype, length):
    """Also where means would overflow with another intercept."""
    theta, problem = pose("exp", dtype=dtype)
    theta = (length * theta).astype(dtype)
    losses, _ = evaluate(theta, problem, module)
    eta = theta.astype(float) @ problem.A.T
    predicted = np.exp(eta)
    np.testing.assert_allclose(predicted.sum(axis=1), problem.Y.sum(axis=1), rtol=1e-3)
    expected = (predicted - problem.Y * eta).sum(axis=1)
    np.testing.assert_allclose(losses, expected, rtol=1e-3)


@pytest.mark.parametrize(("link", "family"), ALL)
def test_the_compiled_functions_are_the_plain_ones(link, family):
    """In single precision, over the whole range of linear predictors that a fit may try."""
    _, problem = pose(link, family, np.float32)
    random = np.random.default_rng(1)
    spread = 30 if link == "softplus" else 3
    eta = (spread * random.normal(size=problem.Y.shape)).astype(np.float32)
    ceiling = np.full(len(eta), 1.5, np.float32)
    found, expected = [], []
    for results, module in ((found, fused), (expected, plain)):
        derivative = eta.copy()
        results += [*module.differentiate(derivative, problem), derivative]
        results.append(module.held_out_losses(eta.copy(), problem.Y, ceiling, problem))
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == np.float32
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-6 * scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_compiled_steps_are_the_plain_ones(dtype):
    """A step that is accepted, one that is shortened and given up, and a target that stays."""
    theta, problem = pose("softplus", dtype=dtype)
    alphas, everyone_moves = np.array([0.01, 0.1, 1.0, 0.1], dtype), np.zeros(4, bool)
    stays = np.array([False, False, False, True])
    states, norms = {}, {}
    for module in (fused, plain):
        states[module] = state = start_at(theta)
        losses, gradient = evaluate(theta.copy(), problem, module)
        module.accept(state, theta, losses, gradient, 0 * losses, problem, alphas, everyone_moves)
        for length in (1.0, 1e-3, 1e-6):
            state.length[:] = length
            proposed, slope = module.propose(state, problem, alphas)
            losses, gradient = evaluate(proposed, problem, module)
            losses[1] += 10  # as if this step made it worse
            norms[module] = module.accept(
                state, proposed, losses, gradient, slope, problem, alphas, stays
            )
    assert not states[plain].step[1].any(), "the step was given up"
    assert (states[plain].theta[[1, 3]] == theta[[1, 3]]).all()
    digits = {"rtol": 1e3 * np.finfo(dtype).eps, "atol": 1e2 * np.finfo(dtype).eps}
    for ours, theirs in zip(*(vars(states[module]).values() for module in states), strict=True):
        np.testing.assert_allclose(ours, theirs, **digits)
    np.testing.assert_allclose(norms[fused][:3], norms[plain][:3], **digits)


def placed(gap, *arrays):
    """Copies of arrays in one piece of memory, in this order, with a gap of bytes between them."""
    sizes = [array.nbytes + gap for array in arrays]
    memory = np.zeros(sum(sizes), np.uint8)
    parts = np.split(memory, np.cumsum(sizes)[:-1])
    copies = [
        part[: array.nbytes].view(array.dtype).reshape(array.shape)
        for part, array in zip(parts, arrays, strict=True)
    ]
    for copy, array in zip(copies, arrays, strict=True):
        copy[...] = array
    return copies


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [5, 9, 17, 33])
def test_no_digit_depends_on_where_arrays_lie(dtype, k):
    """A job that is run again, whose memory is laid out otherwise, has the same scores."""
    random = np.random.default_rng(k)
    theta, gradient, step, change, proposed = random.normal(size=(5, 1, k)).astype(dtype)
    spread, eta = random.exponential(size=(2, k)).astype(dtype)
    ones, zeros, stays = np.ones(1, dtype), np.zeros(1, dtype), np.zeros(1, bool)
    Y = random.poisson(2, (1, k)).astype(dtype)
    found = []
    for gap in (0, 64, 2**12):
        *inputs, out, slope = placed(
            gap, theta, gradient, step, change, spread, ones, ones, ones, proposed, zeros
        )
        fused._propose(*inputs, out, slope)
        accepted = placed(gap, theta, ones, gradient, step, change, ones, out, ones, gradient)
        rest = placed(gap, -ones, spread, ones, ones, ones, zeros)
        limits = (dtype(1e-7), dtype(1e-4), dtype(0.1), dtype(0.5), dtype(1e-8))
        fused._accept(*accepted, *rest[:5], stays, *limits, rest[5])
        softplus = placed(gap, eta[None], Y, zeros)
        fused._differentiate_softplus(*softplus)
        exponential = placed(gap, eta[None], Y, zeros, zeros)
        fused._differentiate_exponential(*exponential)
        results = [out, slope, *accepted, *rest, *softplus, *exponential]
        found.append([array.tobytes() for array in results])
    assert found[0] == found[1] == found[2]


def digits():
    """All bits that the compiled functions give for many lengths of rows."""
    found = hashlib.sha256()
    for link in ("softplus", "exp"):
        for k in range(2, 50):
            theta, problem = pose(link, n_stimuli=3 * k, k=k)
            random, ones = np.random.default_rng(k), np.ones(4)
            state = start_at(theta)
            losses, gradient = evaluate(theta.copy(), problem, fused)
            fused.accept(state, theta, losses, gradient, 0 * losses, problem, ones, ones > 1)
            state.step[:], state.change[:] = random.normal(size=(2, *theta.shape))
            proposed, slope = fused.propose(state, problem, ones)
            eta = proposed @ problem.A.T
            held_out = fused.held_out_losses(eta, problem.Y, 3 * ones, problem)
            for array in (*vars(state).values(), proposed, slope, held_out):
                found.update(array.tobytes())
    return found.hexdigest()


def test_no_digit_depends_on_which_process_compiles(tmp_path):
    """The first process finds nothing that is compiled, and the second one reads its code."""
    command = [sys.executable, "-c", f"from {__name__} import digits; print(digits())"]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    first, second = (
        subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    )
    assert len(first) == 65 and first == second
    assert list(tmp_path.rglob("*.nbc")), "compiled code was kept"


@pytest.fixture
def fused_is_forgotten(monkeypatch):
    monkeypatch.delitem(sys.modules, "workflow_scripts.solvers.glm.fused")
    monkeypatch.delattr("workflow_scripts.solvers.glm.fused")
    _arithmetic_of_numpy.cache_clear()
    yield
    _arithmetic_of_numpy.cache_clear()


def test_without_numba_the_plain_functions_are_taken(monkeypatch, fused_is_forgotten):
    monkeypatch.setitem(sys.modules, "numba", None)
    assert arithmetic_of(np.zeros(3)) is plain


def test_without_a_folder_for_compiled_code_the_plain_functions_are_taken(
    monkeypatch, fused_is_forgotten
):
    def refuse(*options, **more):
        raise RuntimeError("cannot cache function '_sum': no locator available")

    monkeypatch.setattr("numba.njit", refuse)
    assert arithmetic_of(np.zeros(3)) is plain


@pytest.mark.parametrize(("link", "family"), ALL)
def test_what_is_not_a_number_has_not_converged(link, family):
    """And does not stop the others."""
    theta, problem = pose(link, family)
    theta[1, 2] = np.nan
    _, converged = minimise(theta, problem, np.ones(4), 1e-3, 1000)
    assert list(converged) == [True, False, True, True]
