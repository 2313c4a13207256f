"""The choice of penalties: by all of them in each fold, and by a search."""

import numpy as np
import pytest
from scipy.special import xlogy

from workflow_scripts.solvers.glm import penalised, penalties
from workflow_scripts.solvers.glm.penalised import ALPHAS, GeneralisedLinear

N_FOLDS = 5


def responses(link, n_stimuli, n_units, n_targets, n_dimensions=100):
    """Standardised sources that read out latent dimensions with noise, and counts of targets."""
    random = np.random.default_rng(0)
    latent = random.normal(size=(n_stimuli, n_dimensions)) * np.arange(1, n_dimensions + 1) ** -0.5
    Z = latent @ random.normal(size=(n_dimensions, n_units))
    Z += random.normal(size=Z.shape)
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    drive = latent @ random.normal(size=(n_dimensions, n_targets))
    mean = np.exp(drive / 2) if link == "exp" else np.logaddexp(0, drive)
    return Z, random.poisson(20 * mean) / 20


def held_out_deviances(link, Z, Y):
    """Deviance of every penalty (n_penalties, n_targets), by a fit of each fold alone."""
    fold, deviances = np.arange(len(Z)) % N_FOLDS, np.zeros((len(ALPHAS), Y.shape[1]))
    for number, alpha in enumerate(ALPHAS):
        for k in range(N_FOLDS):
            model = GeneralisedLinear(link, "poisson", [alpha], N_FOLDS, tolerance=1e-7)
            mu = model.fit(Z[fold != k], Y[fold != k]).predict(Z[fold == k])
            y = Y[fold == k]
            deviances[number] += 2 * (mu - y - xlogy(y, mu) + xlogy(y, y)).sum(axis=0)
    return deviances


def test_of_two_minima_the_deeper_one_is_found():
    """Where a few stimuli have outlying responses, the loss may fall, rise and fall again."""
    random = np.random.default_rng(0)
    Z = random.standard_t(1.5, size=(95, 90))
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    weights = random.normal(size=(90, 20)) * (random.random((90, 20)) < 0.1)
    Y = random.poisson(3 * np.exp(np.minimum(Z @ weights / 2, 4))) / 3
    deviances = held_out_deviances("exp", Z, Y)
    has_two = (np.diff(np.sign(np.diff(deviances, axis=0)), axis=0) > 0).sum(axis=0) > 1
    has_two |= (deviances[0] < deviances[1]) & (deviances.argmin(axis=0) > 0)
    assert has_two.any()
    chosen = GeneralisedLinear("exp", "poisson", ALPHAS, N_FOLDS).fit(Z, Y).alpha_
    of_chosen = deviances[np.searchsorted(ALPHAS, chosen), np.arange(Y.shape[1])]
    np.testing.assert_allclose(of_chosen, deviances.min(axis=0), rtol=1e-3)


@pytest.mark.parametrize("link", ["exp", "softplus"])
def test_a_search_finds_what_all_folds_choose(link):
    Z, Y = responses(link, 600, 100, 100)
    searched = GeneralisedLinear(link, "poisson", ALPHAS, N_FOLDS).fit(Z, Y).alpha_
    exact = GeneralisedLinear(link, "poisson", ALPHAS, N_FOLDS, exact=True).fit(Z, Y).alpha_
    assert np.mean(searched == exact) >= 0.9
    deviances = held_out_deviances(link, Z, Y)
    of_searched = deviances[np.searchsorted(ALPHAS, searched), np.arange(Y.shape[1])]
    np.testing.assert_allclose(of_searched, deviances.min(axis=0), rtol=0.02)


def test_precise_fits_decide_between_penalties_that_are_close(monkeypatch):
    Z, Y = responses("exp", 600, 100, 100)
    exact = GeneralisedLinear("exp", "poisson", ALPHAS, N_FOLDS, exact=True).fit(Z, Y).alpha_
    monkeypatch.setattr(penalties, "ROUGH_SEARCH", 0.1)
    equal = {}
    for close in (0, 0.1):
        monkeypatch.setattr(penalties, "CLOSE", close)
        searched = GeneralisedLinear("exp", "poisson", ALPHAS, N_FOLDS).fit(Z, Y).alpha_
        equal[close] = np.mean(searched == exact)
    assert equal[0] < 0.9 < equal[0.1]


def test_where_rounding_spoils_a_precise_fit_the_rough_one_counts(monkeypatch):
    Z, Y = responses("exp", 600, 100, 20)
    monkeypatch.setattr(penalties, "CLOSE", 0)
    rough = GeneralisedLinear("exp", "poisson", ALPHAS, N_FOLDS).fit(Z, Y).alpha_

    def only_rough(theta, problem, alphas, tolerance, max_evaluations, minimise=penalties.minimise):
        theta, converged = minimise(theta, problem, alphas, tolerance, max_evaluations)
        return theta, converged & (tolerance > penalties.PRECISE_SEARCH)

    monkeypatch.setattr(penalties, "CLOSE", 1)
    monkeypatch.setattr(penalties, "minimise", only_rough)
    searched = GeneralisedLinear("exp", "poisson", ALPHAS, N_FOLDS).fit(Z, Y).alpha_
    np.testing.assert_array_equal(searched, rough)


def test_few_stimuli_are_never_searched(monkeypatch):
    monkeypatch.setattr(penalised, "search_penalties", None)
    Z, Y = responses("exp", penalised.FEWEST_STIMULI - 1, 10, 3)
    GeneralisedLinear("exp", "poisson", ALPHAS, N_FOLDS).fit(Z, Y)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("link", ["exp", "softplus", "relu"])
def test_arrays_of_torch_give_the_same_fits(link, exact):
    torch = pytest.importorskip("torch")
    Z, Y = responses(link, 500, 30, 20)
    ours = GeneralisedLinear(link, "poisson", ALPHAS, N_FOLDS, exact).fit(Z, Y)
    theirs = GeneralisedLinear(link, "poisson", ALPHAS, N_FOLDS, exact)
    theirs.fit(torch.from_numpy(Z), torch.from_numpy(Y))
    equal = theirs.alpha_ == ours.alpha_
    assert equal.mean() >= 0.9
    predicted = theirs.predict(torch.from_numpy(Z)).numpy()[:, equal]
    np.testing.assert_allclose(predicted, ours.predict(Z)[:, equal], rtol=1e-3, atol=1e-3)


def test_a_search_goes_to_the_ends_of_the_grid():
    """Responses that the source does not predict want the strongest penalty, others the weakest."""
    Z, Y = responses("exp", 600, 100, 10)
    noise = np.random.default_rng(1).poisson(5, size=(600, 10)) / 5
    for alphas in ([1e-1, 1.0], [1e-1, 1e-2], ALPHAS):
        searched, exact = (
            GeneralisedLinear("exp", "poisson", alphas, N_FOLDS, exact).fit(
                Z, np.hstack([Y, noise])
            )
            for exact in (False, True)
        )
        assert np.mean(searched.alpha_ == exact.alpha_) >= 0.9
    assert (exact.alpha_[10:] > 1).all(), "noise has strong penalties"
    assert (exact.alpha_[:10] < 1).all()


def test_penalties_may_be_given_twice_and_in_any_order():
    Z, Y = responses("exp", 600, 100, 10)
    once = GeneralisedLinear("exp", "poisson", [1.0, 0.1, 0.01], N_FOLDS).fit(Z, Y)
    twice = GeneralisedLinear("exp", "poisson", [0.1, 0.01, 1.0, 0.1], N_FOLDS).fit(Z, Y)
    np.testing.assert_array_equal(twice.alpha_, once.alpha_)


@pytest.mark.parametrize("n_stimuli", [200, 600])
def test_a_penalty_whose_fits_do_not_converge_is_not_chosen(monkeypatch, n_stimuli):
    def without_weak_ones(minimise):
        def fit(theta, problem, alphas, *limits):
            theta, converged = minimise(theta, problem, alphas, *limits)
            return theta, converged & (alphas > 0.5)

        return fit

    for name in ("minimise", "minimise_precisely"):
        monkeypatch.setattr(penalties, name, without_weak_ones(getattr(penalties, name)))
    Z, Y = responses("exp", n_stimuli, 100, 10)
    fitted = GeneralisedLinear("exp", "poisson", [0.01, 0.1, 1.0, 10.0], N_FOLDS).fit(Z, Y)
    assert (fitted.alpha_ == 1).all()
